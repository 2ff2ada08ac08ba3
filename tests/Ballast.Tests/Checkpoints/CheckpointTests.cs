using System.Text.Json.Nodes;
using Ballast.Checkpoints;
using Ballast.Tests.Support;
using Xunit;
using static Ballast.Tests.Checkpoints.RawSafetensors;

namespace Ballast.Tests.Checkpoints;

public class CheckpointTests
{
    private const string First = "model-00001-of-00002.safetensors";
    private const string Second = "model-00002-of-00002.safetensors";

    [Fact]
    public void A_single_file_is_opened()
    {
        string folder = Shared.TemporaryFolder();
        SaveFloats(Path.Combine(folder, "model.safetensors"), ("a", [1, 2]));
        using var checkpoint = Checkpoint.Open(folder);
        Assert.Equal(8, checkpoint.Bytes("a").Length);
        Assert.Equal(Path.Combine(folder, "model.safetensors"), checkpoint.FileOf("a"));
    }

    [Fact]
    public void Shards_are_joined_by_the_index()
    {
        string folder = Sharded(("a", First), ("b", Second));
        using var checkpoint = Checkpoint.Open(folder);
        Assert.Equal(["a", "b"], checkpoint.Entries.Keys);
        Assert.Equal(Path.Combine(folder, Second), checkpoint.FileOf("b"));
        Assert.Equal(2f, BitConverter.ToSingle(checkpoint.Bytes("b")));
        Assert.Contains("there is no tensor 'c'", Fault(() => checkpoint.FileOf("c")), StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_shard_is_named()
    {
        string folder = Sharded(("a", First), ("b", Second));
        File.Delete(Path.Combine(folder, Second));
        Assert.Contains($"1 of 2 shards are missing: '{Second}'", Fault(() => Checkpoint.Open(folder)), StringComparison.Ordinal);
    }

    [Fact]
    public void A_tensor_that_only_the_index_knows_is_named()
    {
        string message = Fault(() => Checkpoint.Open(Sharded(("a", First), ("b", Second), ("c", Second))));
        Assert.Contains($"{Second}: lacks tensors that the index places there: 'c'", message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_tensor_that_only_the_shard_knows_is_named()
    {
        string folder = Sharded(("a", First), ("b", Second));
        SaveFloats(Path.Combine(folder, Second), ("b", [2]), ("stray", [3]));
        Assert.Contains($"{Second}: holds tensors that the index does not place there: 'stray'", Fault(() => Checkpoint.Open(folder)), StringComparison.Ordinal);
    }

    [Fact]
    public void A_tensor_in_two_shards_is_named()
    {
        string folder = Sharded(("a", First), ("b", Second));
        SaveFloats(Path.Combine(folder, Second), ("a", [9]), ("b", [2]));
        Assert.Contains("'a'", Fault(() => Checkpoint.Open(folder)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("../model.safetensors")]
    [InlineData("/etc/passwd.safetensors")]
    [InlineData("..\\\\x.safetensors")]
    [InlineData("")]
    public void A_shard_outside_the_folder_is_refused(string file)
    {
        string folder = Shared.TemporaryFolder();
        File.WriteAllText(Path.Combine(folder, "model.safetensors.index.json"), $"{{\"weight_map\":{{\"a\":\"{file}\"}}}}");
        Assert.Contains("expected the name of a file in this folder", Fault(() => Checkpoint.Open(folder)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{}", "'weight_map'")]
    [InlineData("[]", "expected a JSON object")]
    [InlineData("{\"weight_map\":{\"a\":1}}", "tensor 'a'")]
    [InlineData("{\"weight_map\":{\"a\":null}}", "tensor 'a'")]
    [InlineData("{\"weight_map\":{\"a\":\"x.safetensors\",\"a\":\"x.safetensors\"}}", "not valid JSON")]
    [InlineData("{\"weight_map\":{\"a\":\"pytorch_model-00001.bin\"}}", "save_pretrained")]
    public void A_broken_index_is_refused_G8(string text, string message)
    {
        string folder = Shared.TemporaryFolder();
        File.WriteAllText(Path.Combine(folder, "model.safetensors.index.json"), text);
        Assert.Contains(message, Fault(() => Checkpoint.Open(folder)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("pytorch_model.bin", "PyTorch pickle, and no safetensors; pickles can run code")]
    [InlineData("consolidated.00.pth", "AutoModelForCausalLM.from_pretrained")]
    [InlineData("adapter_model.safetensors", "an adapter (adapter_model.safetensors), not a whole model")]
    [InlineData("config.json", "holds neither model.safetensors nor model.safetensors.index.json")]
    public void A_folder_without_weights_says_what_it_holds_G7(string file, string message)
    {
        string folder = Shared.TemporaryFolder();
        File.WriteAllText(Path.Combine(folder, file), "");
        Assert.Contains(message, Fault(() => Checkpoint.Open(folder)), StringComparison.Ordinal);
    }

    [Fact]
    public void An_absent_folder_and_a_file_are_told_apart()
    {
        Assert.EndsWith("no such folder", Fault(() => Checkpoint.Open("/nowhere/model")), StringComparison.Ordinal);
        Assert.EndsWith("found a file", Fault(() => Checkpoint.Open(Save([], "x.safetensors"))), StringComparison.Ordinal);
    }

    [Fact]
    public void Single_file_beside_an_index_is_refused()
    {
        string folder = Sharded(("a", First), ("b", Second));
        SaveFloats(Path.Combine(folder, "model.safetensors"), ("a", [1]));
        Assert.Contains("holds both", Fault(() => Checkpoint.Open(folder)), StringComparison.Ordinal);
    }

    private static string Sharded(params (string Tensor, string File)[] map)
    {
        string folder = Shared.TemporaryFolder();
        SaveFloats(Path.Combine(folder, First), ("a", [1]));
        SaveFloats(Path.Combine(folder, Second), ("b", [2]));
        JsonObject weights = new(map.Select(m => KeyValuePair.Create(m.Tensor, (JsonNode?)m.File)));
        File.WriteAllText(Path.Combine(folder, "model.safetensors.index.json"), new JsonObject { ["weight_map"] = weights }.ToJsonString());
        return folder;
    }

    private static string Fault(Func<object> action) => Assert.Throws<CheckpointException>(action).Message;
}
