using Ballast.Checkpoints;
using Ballast.Merging;
using Ballast.Tensors;
using Ballast.Tests.Support;
using Xunit;

namespace Ballast.Tests.Merging;

/// <summary>Tensors of several parts: the number of threads changes no bit of any method, and the hashes are those of the inputs.</summary>
public class MergeThreadTests
{
    private const int Side = 1500;

    private static readonly Lazy<string> s_root = new(Make);

    [Theory]
    [InlineData("linear", "weight: 0.3", "")]
    [InlineData("slerp", "", "t: 0.4")]
    [InlineData("nuslerp", "weight: 0.3", "nuslerp_flatten: false, nuslerp_row_wise: true")]
    [InlineData("karcher", "", "max_iter: 5")]
    [InlineData("model_stock", "", "filter_wise: true")]
    [InlineData("ties", "weight: 0.5, density: 0.3", "")]
    [InlineData("dare_ties", "weight: 0.5, density: 0.3", "")]
    [InlineData("della", "weight: 0.5, density: 0.5", "")]
    [InlineData("breadcrumbs", "weight: 0.5, density: 0.5", "rescale: true")]
    [InlineData("sce", "", "select_topk: 0.2")]
    [InlineData("ramplus_tl", "", "")]
    [InlineData("arcee_fusion", "", "")]
    public void Threads_change_nothing(string method, string model, string shared)
    {
        string[] others = method is "slerp" or "arcee_fusion" ? ["b"] : ["b", "c"];
        string origin = method is "linear" or "karcher" or "nuslerp" ? "" : "base_model: a\n";
        string text = $"merge_method: {method}\n{origin}models:\n{string.Concat(others.Select(o => $"- {{model: {o}, parameters: {{{model}}}}}\n"))}parameters: {{{shared}}}\n";
        List<string> hashes = [];
        foreach (int threads in (int[])[1, 4])
        {
            string output = Path.Combine(Shared.TemporaryFolder(), "out");
            using var merge = ModelMerge.Parse(text, Path.Combine(s_root.Value, "merge.yaml"));
            MergeResult result = merge.Run(output, new(Threads: threads), cancellationToken: TestContext.Current.CancellationToken);
            hashes.Add(ModelFolder.HashWeights(output, TestContext.Current.CancellationToken));
            Assert.All(result.Inputs, i => Assert.Equal(ModelFolder.HashWeights(Path.Combine(s_root.Value, i.Model), TestContext.Current.CancellationToken), i.Sha256));
            Directory.Delete(output, recursive: true);
        }

        Assert.Equal(hashes[0], hashes[1]);
    }

    private static string Make()
    {
        string root = Shared.TemporaryFolder();
        TensorEntry entry = TensorEntry.Create("model.norm.weight", DType.BF16, Side, Side);
        float[] aligned = new float[Side * Side];
        Random random = new(5);
        for (int model = 0; model < 3; model++)
        {
            byte[] bytes = new byte[entry.ByteCount];
            FloatConversion.FromSingle([.. aligned.Select((a, i) => aligned[i] = a + (random.NextSingle() - 0.5f) * (model == 0 ? 1 : 0.1f))], DType.BF16, bytes);
            using CheckpointWriter writer = new(Path.Combine(root, "abc"[model].ToString()), [entry]);
            writer.Write(entry.Name, bytes);
            writer.WriteText("config.json", "{\"num_hidden_layers\": 0}");
            writer.Complete();
        }

        return root;
    }
}
