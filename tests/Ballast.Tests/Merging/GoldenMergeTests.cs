using System.Text.Json.Nodes;
using Ballast.Checkpoints;
using Ballast.Merging;
using Ballast.Tensors;
using Ballast.Tests.Support;
using Xunit;

namespace Ballast.Tests.Merging;

/// <summary>Merges compared with mergekit's on every golden case of its linear method that is one lambda between two whole models.</summary>
public class GoldenMergeTests
{
    /// <summary>Case, aligned model, tuned model, lambda, output type (null: the tuned model's).</summary>
    public static TheoryData<string, string, string, double, string?> Cases => new()
    {
        { "farn-linear-0.2", "aligned", "tuned-a", 0.2, null },
        { "farn-linear-0.4", "aligned", "tuned-a", 0.4, null },
        { "farn-linear-0.6", "aligned", "tuned-a", 0.6, null },
        { "farn-linear-0.8", "aligned", "tuned-a", 0.8, null },
        { "linear-two", "aligned", "tuned-a", 0.7, null },
        { "linear-base-listed", "aligned", "tuned-b", 0.6, null },
        { "linear-modules", "aligned", "tuned-b", 0.75, null },
        { "linear-sharded-output", "aligned", "tuned-b", 0.5, null },
        { "linear-out-bf16", "aligned", "tuned-a", 0.65, "BF16" },
        { "linear-mixed-dtype", "tuned-a-bf16", "aligned", 0.5, null },
        { "tokenizer-none", "tok-base", "tok-base-2", 0.5, null },
        { "tied-and-untied", "tok-base", "tok-base-tied", 0.5, null },
    };

    /// <summary>Linear cases that are something else, each with the reason.</summary>
    private static readonly Dictionary<string, string> s_others = new()
    {
        ["linear-normalize-default"] = "three models",
        ["linear-normalize-off"] = "weights that do not sum to 1",
        ["linear-gradient"] = "weights that change over depth",
        ["linear-filters"] = "weights per tensor name",
        ["linear-precedence"] = "three models",
        ["linear-negative"] = "lambda outside [0, 1]",
        ["linear-bf16"] = "inputs rounded to bfloat16 before the merge; here only the result is rounded",
        ["linear-slices"] = "layers taken from several slices",
        ["linear-input-names"] = "layers taken from several slices",
        ["linear-slices-uneven"] = "layers taken from several slices",
        ["yaml-dialect"] = "three models",
        ["farn-lora-linear-0.25"] = "a LoRA adapter",
        ["farn-lora-linear-0.5"] = "a LoRA adapter",
        ["tokenizer-union-chat"] = "a new vocabulary",
        ["tokenizer-union-three"] = "a new vocabulary",
        ["tokenizer-base"] = "a new vocabulary",
        ["tokenizer-model"] = "a new vocabulary",
        ["tokenizer-tokens"] = "a new vocabulary",
        ["chat-template-text"] = "a new vocabulary",
        ["chat-template-auto"] = "a new vocabulary",
        ["chat-template-name"] = "one model",
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void Merge_equals_mergekit(string name, string aligned, string tuned, double lambda, string? type)
    {
        string golden = Shared.Path("golden", "merge");
        string output = Path.Combine(Shared.TemporaryFolder(), "out");
        DType? outputType = type is null ? null : DTypes.TryParse(type, out DType parsed) ? parsed : throw new ArgumentException(type);
        LinearMerge.Run(Path.Combine(golden, "models", aligned), Path.Combine(golden, "models", tuned), output, new(lambda, outputType),
            cancellationToken: TestContext.Current.CancellationToken);

        JsonObject expected = JsonFile.ReadObject(Path.Combine(golden, "cases", name, "expected.json"));
        double gap = (double?)expected["float64_gap"] ?? 0;
        using var merged = Checkpoint.Open(output);
        using var reference = SafetensorsFile.Open(Path.Combine(golden, "cases", name, "expected.safetensors"));
        Assert.Equal(expected["tensors"]!.AsObject().Select(t => t.Key).Order(StringComparer.Ordinal), merged.Entries.Keys.Order(StringComparer.Ordinal));
        foreach ((string tensor, JsonNode? description) in expected["tensors"]!.AsObject())
        {
            TensorEntry entry = merged.Entries[tensor];
            Assert.Equal(description!["shape"]!.AsArray().Select(d => (long)d!), entry.Shape);
            double[] values = Values(entry, merged.Bytes(tensor));
            double tolerance(double x) => type == "BF16" ? UnitInLastPlaceOfBFloat16(x) : Math.Max(1e-6, 4 * gap);

            // 1-D tensors are stored whole, 2-D ones as rows 1, 18, 35, ... or whole.
            TensorEntry stored = reference.Entries[tensor];
            double[] rows = Values(stored, reference.Bytes(tensor));
            double[] found = stored.Shape.AsSpan().SequenceEqual(entry.Shape) ? values
                : [.. Enumerable.Range(0, (int)stored.Shape[0]).SelectMany(r => values.Skip((1 + 17 * r) * (int)entry.Shape[1]).Take((int)entry.Shape[1]))];
            Assert.Equal(rows.Length, found.Length);
            Assert.All(rows.Zip(found), p => Assert.InRange(Math.Abs(p.First - p.Second), 0, tolerance(p.First)));

            double[] sums = [values.Sum(), values.Sum(Math.Abs), values.Sum(x => x * x)];
            double slack = (type == "BF16" ? 1.0 / 256 : 1e-6) * sums[1];
            Assert.All(sums.Zip(description["sums"]!.AsArray()), p => Assert.InRange(Math.Abs(p.First - (double)p.Second!), 0, slack));
        }
    }

    [Fact]
    public void Every_linear_case_is_compared_or_left_out_for_a_reason()
    {
        JsonArray cases = JsonNode.Parse(File.ReadAllText(Shared.Path("golden", "merge", "cases.json")))!.AsArray();
        string[] linear = [.. cases.Where(c => (string)c!["method"]! == "linear").Select(c => (string)c!["case"]!)];
        Assert.Equal(linear.Order(StringComparer.Ordinal), s_others.Keys.Concat(Cases.Select(c => c.Data.Item1)).Order(StringComparer.Ordinal));
        Assert.DoesNotContain("", s_others.Values);
    }

    /// <summary>Spacing of BF16 numbers (8 significant bits) around x.</summary>
    private static double UnitInLastPlaceOfBFloat16(double x) => x == 0 ? 1e-40 : Math.Pow(2, Math.Floor(Math.Log2(Math.Abs(x))) - 7);

    private static double[] Values(TensorEntry entry, ReadOnlySpan<byte> bytes)
    {
        double[] values = new double[entry.ElementCount];
        FloatConversion.ToDouble(entry.DType, bytes, values);
        return values;
    }
}
