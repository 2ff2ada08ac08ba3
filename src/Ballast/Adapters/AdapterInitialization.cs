using Ballast.Data;
using Ballast.Models;
using Ballast.Tensors;

namespace Ballast.Adapters;

/// <summary>The first values of an adapter, as PEFT draws them: A uniform within 1 / sqrt(in) and B 0, in an embedding A 0 and B normal; what is trained whole starts at the base's values.</summary>
internal static class AdapterInitialization
{
    /// <summary>Fills the masters; each tensor by a seed of its own name.</summary>
    /// <param name="weights">The adapter's weights.</param>
    /// <param name="trunk">The base's.</param>
    /// <param name="seed">Seed of all draws.</param>
    /// <param name="gaussian">A from N(0, 1 / r^2).</param>
    public static void Fill(WeightStore weights, WeightStore trunk, ulong seed, bool gaussian)
    {
        foreach (var (key, view) in weights.Views())
        {
            using (view)
            {
                string name = key[AdapterPlan.Prefix.Length..];
                if (name.EndsWith(".lora_A.weight", StringComparison.Ordinal))
                {
                    Draw(view, gaussian, seed ^ Hash.Of(key));
                }
                else if (name.EndsWith(".lora_embedding_B", StringComparison.Ordinal))
                {
                    view.FillNormal(1, seed ^ Hash.Of(key));
                }
                else if (name.Contains(".lora_", StringComparison.Ordinal))
                {
                    view.Fill(0);
                }
                else
                {
                    CopyBase(trunk, name.Replace(".base_layer.", ".", StringComparison.Ordinal), view);
                }
            }
        }
    }

    private static void Draw(Tensor a, bool gaussian, ulong seed)
    {
        if (gaussian)
        {
            a.FillNormal(1.0 / a.Shape[0], seed);
            return;
        }

        var random = new SplitMix64(seed);
        double bound = 1 / Math.Sqrt(a.Shape[1]);
        var values = new float[a.Count];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = (float)(bound * (2 * ((random.Next() >> 11) * (1.0 / (1L << 53))) - 1));
        }

        using var drawn = Tensor.From<float>(values, a.Shape);
        a.CopyFrom(drawn);
    }

    private static void CopyBase(WeightStore trunk, string tensor, Tensor view)
    {
        bool found = false;
        foreach (var (name, own) in trunk.Views())
        {
            using (own)
            {
                if (name == tensor || tensor == Decoder.HeadName + ".weight" && name == Decoder.EmbeddingName + ".weight" && !found)
                {
                    view.CopyFrom(own);
                    found = true;
                }
            }
        }
    }
}
