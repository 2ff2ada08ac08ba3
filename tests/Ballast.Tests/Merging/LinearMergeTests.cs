using Ballast.Checkpoints;
using Ballast.Merging;
using Ballast.Tensors;
using Ballast.Tests.Support;
using Xunit;
using static Ballast.Tests.Checkpoints.RawSafetensors;

namespace Ballast.Tests.Merging;

public class LinearMergeTests
{
    private readonly string _root = Shared.TemporaryFolder();

    private string Aligned => Path.Combine(_root, "aligned");

    private string Tuned => Path.Combine(_root, "tuned");

    private string Output => Path.Combine(_root, "out");

    [Fact]
    public void Values_are_those_worked_out_by_hand_B6()
    {
        // (1 - 0.25) a + 0.25 t: 0.75 * 1 + 0.25 * 3 = 1.5; 0.75 * -2 + 0.25 * 2 = -1; 0.75 * 0 + 0.25 * 8 = 2.
        Save(Aligned, ("w", [1, -2, 0]));
        Save(Tuned, ("w", [3, 2, 8]));
        MergeSummary summary = Merge(0.25);
        Assert.Equal([1.5f, -1, 2], Read("w"));

        // tuned - aligned = (2, 4, 8), norm sqrt(84); aligned norm sqrt(5).
        Assert.Equal(Math.Sqrt(84), summary.TaskNorm, 1e-6);
        Assert.Equal(Math.Sqrt(84.0 / 5), summary.RelativeDistance, 1e-6);
        Assert.Equal(("w", 3L, false), (summary.Tensors.Single().Name, summary.Parameters, summary.HeadUntied));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void The_ends_are_the_inputs_bit_for_bit(double lambda)
    {
        float[] a = [-0f, 1e-40f, 3.4e38f, 0.1f];
        float[] t = [0f, -0f, -3.4e38f, 0.3f];
        Save(Aligned, ("w", a));
        Save(Tuned, ("w", t));
        Merge(lambda);
        Assert.Equal((lambda == 0 ? a : t).Select(BitConverter.SingleToUInt32Bits), Read("w").Select(BitConverter.SingleToUInt32Bits));
    }

    [Fact]
    public void Weights_that_tuning_left_alone_stay_bit_identical()
    {
        float[] same = [.. Enumerable.Range(1, 200_000).Select(i => 1f / i)];
        Save(Aligned, ("w", same));
        Save(Tuned, ("w", same));
        Assert.Equal(0, Merge(0.3).TaskNorm);
        Assert.Equal(same, Read("w"));
    }

    [Fact]
    public void Bfloat16_is_merged_in_float_and_rounded_once()
    {
        // 1 and 1.0078125 (the next BF16) at lambda 0.5 meet in a tie, which goes to the even 1; at 0.6 the nearer one wins.
        SaveBytes(Aligned, DType.BF16, [0x80, 0x3F]);
        SaveBytes(Tuned, DType.BF16, [0x81, 0x3F]);
        Merge(0.5);
        Assert.Equal([0x80, 0x3F], ReadBytes("w"));
        Merge(0.6, replace: true);
        Assert.Equal([0x81, 0x3F], ReadBytes("w"));
        Merge(0.5, DType.F32, replace: true);
        Assert.Equal([1.00390625f], Read("w"));
    }

    [Fact]
    public void Double_is_merged_in_double()
    {
        SaveBytes(Aligned, DType.F64, BitConverter.GetBytes(1.0));
        SaveBytes(Tuned, DType.F64, BitConverter.GetBytes(1.0 + 1e-15));
        Merge(0.5);
        Assert.Equal(BitConverter.GetBytes(1.0 + 0.5 * (1.0 + 1e-15 - 1.0)), ReadBytes("w"));
    }

    [Fact]
    public void The_output_type_is_the_tuned_models_and_can_be_chosen()
    {
        Save(Aligned, ("w", [1]));
        SaveBytes(Tuned, DType.F16, BitConverter.GetBytes((Half)3));
        Merge(0.5);
        using (var output = Checkpoint.Open(Output))
        {
            Assert.Equal(DType.F16, output.Entries["w"].DType);
        }

        File.WriteAllText(Path.Combine(Tuned, "config.json"), "{\"torch_dtype\": \"float16\"}");
        Merge(0.5, DType.BF16, replace: true);
        Assert.Equal("bfloat16", (string)ModelFolder.ReadConfig(Output)["torch_dtype"]!);
        Assert.Equal([0x00, 0x40], ReadBytes("w"));
    }

    [Fact]
    public void A_tied_model_lends_its_embedding_as_head()
    {
        Save(Aligned, ("model.embed_tokens.weight", [1]), ("lm_head.weight", [10]));
        Save(Tuned, ("model.embed_tokens.weight", [3]));
        File.WriteAllText(Path.Combine(Tuned, "config.json"), "{\"tie_word_embeddings\": true}");
        Assert.True(Merge(0.5).HeadUntied);
        Assert.Equal([2], Read("model.embed_tokens.weight"));
        Assert.Equal([6.5f], Read("lm_head.weight"));
        Assert.False((bool)ModelFolder.ReadConfig(Output)["tie_word_embeddings"]!);
    }

    [Fact]
    public void Two_tied_models_stay_tied_though_one_stores_its_head()
    {
        Save(Aligned, ("model.embed_tokens.weight", [1]), ("lm_head.weight", [1]));
        Save(Tuned, ("model.embed_tokens.weight", [3]));
        File.WriteAllText(Path.Combine(Aligned, "config.json"), "{\"tie_word_embeddings\": true}");
        Assert.False(Merge(0.5).HeadUntied);
        using var output = Checkpoint.Open(Output);
        Assert.Equal(["model.embed_tokens.weight"], output.Entries.Keys);
    }

    [Fact]
    public void An_untied_model_without_head_is_refused()
    {
        Save(Aligned, ("model.embed_tokens.weight", [1]), ("lm_head.weight", [1]));
        Save(Tuned, ("model.embed_tokens.weight", [3]));
        File.WriteAllText(Path.Combine(Tuned, "config.json"), "{\"tie_word_embeddings\": false}");
        Assert.Contains("there is no tensor 'lm_head.weight'", Fault(0.5), StringComparison.Ordinal);
    }

    [Fact]
    public void A_shape_mismatch_names_file_tensor_and_both_shapes_B5()
    {
        Save(Aligned, ("v", [1]), ("w", [1, 2]));
        Save(Tuned, ("v", [1]), ("w", [1, 2, 3]));
        string message = Fault(0.5);
        Assert.StartsWith(Path.Combine(Tuned, "model.safetensors") + ": tensor 'w': expected shape [2] as in " + Path.Combine(Aligned, "model.safetensors") + ", found [3]",
            message, StringComparison.Ordinal);
    }

    [Fact]
    public void Missing_tensors_are_named_in_both_directions_B8()
    {
        Save(Aligned, ("v", [1]), ("w", [1]));
        Save(Tuned, ("v", [1]));
        Assert.Contains($"{Tuned}: lacks 1 of the tensors in {Path.Combine(Aligned, "model.safetensors")}: 'w'", Fault(0.5), StringComparison.Ordinal);
        Save(Tuned, ("v", [1]), ("w", [1]), ("x", [1]));
        Assert.Contains($"{Aligned}: lacks 1 of the tensors", Fault(0.5), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("aligned")]
    [InlineData("tuned")]
    public void A_non_finite_input_is_named_and_nothing_is_left_G5(string damaged)
    {
        float[] bad = new float[100_000];
        bad[77_777] = float.PositiveInfinity;
        Save(Aligned, ("w", damaged == "aligned" ? bad : new float[100_000]));
        Save(Tuned, ("w", damaged == "tuned" ? bad : new float[100_000]));
        Assert.Contains($"{Path.Combine(_root, damaged, "model.safetensors")}: tensor 'w': element 77777 is not finite", Fault(0.5), StringComparison.Ordinal);
        Assert.Equal(["aligned", "tuned"], Directory.EnumerateFileSystemEntries(_root).Select(Path.GetFileName).Order());
    }

    [Fact]
    public void A_result_too_large_for_its_type_is_named_G5()
    {
        Save(Aligned, ("w", [1]));
        Save(Tuned, ("w", [1e6f]));
        Assert.Contains("tensor 'w': element 0 of the merge is too large for F16", Fault(0.5, DType.F16), StringComparison.Ordinal);
    }

    [Fact]
    public void Integer_tensors_are_copied_when_equal_and_refused_when_not()
    {
        SaveBytes(Aligned, DType.I64, BitConverter.GetBytes(5L));
        SaveBytes(Tuned, DType.I64, BitConverter.GetBytes(5L));
        Merge(0.5);
        Assert.Equal(BitConverter.GetBytes(5L), ReadBytes("w"));
        SaveBytes(Tuned, DType.I64, BitConverter.GetBytes(6L));
        Assert.Contains("I64 [1] cannot be averaged", Fault(0.5), StringComparison.Ordinal);
        SaveBytes(Tuned, DType.F64, BitConverter.GetBytes(5.0));
        Assert.Contains("expected type I64", Fault(0.5), StringComparison.Ordinal);
    }

    [Fact]
    public void Models_whose_weights_mean_something_else_are_refused()
    {
        Save(Aligned, ("w", [1]));
        Save(Tuned, ("w", [1]));
        File.WriteAllText(Path.Combine(Aligned, "config.json"), "{\"rope_theta\": 10000.0}");
        File.WriteAllText(Path.Combine(Tuned, "config.json"), "{\"rope_theta\": 500000.0}");
        Assert.Contains("expected rope_theta = 10000.0 as in", Fault(0.5), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(-0.1, null, "lambda is the tuned model's share")]
    [InlineData(60, null, "must be in [0, 1], got 60")]
    [InlineData(double.NaN, null, "got NaN")]
    [InlineData(0.5, DType.I64, "the output type must be")]
    public void Wrong_options_are_refused(double lambda, DType? type, string message) =>
        Assert.Contains(message, Assert.Throws<ConfigException>(() => Merge(lambda, type)).Message, StringComparison.Ordinal);

    [Fact]
    public void The_folder_is_complete_with_sidecars_card_and_hashes_B3()
    {
        Save(Aligned, ("w", [1]));
        Save(Tuned, ("w", [2]));
        File.WriteAllText(Path.Combine(Aligned, "tokenizer.json"), "aligned");
        File.WriteAllText(Path.Combine(Tuned, "tokenizer.json"), "tuned");
        File.WriteAllText(Path.Combine(Tuned, "config.json"), "{\"hidden_size\": 8, \"rms_norm_eps\": 1e-05}");
        MergeSummary summary = Merge(0.5);
        Assert.Equal("tuned", File.ReadAllText(Path.Combine(Output, "tokenizer.json")));
        Assert.Equal("{\n  \"hidden_size\": 8,\n  \"rms_norm_eps\": 1e-05\n}\n", File.ReadAllText(Path.Combine(Output, "config.json")));
        string card = File.ReadAllText(Path.Combine(Output, "README.md"));
        Assert.Contains(ModelFolder.HashWeights(Aligned, TestContext.Current.CancellationToken), card, StringComparison.Ordinal);
        Assert.Contains(summary.TunedHash, card, StringComparison.Ordinal);
        Assert.Contains("| lambda (share of the tuned model) | 0.5 |", card, StringComparison.Ordinal);
        Assert.Contains("# tuned merged with aligned", card, StringComparison.Ordinal);
    }

    [Fact]
    public void Two_runs_give_equal_bytes_and_statistics()
    {
        Random random = new(7);
        Save(Aligned, ("w", [.. Enumerable.Range(0, 300_000).Select(_ => random.NextSingle())]));
        Save(Tuned, ("w", [.. Enumerable.Range(0, 300_000).Select(_ => random.NextSingle())]));
        MergeSummary first = Merge(0.4);
        string hash = ModelFolder.HashWeights(Output, TestContext.Current.CancellationToken);
        MergeSummary second = Merge(0.4, replace: true);
        Assert.Equal(hash, ModelFolder.HashWeights(Output, TestContext.Current.CancellationToken));
        Assert.Equal(first.TaskNorm, second.TaskNorm);
    }

    [Fact]
    public void A_cancelled_merge_leaves_nothing()
    {
        Save(Aligned, ("w", [1]));
        Save(Tuned, ("w", [2]));
        using CancellationTokenSource source = new();
        source.Cancel();
        Assert.ThrowsAny<OperationCanceledException>(() => LinearMerge.Run(Aligned, Tuned, Output, new(0.5), cancellationToken: source.Token));
        Assert.Equal(["aligned", "tuned"], Directory.EnumerateFileSystemEntries(_root).Select(Path.GetFileName).Order());
    }

    [Fact]
    public void Progress_ends_at_one()
    {
        Save(Aligned, ("v", [1, 2, 3]), ("w", [1]));
        Save(Tuned, ("v", [1, 2, 3]), ("w", [1]));
        List<double> seen = [];
        LinearMerge.Run(Aligned, Tuned, Output, new(0.5), new Recorder(seen), TestContext.Current.CancellationToken);
        Assert.Equal([0.75, 1], seen);
    }

    private MergeSummary Merge(double lambda, DType? type = null, bool replace = false) =>
        LinearMerge.Run(Aligned, Tuned, Output, new(lambda, type, Replace: replace), cancellationToken: TestContext.Current.CancellationToken);

    private string Fault(double lambda, DType? type = null) => Assert.Throws<CheckpointException>(() => Merge(lambda, type, replace: true)).Message;

    private static void Save(string folder, params (string Name, float[] Values)[] tensors)
    {
        SaveFloats(Path.Combine(folder, "model.safetensors"), tensors);
        File.WriteAllText(Path.Combine(folder, "config.json"), "{}");
    }

    private static void SaveBytes(string folder, DType type, byte[] bytes)
    {
        Directory.CreateDirectory(folder);
        string header = "{" + Entry("w", $"[{bytes.Length * 8 / type.BitSize}]", 0, bytes.Length, type.SafetensorsName) + "}";
        File.WriteAllBytes(Path.Combine(folder, "model.safetensors"), Bytes(System.Text.Encoding.UTF8.GetBytes(header), bytes));
        File.WriteAllText(Path.Combine(folder, "config.json"), "{}");
    }

    private byte[] ReadBytes(string name)
    {
        using var output = Checkpoint.Open(Output);
        return output.Bytes(name).ToArray();
    }

    private float[] Read(string name) => System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(ReadBytes(name)).ToArray();

    private sealed class Recorder(List<double> seen) : IProgress<double>
    {
        public void Report(double value) => seen.Add(value);
    }
}
