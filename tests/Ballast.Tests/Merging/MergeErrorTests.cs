using System.Text.Json.Nodes;
using Ballast.Merging;
using Ballast.Tests.Support;
using Xunit;

namespace Ballast.Tests.Merging;

/// <summary>Bad merge files and bad models: one clear line, and nothing is written.</summary>
public class MergeErrorTests
{
    private readonly string _root = Shared.TemporaryFolder();

    /// <summary>Golden case, part of the message; an empty one marks a merge that is done.</summary>
    public static TheoryData<string, string> Cases => new()
    {
        { "unknown-method", "merge.yaml:1:1: there is no merge method 'average'; there are linear, slerp" },
        { "method-missing", "merge.yaml:1:1: merge_method is missing" },
        { "required-parameter-misspelled", "merge.yaml:3:40: linear has no parameter 'wieght', did you mean 'weight'?" },
        { "optional-parameter-misspelled", "merge.yaml:4:57: ties has no parameter 'densty', did you mean 'density'?" },
        { "top-level-key-misspelled", "merge.yaml:5:1: unknown key 'out_dtyp', did you mean 'out_dtype'?" },
        { "missing-model", "merge.yaml:4:6: there is no folder 'models/absent'" },
        { "hidden-size-mismatch", "wide/model.safetensors: tensor 'model.embed_tokens.weight': expected shape [12, 8] as in" },
        { "vocabulary-mismatch", "found [15, 8]; the vocabularies differ: set tokenizer_source" },
        { "layer-count-mismatch", "models/small gives 2, models/deep 3" },
        { "base-missing", "ties needs base_model" },
        { "base-missing-slerp", "slerp needs base_model" },
        { "slerp-one-model", "slerp takes exactly 1 model besides the base, found 0" },
        { "slerp-three-models", "slerp takes exactly 1 model besides the base, found 2" },
        { "slerp-without-t", "slerp: the parameter t is missing" },
        { "slerp-t-out-of-range", "" },
        { "layer-range-beyond-end", "layer_range [0, 5]: models/small has 2 layers" },
        { "layer-range-reversed", "layer_range [2, 1]: the first number must be" },
        { "layer-range-empty", "the slices hold no layer" },
        { "slice-lengths-differ", "models/small gives 2, models/small-2 1" },
        { "yaml-unclosed", "merge.yaml:3:1: not valid YAML" },
        { "yaml-indentation", "merge.yaml:4:4: not valid YAML" },
        { "yaml-empty", "the file is empty" },
        { "models-and-slices", "models and slices exclude each other" },
        { "neither-models-nor-slices", "there is nothing to merge" },
        { "weights-sum-to-zero", "the weights sum to 0" },
        { "weight-not-a-number", "models[0].parameters.weight: expected a number, found 'much'" },
        { "weight-missing", "linear needs a weight for each model; models/small has none" },
        { "linear-base-not-listed", "(linear takes base_model for one more model)" },
        { "same-model-twice", "the model models/small is listed twice" },
        { "della-epsilon-too-large", "density 0.1 and epsilon 0.15" },
        { "unknown-dtype", "there is no type 'float8' for merged weights; known are bfloat16" },
        { "adapter-without-cache", "" },
        { "truncated-file", "the file is truncated" },
        { "missing-tensor", "missing-tensor: there is no tensor 'model.layers.1.self_attn.o_proj.weight'" },
        { "lfs-pointer", "git-lfs pointer" },
        { "bad-config", "config.json: not valid JSON" },
        { "no-weights", "holds neither model.safetensors nor" },
        { "other-architecture", "expected model_type = \"llama\" as in" },
        { "passthrough-two-models", "passthrough takes exactly 1 model, found 2" },
        { "model-stock-one-tuned", "model_stock takes at least 2 models besides the base, found 1" },
        { "base-not-in-slice", "ties needs the base models/small among the sources of every slice" },
        { "chat-template-unknown", "there is no template 'chatmll', did you mean 'chatml'?" },
        { "tokenizer-absent", "small: there is no tokenizer.json" },
        { "value-null", "models[0].parameters.weight: expected a number, found nothing" },
        { "nan-in-input", "not-a-number/model.safetensors: tensor 'model.norm.weight': element 0 is not finite" },
        { "pickle-weights", "a PyTorch pickle" },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_fault_is_one_line_and_leaves_nothing(string name, string message)
    {
        JsonObject item = GoldenCases().Single(c => c["case"]!.ToString() == name);
        if (message.Length == 0)
        {
            Assert.True(Merge(item["yaml"]!.ToString()).Tensors > 0);
            return;
        }

        BallastException fault = Assert.ThrowsAny<BallastException>(() => Merge(item["yaml"]!.ToString()));
        Assert.Contains(message, fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', fault.Message);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_root));
    }

    [Fact]
    public void Every_golden_fault_is_tested() =>
        Assert.Equal(GoldenCases().Select(c => c["case"]!.ToString()).Order(StringComparer.Ordinal), Cases.Select(c => c.Data.Item1).Order(StringComparer.Ordinal));

    [Theory]
    [InlineData("bad-index", "1 of 2 shards are missing")]
    [InlineData("no-config", "config.json: no such file")]
    public void A_damaged_model_is_named(string model, string message) => Assert.Contains(message, Assert.Throws<CheckpointException>(() => Merge(
        $"merge_method: linear\nmodels:\n  - {{model: models/small, parameters: {{weight: 1}}}}\n  - {{model: models/{model}, parameters: {{weight: 1}}}}\n")).Message, StringComparison.Ordinal);

    [Fact]
    public void A_folder_that_holds_files_stays_as_it_is()
    {
        string output = Path.Combine(_root, "out");
        Directory.CreateDirectory(output);
        File.WriteAllText(Path.Combine(output, "mine.txt"), "");
        Assert.Contains("is not empty", Assert.Throws<ConfigException>(() => Merge("merge_method: passthrough\nmodels:\n  - model: models/small\n")).Message, StringComparison.Ordinal);
        Assert.Equal(["mine.txt"], Directory.EnumerateFileSystemEntries(output).Select(Path.GetFileName));
        Assert.Single(Directory.EnumerateFileSystemEntries(_root));
    }

    [Fact]
    public void A_result_too_large_for_its_type_is_named()
    {
        string message = Assert.Throws<CheckpointException>(() => Merge(
            "merge_method: linear\nmodels:\n  - {model: models/small, parameters: {weight: 1e9}}\nparameters: {normalize: false}\nout_dtype: float16\n")).Message;
        Assert.Contains("of the merge is too large for F16", message, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_root));
    }

    [Theory]
    [InlineData("F16", 1)]
    [InlineData("BF16", 1)]
    [InlineData("F16", 0)]
    public void A_value_that_is_not_finite_is_found_in_16_bits_and_where_it_has_no_weight(string type, int weight)
    {
        foreach (string model in (string[])["a", "b"])
        {
            byte[] bytes = new byte[2 * 4096];
            System.Runtime.InteropServices.MemoryMarshal.Cast<byte, ushort>(bytes.AsSpan())[3333] = model == "a" ? (ushort)0x3C00 : type == "F16" ? (ushort)0x7E00 : (ushort)0xFF80;
            var entry = Ballast.Checkpoints.TensorEntry.Create("model.norm.weight", type == "F16" ? Ballast.Tensors.DType.F16 : Ballast.Tensors.DType.BF16, 4096);
            using Ballast.Checkpoints.CheckpointWriter writer = new(Path.Combine(_root, model), [entry]);
            writer.Write(entry.Name, bytes);
            writer.WriteText("config.json", "{\"num_hidden_layers\": 0}");
            writer.Complete();
        }

        using var merge = ModelMerge.Parse(
            $"merge_method: linear\nmodels:\n- {{model: a, parameters: {{weight: 1}}}}\n- {{model: b, parameters: {{weight: {weight}}}}}\n", Path.Combine(_root, "merge.yaml"));
        string message = Assert.Throws<CheckpointException>(() => merge.Run(Path.Combine(_root, "out"), new(), cancellationToken: TestContext.Current.CancellationToken)).Message;
        Assert.Contains($"{Path.Combine("b", "model.safetensors")}: tensor 'model.norm.weight': element 3333 is not finite", message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Path.Combine(_root, "out")));
    }

    [Fact]
    public void A_full_disk_is_said_before_any_work()
    {
        // The writer asks for the space of all weights at once; a disk with nothing free is simulated by an output that needs more than there is.
        var huge = Ballast.Checkpoints.TensorEntry.Create("w", Ballast.Tensors.DType.F32, 1L << 50);
        Assert.Contains("free some space", Assert.Throws<ConfigException>(() => new Ballast.Checkpoints.CheckpointWriter(Path.Combine(_root, "out"), [huge], resumable: true)).Message, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_root));
    }

    private static IEnumerable<JsonObject> GoldenCases() =>
        JsonNode.Parse(File.ReadAllText(Path.Combine(MergeGolden.Folder, "errors", "cases.json")))!.AsArray().Select(c => c!.AsObject());

    private MergeResult Merge(string yaml)
    {
        using var merge = ModelMerge.Parse(yaml, Path.Combine(MergeGolden.Folder, "errors", "merge.yaml"));
        return merge.Run(Path.Combine(_root, "out"), new(), cancellationToken: TestContext.Current.CancellationToken);
    }
}
