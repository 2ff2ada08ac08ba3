using System.Globalization;
using Ballast.Checkpoints;
using Ballast.Models;
using Ballast.Tensors;

namespace Ballast.Adapters;

/// <summary>How adapters are combined; the rules are those of PEFT's add_weighted_adapter.</summary>
public enum CombineKind
{
    /// <summary>The FACTORS are added: A = sum sqrt(w s) A, B = sum sqrt(w s) B; not the sum of the adapters. The sign of a negative weight goes to A. Equal ranks only.</summary>
    Linear,

    /// <summary>The exact weighted sum: factors side by side, the ranks add up.</summary>
    Cat,

    /// <summary>The exact weighted sum, cut to a rank by a singular value decomposition.</summary>
    Svd,

    /// <summary>As linear, with TIES on the factors (Yadav et al., arXiv 2306.01708): trimmed, signs elected, disjoint mean.</summary>
    Ties,
}

/// <summary>Combines adapters of one base into one adapter.</summary>
/// <param name="Kind">How.</param>
/// <param name="Weights">One weight per adapter.</param>
/// <param name="Rank">svd: rank of the result; null: the largest of the adapters.</param>
/// <param name="Density">ties: share of each factor's elements that is kept, in (0, 1].</param>
public sealed record AdapterCombine(CombineKind Kind, IReadOnlyList<double> Weights, int? Rank = null, double Density = 0.5)
{
    /// <summary>Writes the combination as an adapter folder.</summary>
    /// <param name="folders">Adapter folders, one per weight.</param>
    /// <param name="output">The folder to create.</param>
    /// <param name="replace">Whether a folder that holds files is replaced.</param>
    /// <exception cref="BallastException">The adapters cannot be combined this way, or the disk fails.</exception>
    public void Run(IReadOnlyList<string> folders, string output, bool replace = false)
    {
        if (folders.Count != Weights.Count || folders.Count == 0)
        {
            throw new ConfigException($"{folders.Count} adapters and {Weights.Count} weights are given; each adapter needs one");
        }

        if (!(Density is > 0 and <= 1) || Rank < 1)
        {
            throw new ConfigException($"the density must lie in (0, 1] and the rank be at least 1, got {Density} and {Rank}");
        }

        var adapters = new List<AdapterFolder>();
        using var scope = new TensorScope();
        try
        {
            foreach (string folder in folders)
            {
                adapters.Add(AdapterFolder.Open(folder));
                if (adapters[^1].Whole.Count > 0 || adapters[^1].Config.UseDora)
                {
                    throw new ConfigException($"{folder}: has {(adapters[^1].Config.UseDora ? "magnitudes (DoRA)" : "tensors that are trained whole")}, which cannot be combined; merge it into its base and merge the models");
                }
            }

            var tensors = new SortedDictionary<string, Tensor>(StringComparer.Ordinal);
            var ranks = new List<KeyValuePair<string, int>>();
            foreach (string module in adapters.SelectMany(adapter => adapter.Modules.Keys).Distinct().Order(StringComparer.Ordinal))
            {
                var terms = adapters.Zip(Weights).Where(pair => pair.First.Modules.ContainsKey(module)).Select(pair => Term.Of(pair.First, module, pair.Second, scope)).ToList();
                var (a, b) = Combined(module, terms, scope);
                var keys = adapters.First(adapter => adapter.Modules.ContainsKey(module)).Modules[module];
                (tensors[keys.A], tensors[keys.B]) = (a, b);
                ranks.Add(KeyValuePair.Create(module, (int)a.Shape[0]));
            }

            AdapterWriter.Save(tensors.Select(pair => TensorEntry.Create(pair.Key, DType.F32, pair.Value.Shape)), tensors.Select(pair => (pair.Key, pair.Value.To(Device.Cpu))), Config(adapters[0], ranks), null, output, Card(folders), replace);
        }
        finally
        {
            adapters.ForEach(adapter => adapter.Dispose());
        }
    }

    private (Tensor A, Tensor B) Combined(string module, List<Term> terms, TensorScope scope)
    {
        int rank = (int)terms[0].A.Shape[0];
        if (terms.Any(term => term.A.Shape[1] != terms[0].A.Shape[1] || term.B.Shape[0] != terms[0].B.Shape[0]))
        {
            throw new ConfigException($"{module}: the adapters are of different shapes; they belong to different models");
        }

        if (Kind is CombineKind.Linear or CombineKind.Ties && terms.Any(term => term.A.Shape[0] != rank))
        {
            throw new ConfigException($"{module}: the adapters have ranks {string.Join(", ", terms.Select(term => term.A.Shape[0]))}; {Kind.ToString().ToLowerInvariant()} needs equal ones: take cat or svd");
        }

        double[] roots = [.. terms.Select(term => Math.Sqrt(Math.Abs(term.Factor)))], signed = [.. terms.Select((term, i) => Math.Sign(term.Factor) * roots[i])];
        return Kind switch
        {
            CombineKind.Linear => (Sum([.. terms.Select(term => term.A)], signed, scope), Sum([.. terms.Select(term => term.B)], roots, scope)),
            CombineKind.Ties => (Ties([.. terms.Select(term => term.A)], signed, scope), Ties([.. terms.Select(term => term.B)], roots, scope)),
            CombineKind.Cat => Cat(terms, scope),
            _ => Cut(module, terms, scope),
        };
    }

    private static Tensor Sum(Tensor[] tensors, double[] weights, TensorScope scope)
    {
        var sum = scope.Keep(Tensor.Zeros(DType.F32, Device.Cpu, tensors[0].Shape));
        for (int i = 0; i < tensors.Length; i++)
        {
            sum.Add(tensors[i], weights[i]);
        }

        return sum;
    }

    private static (Tensor A, Tensor B) Cat(List<Term> terms, TensorScope scope)
    {
        long rank = terms.Sum(term => term.A.Shape[0]), first = 0;
        Tensor a = scope.Empty(DType.F32, rank, terms[0].A.Shape[1]), b = scope.Empty(DType.F32, terms[0].B.Shape[0], rank);
        foreach (var term in terms)
        {
            using Tensor rows = a.Narrow(0, first, term.A.Shape[0]), columns = b.Narrow(1, first, term.A.Shape[0]);
            rows.CopyFrom(term.A);
            rows.Scale(term.Factor);
            columns.CopyFrom(term.B);
            first += term.A.Shape[0];
        }

        return (a, b);
    }

    private (Tensor A, Tensor B) Cut(string module, List<Term> terms, TensorScope scope)
    {
        var (a, b) = Cat(terms, scope);
        var sum = scope.Empty(DType.F32, b.Shape[0], a.Shape[1]);
        Ops.Gemm(sum, b, a);
        long rank = Math.Min(Rank ?? terms.Max(term => term.A.Shape[0]), Math.Min(sum.Shape[0], sum.Shape[1]));
        var best = LowRankApproximation.Of(sum, (int)rank, Hash.Of(module));
        return (scope.Keep(best.A), scope.Keep(best.B));
    }

    private Tensor Ties(Tensor[] tensors, double[] weights, TensorScope scope)
    {
        float[][] trimmed = [.. tensors.Select(tensor => Trimmed(tensor.ToArray<float>()))];
        var merged = new float[trimmed[0].Length];
        for (int i = 0; i < merged.Length; i++)
        {
            int sign = trimmed.Sum(values => values[i]) >= 0 ? 1 : -1, agreeing = 0;
            double sum = 0;
            for (int j = 0; j < trimmed.Length; j++)
            {
                if (Math.Sign(trimmed[j][i]) == sign)
                {
                    sum += weights[j] * trimmed[j][i];
                    agreeing++;
                }
            }

            merged[i] = (float)(sum / Math.Max(1, agreeing));
        }

        return scope.Keep(Tensor.From<float>(merged, tensors[0].Shape));
    }

    // The largest magnitudes stay.
    private float[] Trimmed(float[] values)
    {
        var kept = new float[values.Length];
        foreach (int i in Enumerable.Range(0, values.Length).OrderByDescending(i => Math.Abs(values[i])).Take((int)(Density * values.Length)))
        {
            kept[i] = values[i];
        }

        return kept;
    }

    // Scaling 1 everywhere: alpha = rank.
    private static AdapterConfig Config(AdapterFolder like, List<KeyValuePair<string, int>> ranks)
    {
        int common = ranks.GroupBy(pair => pair.Value).MaxBy(group => group.Count())!.Key;
        var others = ranks.Where(pair => pair.Value != common).Select(pair => KeyValuePair.Create(System.Text.RegularExpressions.Regex.Escape(pair.Key), pair.Value)).ToList();
        return new AdapterConfig
        {
            BaseModel = like.Config.BaseModel,
            Rank = common,
            Alpha = common,
            RankPattern = others,
            AlphaPattern = [.. others.Select(pair => KeyValuePair.Create(pair.Key, (double)pair.Value))],
            TargetModules = new ModuleNames([.. ranks.Select(pair => pair.Key)], null),
        };
    }

    private string Card(IReadOnlyList<string> folders) =>
        $"# Adapters combined\n\n{string.Join("\n", folders.Zip(Weights, (folder, weight) => string.Create(CultureInfo.InvariantCulture, $"- {weight} x `{folder}`")))}\n\nKind: {Kind.ToString().ToLowerInvariant()}.\n";

    // One adapter's part of a module; Factor is weight x scaling.
    private sealed record Term(Tensor A, Tensor B, double Factor)
    {
        public static Term Of(AdapterFolder adapter, string module, double weight, TensorScope scope)
        {
            var part = adapter.Modules[module];
            Tensor Read(string key)
            {
                var entry = adapter.File.Entries[key];
                var tensor = scope.Empty(DType.F32, entry.Shape);
                WeightStore.Fill(tensor, adapter.File.Content(key), entry);
                return tensor;
            }

            return new Term(Read(part.A), Read(part.B), weight * part.Scaling);
        }
    }
}
