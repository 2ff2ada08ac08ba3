using Ballast.Adapters;
using Ballast.Configs;
using Ballast.Models;
using Ballast.Tensors;

namespace Ballast.Training;

/// <summary>The model that a recipe trains, as it is before the first step.</summary>
internal static class StartingModel
{
    /// <summary>
    /// MODEL without lora: all weights are trained. MODEL+ADAPTER without lora: the adapter is merged in F32 first. With lora the weights are frozen and a new adapter, or the one that
    /// MODEL+ADAPTER names, is trained.
    /// </summary>
    /// <exception cref="BallastException">The model, the adapter or the recipe do not fit each other.</exception>
    public static Decoder Load(Recipe recipe, DType dtype, Device device, CancellationToken cancellationToken)
    {
        var name = ModelName.Parse(recipe.Model);
        if (recipe.Lora is null && name.Adapter is null)
        {
            return Decoder.Load(name.Folder, dtype, device, training: true, cancellationToken);
        }

        var model = Decoder.Load(name.Folder, dtype, device, training: recipe.Lora is null, cancellationToken);
        try
        {
            if (recipe.Lora is null)
            {
                Merge(name, model, cancellationToken);
            }
            else if (name.Adapter is null)
            {
                Adapter.Create(model, recipe.Lora.ToConfig(name.Folder), recipe.Training.Seed, recipe.Lora.Init is LoraInit.Gaussian);
            }
            else
            {
                CheckSame(AdapterConfig.Read(name.Adapter), recipe.Lora.ToConfig(name.Folder), model, name.Adapter);
                Adapter.Load(model, name.Adapter, training: true).Dropout.Rate = recipe.Lora.Dropout;
            }

            return model;
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    private static void Merge(ModelName name, Decoder model, CancellationToken cancellationToken)
    {
        using var merge = AdapterMerge.Open(name);
        if (merge.HeadUntied)
        {
            throw new ConfigException($"{name}: merging makes two tensors of embedding and head, which this base shares; merge with 'ballast lora merge {name}' and train the result");
        }

        foreach (var (tensor, view) in model.Weights.Views())
        {
            using (view)
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (merge.Changes(tensor))
                {
                    using var merged = merge.Merged(tensor);
                    view.CopyFrom(merged);
                }
            }
        }

        model.Weights.Publish();
    }

    // An adapter that is trained on keeps its shape and scaling: the recipe must say the same.
    private static void CheckSame(AdapterConfig found, AdapterConfig asked, Decoder model, string folder)
    {
        AdapterPlan have = AdapterPlan.Of(found, model), want = AdapterPlan.Of(asked, model);
        bool same = have.Modules.Count == want.Modules.Count && have.Trained.Keys.Order(StringComparer.Ordinal).SequenceEqual(want.Trained.Keys.Order(StringComparer.Ordinal))
            && found.UseDora == asked.UseDora
            && have.Modules.All(pair => want.Modules.TryGetValue(pair.Key, out int rank) && rank == pair.Value && found.ScalingOf(pair.Key) == asked.ScalingOf(pair.Key));
        if (!same)
        {
            throw new ConfigException(
                $"lora: the recipe describes another adapter than {folder} holds (rank {found.Rank}, alpha {found.Alpha}, use_rslora {found.UseRslora}, use_dora {found.UseDora}, target_modules {found.TargetModules.ToJson().ToJsonString()}); training goes on with an adapter of the same shape, or merge it first");
        }
    }
}
