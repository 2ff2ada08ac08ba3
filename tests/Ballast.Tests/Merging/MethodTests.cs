using Ballast.Checkpoints;
using Ballast.Merging;
using Ballast.Tests.Support;
using Xunit;
using static Ballast.Tests.Checkpoints.RawSafetensors;

namespace Ballast.Tests.Merging;

/// <summary>Merge methods on tensors small enough to be worked out by hand.</summary>
public class MethodTests
{
    private readonly string _root = Shared.TemporaryFolder();

    /// <summary>Method with its parameters, base (null: none), models with theirs, result.</summary>
    public static TheoryData<string, float[]?, string, float[]> ByHand => new()
    {
        // (1 x 4 + 3 x 8) / 4, and without the division.
        { "linear", null, "4 {weight: 1}; 8 {weight: 3}", [7] },
        { "linear {normalize: false}", null, "4 {weight: 1}; 8 {weight: 3}", [28] },

        // Orthogonal: sin(45) of each end; at 0.25 sin(67.5) and sin(22.5).
        { "slerp {t: 0.5}", [1, 0], "0 2", [0.707107f, 1.414214f] },
        { "slerp {t: 0.25}", [1, 0], "0 2", [0.923880f, 0.765367f] },
        { "slerp {t: 0}", [1, 0], "0 2", [1, 0] },
        { "slerp {t: 1}", [1, 0], "0 2", [0, 2] },
        { "nuslerp", null, "1 0 {weight: 1}; 0 2 {weight: 3}", [0.382683f, 1.847759f] },
        { "nuslerp", [0, 0], "1 0 {weight: 1}; 0 2 {weight: 3}", [0.382683f, 1.847759f] },

        // Unit mean direction of (0.25, 0.75) and of equal weights; lengths 1 and 2.
        { "multislerp", null, "1 0 {weight: 0.25}; 0 1 {weight: 0.75}", [0.316228f, 0.948683f] },
        { "multislerp", null, "1 0 {weight: 1}; 0 3 {weight: 1}", [1.414214f, 1.414214f] },
        { "karcher", null, "1 0; 0 3", [1.414214f, 1.414214f] },

        // cos 45 degrees: t = 2 c / (1 + c) = 0.828427; orthogonal: t 0; cos -0.5: t -2, away from the mean (0.25, 0.433013).
        { "model_stock", [0, 0], "1 0; 1 1", [0.828427f, 0.414214f] },
        { "model_stock", [0, 0], "1 0; 0 1", [0, 0] },
        { "model_stock", [0, 0], "1 0; -0.5 0.866025", [-0.5f, -0.866025f] },

        // Norms of 1e-4: the floor of 1e-6 leaves cos = 1e-8 x 0.707107 / 1e-6; the paper's form knows no floor.
        { "model_stock {paper_form: true}", [0, 0], "0.0001 0; 0.0001 0.0001", [0.828427e-4f, 0.414214e-4f] },

        { "task_arithmetic", [1, 1], "2 0 {weight: 0.5}; 1 3 {weight: 0.5}", [1.5f, 1.5f] },
        { "task_arithmetic", [1, 1], "2 0 {weight: 1}; 1 3 {weight: 1}", [2, 2] },
        { "task_arithmetic {normalize: true}", [1, 1], "2 0 {weight: 1}; 1 3 {weight: 1}", [1.5f, 1.5f] },
        { "task_arithmetic {lambda: 0}", [1, 1], "2 0 {weight: 1}; 1 3 {weight: 1}", [1, 1] },

        // Trimmed (3, 0, 2, 0) and (0, 2, -4, 0); with weights (1, 0.5) the third sum is 0 and elects +; the paper's vote leaves weights out: -2 elects -.
        { "ties", [0, 0, 0, 0], "3 -1 2 0.5 {weight: 1, density: 0.5}; 1 2 -4 0.1 {weight: 1, density: 0.5}", [3, 2, -4, 0] },
        { "ties", [0, 0, 0, 0], "3 -1 2 0.5 {weight: 1, density: 0.5}; 1 2 -4 0.1 {weight: 0.5, density: 0.5}", [3, 2, 2, 0] },
        { "ties {normalize: false}", [0, 0, 0, 0], "3 -1 2 0.5 {weight: 1, density: 0.5}; 1 2 -4 0.1 {weight: 0.5, density: 0.5}", [3, 1, 2, 0] },
        { "ties {paper_form: true}", [0, 0, 0, 0], "3 -1 2 0.5 {weight: 1, density: 0.5}; 1 2 -4 0.1 {weight: 0.5, density: 0.5}", [3, 2, -4, 0] },
        { "ties", [0, 0, 0, 0], "3 -1 2 0.5 {weight: 1}; 1 2 -4 0.1 {weight: 1}", [2, 2, -4, 0.3f] },

        // Of equal magnitudes the first stay.
        { "ties", [0, 0, 0, 0], "1 -1 1 -1 {weight: 1, density: 0.5}", [1, -1, 0, 0] },

        // |d| = 1..10: half without the largest 20 % is 4..8; 5 % of ten is none; 95 % leaves room for one.
        { "breadcrumbs", [0, 0, 0, 0, 0, 0, 0, 0, 0, 0], "1 2 3 4 5 6 7 8 9 10 {weight: 1, density: 0.5, gamma: 0.2}", [0, 0, 0, 4, 5, 6, 7, 8, 0, 0] },
        { "breadcrumbs", [0, 0, 0, 0, 0, 0, 0, 0, 0, 0], "1 2 3 4 5 6 7 8 9 10 {weight: 1, density: 0.5, gamma: 0.05}", [0, 0, 0, 0, 0, 6, 7, 8, 9, 10] },
        { "breadcrumbs", [0, 0, 0, 0, 0, 0, 0, 0, 0, 0], "1 2 3 4 5 6 7 8 9 10 {weight: 1, density: 0.95, gamma: 0.2}", [1, 2, 3, 4, 5, 6, 7, 8, 9, 0] },

        // Mean squares 5/3 and 3/3: weights 0.625, 0.375; the second entry is the second model's alone. With the top half of two differing entries (4.5 of variance against 0.25) weights 0.8, 0.2.
        { "sce", [0, 0, 0], "2 0 1; -1 1 1", [2, 1, 1] },
        { "sce {select_topk: 0.5}", [0, 0, 0], "2 0 1; -1 1 1", [2, 0, 0] },
        { "ram", [0, 0, 0], "1 0 2; 0 0 4", [1, 0, 3] },

        // One entry of its own and one shared: 1 + 0.1 min(1 / 1, 0.2).
        { "ramplus_tl", [0, 0, 0], "1 0 2; 0 0 4", [1.02f, 0, 3] },
        { "nearswap {t: 1}", [0, 0], "0.5 2", [0.5f, 1] },

        // One row, so one divergence for all: median 0.2, quartiles 0.1 and 0.3, threshold 0.5.
        { "arcee_fusion", [0, 0, 0, 0, 0], "0 0.1 0.2 0.3 5", [0, 0, 0, 0, 5] },
        { "passthrough", null, "1 -2 {scale: 0.5}", [0.5f, -1] },
        { "dare_linear", [1, 1], "3 5 {weight: 0.5, density: 1}", [2, 3] },
        { "dare_linear", [1, 1], "3 5 {weight: 0.5, density: 0}", [1, 1] },
        { "della", [1, 1], "3 5 {weight: 0.5, density: 1}", [3, 5] },
    };

    [Theory]
    [MemberData(nameof(ByHand))]
    public void Numbers_are_those_worked_out_by_hand(string method, float[]? origin, string models, float[] expected)
    {
        float[] found = Merge(method, origin, models);
        Assert.Equal(expected.Length, found.Length);
        Assert.All(expected.Zip(found), p => Assert.InRange(Math.Abs(p.First - p.Second), 0, 2e-6f * Math.Max(1, Math.Abs(p.First))));
    }

    [Theory]
    [InlineData("multislerp {}", "1 0 {weight: 1}; -0.5 0.8660254 {weight: 1}; -0.5 -0.8660254 {weight: 1}", "cancel out")]
    public void Directions_without_a_mean_are_refused(string method, string models, string message) =>
        Assert.Contains(message, Assert.Throws<CheckpointException>(() => Merge(method.Replace("{}", "{eps: 1e-6}", StringComparison.Ordinal), null, models)).Message, StringComparison.Ordinal);

    private float[] Merge(string method, float[]? origin, string models)
    {
        string[] head = method.Split(' ', 2);
        List<string> lines = [$"merge_method: {head[0]}", "models:"];
        if (origin is not null)
        {
            Save("base", origin);
            lines.Insert(1, "base_model: base");
        }

        string[] texts = models.Split(';', StringSplitOptions.TrimEntries);
        for (int i = 0; i < texts.Length; i++)
        {
            string[] parts = texts[i].Split('{');
            Save($"m{i}", [.. parts[0].Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(v => float.Parse(v, System.Globalization.CultureInfo.InvariantCulture))]);
            lines.Add($"  - {{model: m{i}{(parts.Length > 1 ? ", parameters: {" + parts[1] : "")}}}");
        }

        if (head.Length > 1)
        {
            lines.Add($"parameters: {head[1]}");
        }

        using var merge = ModelMerge.Parse(string.Join('\n', lines), Path.Combine(_root, "merge.yaml"));
        string output = Path.Combine(_root, "out");
        merge.Run(output, new(), cancellationToken: TestContext.Current.CancellationToken);
        using var result = Checkpoint.Open(output);
        return System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(result.Bytes("model.norm.weight")).ToArray();
    }

    private void Save(string name, float[] values)
    {
        SaveFloats(Path.Combine(_root, name, "model.safetensors"), ("model.norm.weight", values));
        File.WriteAllText(Path.Combine(_root, name, "config.json"), "{\"num_hidden_layers\": 0}");
    }
}
