using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using Ballast.Models;
using Ballast.Tensors;
using Ballast.Tests.Support;
using Xunit;

namespace Ballast.Tests.Models;

/// <summary>Loss and every gradient against PyTorch's autograd on the same weights, in float64 with odd shapes, biases and untied embeddings.</summary>
public class AutogradOracleTests
{
    private static readonly DecoderConfig s_plain = new()
    {
        VocabSize = 37, HiddenSize = 18, IntermediateSize = 11, NumLayers = 3, NumHeads = 3, NumKvHeads = 1, HeadDim = 10, RmsNormEps = 1e-5,
        Rotary = new RotaryScaling(500), MaxSeqLen = 32, TieWordEmbeddings = true, InitializerRange = 0.4,
    };

    private static readonly Dictionary<string, DecoderConfig> s_cases = new()
    {
        ["tied, one key head"] = s_plain,
        ["untied, biases, as many key heads"] = s_plain with { TieWordEmbeddings = false, NumKvHeads = 3, AttentionBias = true, OutputBias = true, MlpBias = true },
        ["windows, biases on q, k and v"] = s_plain with { AttentionBias = true, Windows = [4, null, 1] },
        ["norms of heads, yarn"] = s_plain with { QkNorm = true, Rotary = new YarnRotary(500, 4, 8, 32, 1, 1.2, true) },
        ["fused tensors, partial rotation, longrope"] = s_plain with
        {
            FusedProjections = true,
            RotaryDim = 6,
            Rotary = new LongRotary(500, [1, 1.1, 1.2], [2, 3, 4], 9, 1.3),
            Windows = [6, 6, 6],
            TieWordEmbeddings = false,
        },
        ["1 + w norms, scaled embeddings, gelu, padding token"] = s_plain with
        {
            NormOffset = 1,
            EmbeddingScale = Math.Sqrt(18),
            Activation = Activation.GeluTanh,
            PadTokenId = 8,
        },
        ["four norms, both caps, own scale, windows"] = s_plain with
        {
            NormOffset = 1,
            PostNorms = true,
            AttentionScale = 0.4,
            AttentionSoftcap = 1.5,
            FinalSoftcap = 2,
            Activation = Activation.GeluTanh,
            Windows = [5, null, 5],
        },
    };

    [Fact]
    public void Gradients_equal_those_of_torch()
    {
        string torch = Run(Shared.Path("torch", "unpack"), "").Trim(), root = Shared.TemporaryFolder();
        Assert.SkipUnless(Run("python3", "--version").StartsWith("Python 3.11", StringComparison.Ordinal), "the reference PyTorch needs Python 3.11");
        int[] ids = [.. Enumerable.Range(0, 2 * 13).Select(i => i * i * 5 % 37)], labels = [.. ids.Select((id, i) => i % 5 == 2 ? -100 : id)];
        var models = s_cases.Keys.Select((name, i) => (Name: name, Folder: Path.Combine(root, $"{i}"), Model: Decoder.Create(s_cases[name], 11, DType.F64, training: true))).ToList();
        foreach (var (_, folder, model) in models)
        {
            using var noise = model.Weights.Master.To(Device.Cpu);
            noise.FillNormal(0.2, 12);
            model.Weights.Master.Add(noise);  // biases and norms leave 0 and 1
            Write(Directory.CreateDirectory(folder).FullName, model, ids, labels);
        }

        string script = Path.Combine(Shared.Root, "tests", "Ballast.Tests", "Fixtures", "autograd_oracle.py");
        Run("python3", $"{script} {string.Join(' ', models.Select(m => m.Folder))}", ("PYTHONPATH", torch));
        foreach (var (name, folder, model) in models)
        {
            using (model)
            {
                var result = model.Backward(new TokenBatch(ids, 2, labels), 1);
                Assert.Equal(double.Parse(File.ReadAllText(Path.Combine(folder, "loss.txt")), CultureInfo.InvariantCulture), result.TotalLoss, 1e-9);
                var expected = MemoryMarshal.Cast<byte, double>(File.ReadAllBytes(Path.Combine(folder, "grads.bin")));
                double[] actual = model.Weights.Grad!.ToArray<double>();
                Assert.Equal(expected.Length, actual.Length);
                for (int i = 0; i < actual.Length; i++)
                {
                    Assert.True(Math.Abs(expected[i] - actual[i]) <= 1e-9 * Math.Max(1, Math.Abs(expected[i])), $"{name}, element {i}: torch {expected[i]}, own {actual[i]}");
                }
            }
        }
    }

    private static void Write(string folder, Decoder model, int[] ids, int[] labels)
    {
        var config = model.Config;
        JsonArray Rows(int[] values) => new([.. values.Chunk(13).Select(row => (JsonNode)new JsonArray([.. row.Select(v => JsonValue.Create(v))]))]);
        var tensors = model.Weights.Names.Select(pair => (JsonNode)new JsonArray(pair.Name, new JsonArray([.. pair.Shape.Select(size => JsonValue.Create(size))])));
        File.WriteAllText(Path.Combine(folder, "job.json"), new JsonObject
        {
            ["heads"] = config.NumHeads, ["kv_heads"] = config.NumKvHeads, ["head_dim"] = config.HeadDim, ["rotary_dim"] = config.RotaryDim, ["layers"] = config.NumLayers,
            ["eps"] = config.RmsNormEps, ["norm_offset"] = config.NormOffset, ["embedding_scale"] = config.EmbeddingScale, ["attention_scale"] = config.AttentionScale,
            ["attention_cap"] = config.AttentionSoftcap, ["final_cap"] = config.FinalSoftcap, ["post_norms"] = config.PostNorms, ["qk_norm"] = config.QkNorm,
            ["fused"] = config.FusedProjections, ["gelu"] = config.Activation is Activation.GeluTanh, ["pad"] = config.PadTokenId,
            ["windows"] = new JsonArray([.. Enumerable.Range(0, config.NumLayers).Select(i => (JsonNode?)config.Window(i))]), ["magnitude"] = config.Rotary.Magnitude,
            ["frequencies"] = new JsonArray([.. config.Rotary.InverseFrequencies(config.RotaryDim, isLong: true).Select(f => JsonValue.Create(f))]),
            ["ids"] = Rows(ids), ["labels"] = Rows(labels), ["tensors"] = new JsonArray([.. tensors]),
        }.ToJsonString());
        File.WriteAllBytes(Path.Combine(folder, "weights.bin"), MemoryMarshal.AsBytes(model.Weights.Master.Span<double>()));
    }

    private static string Run(string program, string arguments, params (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"{program}: {errors.GetAwaiter().GetResult()}");
        return output;
    }
}
