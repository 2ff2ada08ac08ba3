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
    public static TheoryData<bool, bool, int> Cases => new() { { true, false, 1 }, { false, true, 3 } };

    [Theory]
    [MemberData(nameof(Cases))]
    public void Gradients_equal_those_of_torch(bool tied, bool bias, int kvHeads)
    {
        string torch = Run(Shared.Path("torch", "unpack"), "").Trim(), folder = Shared.TemporaryFolder();
        Assert.SkipUnless(Run("python3", "--version").StartsWith("Python 3.11", StringComparison.Ordinal), "the reference PyTorch needs Python 3.11");
        var config = new DecoderConfig
        {
            VocabSize = 37, HiddenSize = 18, IntermediateSize = 11, NumLayers = 3, NumHeads = 3, NumKvHeads = kvHeads, HeadDim = 10, RmsNormEps = 1e-5,
            Rotary = new RotaryScaling(500), MaxSeqLen = 32, TieWordEmbeddings = tied, AttentionBias = bias, OutputBias = bias, MlpBias = bias, InitializerRange = 0.4,
        };
        using var model = Decoder.Create(config, 11, DType.F64, training: true);
        if (bias)
        {
            using var noise = model.Weights.Master.To(Device.Cpu);
            noise.FillNormal(0.2, 12);
            model.Weights.Master.Add(noise);  // biases and norms leave 0 and 1
        }

        int[] ids = [.. Enumerable.Range(0, 2 * 13).Select(i => i * i * 5 % 37)], labels = [.. ids.Select((id, i) => i % 5 == 2 ? -100 : id)];
        Write(folder, model, ids, labels);
        Run("python3", $"{Path.Combine(Shared.Root, "tests", "Ballast.Tests", "Fixtures", "autograd_oracle.py")} {folder}", ("PYTHONPATH", torch));

        var result = model.Backward(new TokenBatch(ids, 2, labels), 1);
        Assert.Equal(double.Parse(File.ReadAllText(Path.Combine(folder, "loss.txt")), CultureInfo.InvariantCulture), result.TotalLoss, 1e-9);
        var expected = MemoryMarshal.Cast<byte, double>(File.ReadAllBytes(Path.Combine(folder, "grads.bin")));
        double[] actual = model.Weights.Grad!.ToArray<double>();
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < actual.Length; i++)
        {
            Assert.True(Math.Abs(expected[i] - actual[i]) <= 1e-9 * Math.Max(1, Math.Abs(expected[i])), $"element {i}: torch {expected[i]}, own {actual[i]}");
        }
    }

    private static void Write(string folder, Decoder model, int[] ids, int[] labels)
    {
        var config = model.Config;
        JsonArray Rows(int[] values) => new([.. values.Chunk(13).Select(row => (JsonNode)new JsonArray([.. row.Select(v => JsonValue.Create(v))]))]);
        var tensors = model.Weights.Names.Select(pair => (JsonNode)new JsonArray(pair.Name, new JsonArray([.. pair.Shape.Select(size => JsonValue.Create(size))])));
        File.WriteAllText(Path.Combine(folder, "job.json"), new JsonObject
        {
            ["heads"] = config.NumHeads, ["kv_heads"] = config.NumKvHeads, ["head_dim"] = config.HeadDim, ["layers"] = config.NumLayers, ["eps"] = config.RmsNormEps,
            ["theta"] = config.Rotary.Theta, ["ids"] = Rows(ids), ["labels"] = Rows(labels), ["tensors"] = new JsonArray([.. tensors]),
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
