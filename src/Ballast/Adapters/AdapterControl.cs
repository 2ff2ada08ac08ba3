using Ballast.Checkpoints;
using Ballast.Models;
using Ballast.Tensors;

namespace Ballast.Adapters;

/// <summary>The linear merge of the models before and after training an adapter: start + lambda (tuned - start), in the models' weights.</summary>
/// <remarks>
/// Where training began at the base itself and there are no magnitudes, this is the tuned adapter with its scaling times lambda, and what is trained whole at lambda of its way: an adapter
/// folder. Else (DoRA, or training went on from an adapter) the merge has no such form, and the model is written whole.
/// </remarks>
internal static class AdapterControl
{
    /// <param name="adapter">Names, shapes and configuration.</param>
    /// <param name="tuned">The adapter's weights after training, flat.</param>
    /// <param name="start">Those before it.</param>
    /// <param name="lambda">Share of the way.</param>
    /// <param name="model">The recipe's model.</param>
    /// <param name="folder">The folder to make.</param>
    /// <param name="card">Its card.</param>
    public static void Write(Adapter adapter, Tensor tuned, Tensor start, double lambda, string model, string folder, string card)
    {
        var name = ModelName.Parse(model);
        var config = adapter.Config with { BaseModel = name.Folder };
        if (name.Adapter is null && !config.UseDora)
        {
            var scaled = config.Scaled(lambda);
            AdapterWriter.Save(adapter.Weights.Names.Select(pair => TensorEntry.Create(pair.Name, DType.F32, pair.Shape)), Between(adapter.Weights, tuned, start, lambda), scaled, name.Folder, folder, card);
            return;
        }

        string first = folder + ".start", last = folder + ".tuned";
        try
        {
            AdapterWriter.Save(adapter.Weights, start, config, null, first, card);
            AdapterWriter.Save(adapter.Weights, tuned, config, null, last, card);
            Interpolate(new ModelName(name.Folder, first), new ModelName(name.Folder, last), lambda, folder, card);
        }
        finally
        {
            foreach (string temporary in (string[])[first, last])
            {
                if (Directory.Exists(temporary))
                {
                    Directory.Delete(temporary, recursive: true);
                }
            }
        }
    }

    // The low-rank parts as they are; tensors that are trained whole at lambda of their way.
    private static IEnumerable<(string, Tensor)> Between(WeightStore weights, Tensor tuned, Tensor start, double lambda)
    {
        foreach (var ((name, end), (_, begin)) in weights.Views(tuned).Zip(weights.Views(start)))
        {
            using (begin)
            {
                if (!name.Contains(".lora_", StringComparison.Ordinal))
                {
                    var between = begin.To(begin.Device);
                    between.Lerp(end, lambda);
                    end.Dispose();
                    yield return (name, between);
                    continue;
                }

                yield return (name, end);
            }
        }
    }

    private static void Interpolate(ModelName first, ModelName last, double lambda, string folder, string card)
    {
        using AdapterMerge begin = AdapterMerge.Open(first), end = AdapterMerge.Open(last);
        AdapterMergeWriter.Write(end, first.Folder, folder, card, replace: true, name =>
        {
            var merged = begin.Merged(name);
            using var tuned = end.Merged(name);
            merged.Lerp(tuned, lambda);
            return merged;
        });
    }
}
