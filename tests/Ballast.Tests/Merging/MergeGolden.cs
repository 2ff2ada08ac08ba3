using System.Text.Json.Nodes;
using Ballast.Checkpoints;
using Ballast.Merging;
using Ballast.Merging.Vocabularies;
using Ballast.Tensors;
using Ballast.Tests.Support;
using Xunit;

namespace Ballast.Tests.Merging;

/// <summary>The golden merges: runs a case and compares every tensor with what mergekit wrote.</summary>
internal static class MergeGolden
{
    private const int RowStep = 17;

    public static string Folder => Shared.Path("golden", "merge");

    public static IReadOnlyList<JsonObject> Cases => [.. JsonNode.Parse(File.ReadAllText(Path.Combine(Folder, "cases.json")))!.AsArray().Select(c => c!.AsObject())];

    /// <summary>Merges a case into a temporary folder; <paramref name="text"/> replaces its configuration.</summary>
    public static string Merge(string name, MergeOptions? options = null, string? text = null)
    {
        string file = Path.Combine(Folder, "cases", name, "config.yaml");
        string output = Path.Combine(Shared.TemporaryFolder(), "out");
        using ModelMerge merge = text is null ? ModelMerge.Open(file) : ModelMerge.Parse(text, file);
        merge.Run(output, options ?? new(), cancellationToken: TestContext.Current.CancellationToken);
        return output;
    }

    /// <summary>Compares names, shapes, types, stored rows, and sums over all elements.</summary>
    public static void Compare(string name, string output, string compare)
    {
        string folder = Path.Combine(Folder, "cases", name);
        JsonObject expected = JsonFile.ReadObject(Path.Combine(folder, "expected.json"));
        double gap = (double?)expected["float64_gap"] ?? 0;
        string[] wrong = [.. (expected["reference_bug"] as JsonArray ?? []).Select(t => t!.ToString())];
        using var merged = Checkpoint.Open(output);
        using var reference = SafetensorsFile.Open(Path.Combine(folder, "expected.safetensors"));
        Assert.Equal(expected["tensors"]!.AsObject().Select(t => t.Key).Order(StringComparer.Ordinal), merged.Entries.Keys.Order(StringComparer.Ordinal));
        foreach ((string tensor, JsonNode? description) in expected["tensors"]!.AsObject())
        {
            TensorEntry entry = merged.Entries[tensor];
            Assert.Equal(description!["shape"]!.AsArray().Select(d => (long)d!), entry.Shape);
            double[] values = Values(entry, merged.Bytes(tensor));
            bool bfloat = entry.DType == DType.BF16;
            // mergekit rounds base and difference alike, so where they cancel out its error is that of the larger one.
            double[] largest = compare == "bf16" ? LargestInputs(tensor, reference.Entries[tensor].Shape) : [];
            double Tolerance(double x, int i) => compare == "bf16" ? 2 * UnitInLastPlaceOfBFloat16(Math.Max(Math.Abs(x), largest[i]))
                : bfloat ? UnitInLastPlaceOfBFloat16(x) : Math.Max(1e-6, 4 * gap);
            string stored = wrong.Contains(tensor) ? $"corrected/{tensor}" : tensor;
            double[] rows = Values(reference.Entries[stored], reference.Bytes(stored));
            if (compare.Contains("rows by token", StringComparison.Ordinal) && VocabularyPlan.IsVocabulary(tensor))
            {
                values = ByToken(folder, output, values, (int)entry.Shape[1]);
            }

            double[] found = reference.Entries[stored].Shape.AsSpan().SequenceEqual(entry.Shape) ? values
                : [.. Enumerable.Range(0, (int)reference.Entries[stored].Shape[0]).SelectMany(r => values.Skip((1 + RowStep * r) * (int)entry.Shape[1]).Take((int)entry.Shape[1]))];
            Assert.Equal(rows.Length, found.Length);
            int worst = Enumerable.Range(0, rows.Length).MaxBy(i => Math.Abs(rows[i] - found[i]) - Tolerance(rows[i], i));
            int beyond = Enumerable.Range(0, rows.Length).Count(i => !(Math.Abs(rows[i] - found[i]) <= Tolerance(rows[i], i)));
            Assert.True(beyond <= (compare == "mask" ? rows.Length / 100 : 0), $"{tensor}[{worst}]: expected {rows[worst]}, found {found[worst]}; {beyond} of {rows.Length} beyond the tolerance");
            if (compare != "mask" && !wrong.Contains(tensor))
            {
                double[] sums = [values.Sum(), values.Sum(Math.Abs), values.Sum(x => x * x)];
                double slack = (bfloat ? 1.0 / 128 : Math.Max(1e-6, 4 * gap / (sums[1] / values.Length + 1e-12))) * sums[1] + 1e-9;
                Assert.All(sums.Zip(description["sums"]!.AsArray()), p => Assert.InRange(Math.Abs(p.First - (double)p.Second!), 0, slack));
            }
        }

        JsonObject config = ModelFolder.ReadConfig(output);
        foreach ((string key, JsonNode? value) in expected["config"]!.AsObject())
        {
            if (name == "linear-mixed-dtype" && key == "dtype")
            {
                // mergekit leaves the BF16 of one input in the configuration of the F32 it wrote; a loader would round the weights.
                Assert.Equal("float32", (string)config[key]!);
                continue;
            }

            Assert.True(JsonNode.DeepEquals(value, config[key]), $"config.json: {key}: expected {value?.ToJsonString()}, found {config[key]?.ToJsonString()}");
        }
    }

    /// <summary>For each stored element the largest magnitude among the inputs of the case.</summary>
    private static double[] LargestInputs(string tensor, long[] stored)
    {
        double[] largest = [];
        foreach (string input in (string[])["aligned", "tuned-a", "tuned-c"])
        {
            using var model = Checkpoint.Open(Path.Combine(Folder, "models", input));
            double[] all = Values(model.Entries[tensor], model.Bytes(tensor));
            int width = (int)model.Entries[tensor].Shape[^1];
            double[] rows = stored.Length < 2 ? all : [.. Enumerable.Range(0, (int)stored[0]).SelectMany(r => all.Skip((1 + RowStep * r) * width).Take(width))];
            largest = largest.Length == 0 ? [.. rows.Select(Math.Abs)] : [.. rows.Zip(largest, (x, y) => Math.Max(Math.Abs(x), y))];
        }

        return largest;
    }

    /// <summary>The elements of a tensor of any float type.</summary>
    public static double[] Values(TensorEntry entry, ReadOnlySpan<byte> bytes)
    {
        double[] values = new double[entry.ElementCount];
        FloatConversion.ToDouble(entry.DType, bytes, values);
        return values;
    }

    /// <summary>Our rows in the order of mergekit's tokens.</summary>
    private static double[] ByToken(string folder, string output, double[] values, int width)
    {
        var theirs = JsonFile.ReadObject(Path.Combine(folder, "tokenizer_expected.json"))["vocab"]!.AsObject().ToDictionary(t => (int)t.Value!, t => t.Key);
        IReadOnlyDictionary<string, int> ours = TokenizerFile.Read(output).Ids;
        Assert.Equal(theirs.Values.Order(StringComparer.Ordinal), ours.Keys.Order(StringComparer.Ordinal));
        return [.. Enumerable.Range(0, values.Length / width).SelectMany(row => values.AsSpan((theirs.TryGetValue(row, out string? token) ? ours[token] : row) * width, width).ToArray())];
    }

    private static double UnitInLastPlaceOfBFloat16(double x) => x == 0 ? 1e-40 : Math.Pow(2, Math.Floor(Math.Log2(Math.Abs(x))) - 7);
}
