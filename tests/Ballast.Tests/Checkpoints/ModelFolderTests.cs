using System.Security.Cryptography;
using System.Text;
using Ballast.Checkpoints;
using Ballast.Tensors;
using Ballast.Tests.Support;
using Xunit;
using static Ballast.Tests.Checkpoints.RawSafetensors;

namespace Ballast.Tests.Checkpoints;

public class ModelFolderTests
{
    private readonly string _folder = Shared.TemporaryFolder();

    [Fact]
    public void Every_sidecar_is_copied_with_the_same_hash_B3()
    {
        string output = Path.Combine(Shared.TemporaryFolder(), "out");
        string template = Path.Combine("additional_chat_templates", "tool.jinja");
        Directory.CreateDirectory(Path.Combine(_folder, "additional_chat_templates"));
        string[] files = [.. ModelFolder.Sidecars, template];
        foreach (string file in (string[])[.. files, "README.md", "optimizer.pt", "pytorch_model.bin"])
        {
            File.WriteAllText(Path.Combine(_folder, file), $"content of {file} \u00e9");
        }

        using (CheckpointWriter writer = new(output, []))
        {
            writer.CopySidecars(_folder);
            writer.Complete();
        }

        Assert.All(files, f => Assert.Equal(ModelFolder.HashFile(Path.Combine(_folder, f)), ModelFolder.HashFile(Path.Combine(output, f))));
        Assert.Equal(files.Length + 1, Directory.EnumerateFiles(output, "*", SearchOption.AllDirectories).Count());
        Assert.Contains("tokenizer.json", files);
        Assert.Contains("generation_config.json", files);
        Assert.Contains("chat_template.jinja", files);
    }

    [Fact]
    public void The_hash_of_the_weights_is_that_of_names_types_shapes_and_data()
    {
        SaveFloats(Path.Combine(_folder, "model.safetensors"), ("b", [2]), ("a", [1, 3]));
        byte[] expected = SHA256.HashData([
            .. Encoding.UTF8.GetBytes("a\0F32\0[2]\0"), .. Blake3.Hash([.. BitConverter.GetBytes(1f), .. BitConverter.GetBytes(3f)]),
            .. Encoding.UTF8.GetBytes("b\0F32\0[1]\0"), .. Blake3.Hash(BitConverter.GetBytes(2f))]);
        Assert.Equal(Convert.ToHexStringLower(expected), ModelFolder.HashWeights(_folder, TestContext.Current.CancellationToken));
    }

    [Fact]
    public void Sharding_does_not_change_the_hash()
    {
        string folder = Shared.Path("golden", "merge", "models", "tuned-c");
        string joined = Path.Combine(_folder, "joined");
        using (var checkpoint = Checkpoint.Open(folder))
        using (CheckpointWriter writer = new(joined, checkpoint.Entries.Values))
        {
            foreach (string name in checkpoint.Entries.Keys)
            {
                writer.Write(name, checkpoint.Bytes(name));
            }

            writer.Complete();
        }

        Assert.Equal(ModelFolder.HashWeights(folder, TestContext.Current.CancellationToken), ModelFolder.HashWeights(joined, TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("", "not valid JSON")]
    [InlineData("[]", "expected a JSON object")]
    [InlineData("null", "expected a JSON object")]
    [InlineData("{\"a\":1,\"a\":2}", "not valid JSON")]
    [InlineData("{\"a\":1", "not valid JSON")]
    public void A_broken_configuration_is_refused(string text, string message)
    {
        File.WriteAllText(Path.Combine(_folder, "config.json"), text);
        Assert.Contains(message, Assert.Throws<CheckpointException>(() => ModelFolder.ReadConfig(_folder)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_configuration_of_hostile_size_or_depth_is_refused_G8()
    {
        string path = Path.Combine(_folder, "config.json");
        File.WriteAllText(path, "{\"a\":" + new string('[', 100_000) + new string(']', 100_000) + "}");
        Assert.Contains("maximum configured depth of 64", Assert.Throws<CheckpointException>(() => ModelFolder.ReadConfig(_folder)).Message, StringComparison.Ordinal);
        using (FileStream stream = File.Create(path))
        {
            stream.SetLength((16 << 20) + 1);
        }

        Assert.Contains("16777217 bytes, above the limit of 16777216", Assert.Throws<CheckpointException>(() => ModelFolder.ReadConfig(_folder)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_configuration_with_a_byte_order_mark_is_read()
    {
        File.WriteAllText(Path.Combine(_folder, "config.json"), "\uFEFF{\"hidden_size\": 8}");
        Assert.Equal(8, (int)ModelFolder.ReadConfig(_folder)["hidden_size"]!);
    }

    [Fact]
    public void A_summary_counts_parameters_bytes_and_files()
    {
        ModelSummary summary = ModelSummary.Read(Shared.Path("golden", "merge", "models", "tuned-c"));
        Assert.Equal(81_792, summary.Bytes);
        Assert.Equal(81_792 / 4, summary.Parameters);
        Assert.Equal(summary.Parameters, summary.ParametersByType[DType.F32]);
        Assert.Equal(30, summary.Tensors.Count);
        Assert.Equal("model-00002-of-00002.safetensors", summary.Tensors.Single(t => t.Entry.Name == "model.layers.0.input_layernorm.weight").File);
        Assert.Equal("llama", (string)summary.Config["model_type"]!);
        Assert.Equal(["config.json"], summary.Sidecars);
    }
}
