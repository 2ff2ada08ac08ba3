using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using Ballast.Checkpoints;
using Ballast.Cli;
using Ballast.Tests.Support;
using Xunit;

namespace Ballast.Tests.Cli;

public sealed class ModelVerbTests : IDisposable
{
    private readonly string _folder = Shared.TemporaryFolder();
    private readonly string _model;

    public ModelVerbTests() => _model = TinyModel.Create(Path.Combine(_folder, "model"));

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    // By hand: 2 x 261 x 16 (embedding, head) + 2 x (3 x 16 x 16 (q, o, k with v) + 3 x 16 x 24 + 2 x 16) + 16 = 12272.
    [Fact]
    public void Inspect_model_counts_parameters_and_lists_every_tensor()
    {
        string text = CommandLine.Run("inspect", "model", _model).Success();
        Assert.Contains("12,272 parameters in 21 tensors, 49,088 bytes (F32 12,272)", text);
        Assert.Contains("config.json asks for 12,272 parameters: 2 layers of width 16, 2 heads over 1, 261 tokens, 256 at a time", text);
        Assert.Matches(@"(?m)^model\.layers\.1\.self_attn\.k_proj\.weight +F32 +8 x 16 +128 +model\.safetensors$", text);
        Assert.Contains("  num_key_value_heads: 1\n", text);
    }

    [Theory]
    [InlineData("llama3", "family llama; rotary llama3\n")]
    [InlineData("qwen2", "family qwen2; tied embeddings, biases on q, k, v\n")]
    [InlineData("qwen3", "family qwen3; tied embeddings, norms of query and key heads, window of 6 tokens on 1 of 2 layers\n")]
    [InlineData("phi3-long", "family phi3; tied embeddings, fused qkv_proj and gate_up_proj, 6 of 8 dimensions rotated, rotary longrope from 17 tokens on\n")]
    [InlineData("gemma2", "family gemma2; tied embeddings, four norms a layer, norms times 1 + w, embeddings times 4.899, GeLU (tanh), attention scores times 0.2041, attention scores capped at 3, logits capped at 4, window of 6 tokens on 1 of 2 layers; keys without effect here: cache_implementation\n")]
    public void Inspect_model_says_what_a_family_asks_for(string folder, string expected) =>
        Assert.Contains(expected, CommandLine.Run("inspect", "model", Shared.Path("golden", "families", folder)).Success());

    [Fact]
    public void Inspect_model_says_why_a_family_cannot_run_and_shows_the_rest()
    {
        string config = Path.Combine(_model, "config.json");
        File.WriteAllText(config, File.ReadAllText(config).Replace("\"llama\"", "\"mamba\"", StringComparison.Ordinal));
        string text = CommandLine.Run("inspect", "model", _model).Success();
        Assert.Contains("what Ballast does not run: ", text);
        Assert.Contains("lm_head.weight", text);
    }

    [Fact]
    public void Inspect_model_as_json_has_the_same_facts()
    {
        var json = JsonNode.Parse(CommandLine.Run("inspect", "model", _model, "--json").Success())!;
        Assert.Equal(12272, json["parameters"]!.GetValue<int>());
        var tensor = json["tensors"]!.AsArray().Single(t => t!["name"]!.GetValue<string>() == "lm_head.weight")!;
        Assert.Equal([261, 16], tensor["shape"]!.AsArray().Select(d => d!.GetValue<int>()));
        Assert.Equal("llama", json["config"]!["model_type"]!.GetValue<string>());
    }

    [Fact]
    public void Inspect_model_names_a_missing_folder() =>
        Assert.Contains("/nowhere", CommandLine.Run("inspect", "model", "/nowhere").UserFault());

    [Fact]
    public void Inspect_logits_writes_one_row_for_each_id_and_replaces_an_old_file()
    {
        string file = Path.Combine(_folder, "logits.safetensors");
        CommandLine.Run("inspect", "logits", _model, "--ids", "1,2,3,4", "--out", file).Success();
        CommandLine.Run("inspect", "logits", _model, "--ids", "1, 2,3", "--out", file).Success();
        using var logits = SafetensorsFile.Open(file);
        Assert.Equal([3, 261], Assert.Single(logits.Entries).Value.Shape);
        Assert.Equal([file], Directory.GetFiles(_folder));
    }

    [Fact]
    public void Inspect_logits_equals_the_reference_for_the_llama_3_sample()
    {
        string folder = Shared.Path("golden", "families", "llama3");
        using var golden = SafetensorsFile.Open(Path.Combine(folder, "golden.safetensors"));
        var ids = MemoryMarshal.Cast<byte, long>(golden.Bytes("input_ids"))[..20].ToArray();
        var expected = MemoryMarshal.Cast<byte, float>(golden.Bytes("logits"))[..(20 * 160)].ToArray();
        string file = Path.Combine(_folder, "logits.safetensors");
        CommandLine.Run("inspect", "logits", folder, "--ids", string.Join(',', ids), "--out", file).Success();
        using var logits = SafetensorsFile.Open(file);
        var actual = MemoryMarshal.Cast<byte, float>(logits.Bytes("logits")).ToArray();
        Assert.Equal(expected.Length, actual.Length);
        Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First, pair.Second, 1e-4));
    }

    [Theory]
    [InlineData("1,x", "'x'")]
    [InlineData("1,261", "'261'")]
    [InlineData("-1", "'-1'")]
    [InlineData("", "''")]
    public void Inspect_logits_names_a_bad_id(string ids, string named) =>
        Assert.Contains(named, CommandLine.Run("inspect", "logits", _model, "--ids", ids, "--out", Path.Combine(_folder, "x")).UserFault());

    [Fact]
    public void Inspect_logits_refuses_more_ids_than_the_model_takes() => Assert.Contains(
        "257 ids, but the model takes at most 256",
        CommandLine.Run("inspect", "logits", _model, "--ids", string.Join(',', new int[257]), "--out", Path.Combine(_folder, "x")).UserFault());

    [Fact]
    public void Merge_at_zero_gives_the_base_and_at_one_the_tuned_weights()
    {
        string tuned = TinyModel.Create(Path.Combine(_folder, "tuned"), seed: 2);
        Assert.Equal(Hash(_model), Hash(Merge(tuned, "0")));
        Assert.Equal(Hash(tuned), Hash(Merge(tuned, "1")));
    }

    [Fact]
    public void Merge_keeps_a_folder_that_is_there_unless_asked_to_replace_it()
    {
        string output = Merge(_model, "1");
        string[] args = ["merge", "--base", _model, "--tuned", _model, "--lambda", "0.5", "--out", output];
        Assert.Contains(output, CommandLine.Run(args).UserFault());
        var merged = JsonNode.Parse(CommandLine.Run([.. args, "--replace", "--json"]).Success())!;
        Assert.Equal((output, 0.5, 12272), ((string?)merged["folder"], (double)merged["lambda"]!, (int)merged["parameters"]!));
    }

    [Theory]
    [InlineData("1.5", "must be in [0, 1], got 1.5")]
    [InlineData("0,5", "--lambda: expected a number such as 0.5, found '0,5'")]
    public void Merge_names_a_bad_share(string lambda, string said)
    {
        string output = Path.Combine(_folder, "merged");
        Assert.Contains(said, CommandLine.Run("merge", "--base", _model, "--tuned", _model, "--lambda", lambda, "--out", output).UserFault());
        Assert.False(Directory.Exists(output));
    }

    [Fact]
    public void Merge_without_options_names_each_that_is_missing()
    {
        var outcome = CommandLine.Run("merge");
        Assert.Equal(ExitCode.UserFault, outcome.Code);
        Assert.Equal(4, outcome.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
    }

    private static string Hash(string folder) => ModelFolder.HashWeights(folder, TestContext.Current.CancellationToken);

    private string Merge(string tuned, string lambda)
    {
        string output = Path.Combine(_folder, "merged-" + lambda);
        CommandLine.Run("merge", "--base", _model, "--tuned", tuned, "--lambda", lambda, "--out", output).Success();
        return output;
    }
}
