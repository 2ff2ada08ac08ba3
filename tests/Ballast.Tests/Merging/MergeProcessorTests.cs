using Ballast.Checkpoints;
using Ballast.Tensors;
using Ballast.Tests.Cli;
using Ballast.Tests.Support;
using Xunit;

namespace Ballast.Tests.Merging;

/// <summary>Processors with vectors of half the width write the same bytes and the same hashes; where this one has no AVX-512, both runs are alike.</summary>
public class MergeProcessorTests
{
    [Theory]
    [InlineData("linear", "weight: 0.3")]
    [InlineData("ties", "weight: 1, density: 0.4")]
    [InlineData("della", "weight: 0.5, density: 0.5")]
    public void The_width_of_vectors_changes_nothing(string method, string numbers)
    {
        string root = Shared.TemporaryFolder();
        Random random = new(3);
        Half[] values = new Half[1100 * 1000];
        foreach (string model in (string[])["a", "b"])
        {
            for (int i = 0; i < values.Length; i++)
            {
                values[i] = (Half)((float)values[i] + (random.NextSingle() - 0.5f) * (model == "a" ? 0.1f : 0.01f));
            }

            TensorEntry entry = TensorEntry.Create("model.norm.weight", DType.F16, 1100, 1000);
            using CheckpointWriter writer = new(Path.Combine(root, model), [entry]);
            writer.Write(entry.Name, System.Runtime.InteropServices.MemoryMarshal.AsBytes(values.AsSpan()));
            writer.WriteText("config.json", "{\"num_hidden_layers\": 0}");
            writer.Complete();
        }

        string config = Path.Combine(root, "merge.yaml");
        File.WriteAllText(config, $"merge_method: {method}\n{(method == "linear" ? "" : "base_model: a\n")}models:\n- {{model: a, parameters: {{{numbers}}}}}\n- {{model: b, parameters: {{{numbers}}}}}\n");
        byte[] wide = Merge("1"), narrow = Merge("0");
        Assert.Equal(wide, narrow);

        byte[] Merge(string avx512)
        {
            string output = Path.Combine(root, "out");
            using var process = CommandLine.Start(("DOTNET_EnableAVX512", avx512), "merge", config, output);
            process.WaitForExit();
            Assert.Equal(0, process.ExitCode);
            byte[] bytes = [.. File.ReadAllBytes(Path.Combine(output, "model.safetensors")), .. File.ReadAllBytes(Path.Combine(output, "README.md"))];
            Directory.Delete(output, recursive: true);
            return bytes;
        }
    }
}
