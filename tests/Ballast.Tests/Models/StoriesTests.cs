using System.Text.Json.Nodes;
using Ballast.Checkpoints;
using Ballast.Models;
using Ballast.Tests.Support;
using Xunit;

namespace Ballast.Tests.Models;

/// <summary>The real 260K-parameter Llama against an independent float64 forward pass.</summary>
public class StoriesTests
{
    [Fact]
    public void Logits_equal_the_golden_ones()
    {
        var facts = Facts();
        using var model = Load();
        var prefix = facts["greedy_prefix_logits"]!;
        using var logits = model.Logits(new TokenBatch(Ints(prefix["ids"]!), 1));
        GoldenTensors.Close([.. prefix["logits"]!.AsArray().SelectMany(row => row!.AsArray().Select(v => (float)v!))], logits.ToArray<float>(), 2e-5, "logits");
    }

    [Fact]
    public void Losses_equal_the_golden_ones()
    {
        using var model = Load();
        foreach (var sequence in Facts()["sequences"]!.AsArray())
        {
            int[] ids = Ints(sequence!["ids"]!);
            var result = model.Score(new TokenBatch(ids, 1, ids));
            Assert.Equal(sequence["token_nll"]!.AsArray().Sum(v => (double)v!), result.TotalLoss, 1e-4);
            Assert.Equal(ids.Length - 1, result.TotalTargets);
        }
    }

    private static Decoder Load() => Decoder.Load(Shared.Path("data", "tinyllama-stories260K", "hf"));

    private static JsonObject Facts() => JsonFile.ReadObject(Shared.Path("data", "tinyllama-stories260K", "golden.json"));

    private static int[] Ints(JsonNode node) => [.. node.AsArray().Select(v => (int)v!)];
}
