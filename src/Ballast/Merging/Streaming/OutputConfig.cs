using System.Text.Json.Nodes;
using Ballast.Merging.Config;
using Ballast.Merging.Vocabularies;
using Ballast.Tensors;

namespace Ballast.Merging.Streaming;

/// <summary>The config.json of a merge: the donor's, with what the merge changed.</summary>
internal static class OutputConfig
{
    /// <summary>Number of layers and lists over them, vocabulary, type, and whether the head is tied.</summary>
    public static JsonObject Of(
        MergeConfig config, InputModel donor, IReadOnlyDictionary<ModelReference, InputModel> models, IReadOnlyList<PlannedTensor> tensors, VocabularyPlan? vocabulary)
    {
        JsonObject output = donor.Config.DeepClone().AsObject();
        JsonObject text = output["num_hidden_layers"] is null && output["text_config"] is JsonObject inner ? inner : output;
        if (!config.WholeModels && text.ContainsKey("num_hidden_layers"))
        {
            SetLayers(config, donor, models, text);
        }

        if (vocabulary is not null)
        {
            text["vocab_size"] = vocabulary.RowCount;
        }

        if (tensors.Any(t => t.Output.Name == InputModel.Head) && (donor.IsTied || output["tie_word_embeddings"] is not null))
        {
            output["tie_word_embeddings"] = false;
        }

        DType type = tensors.MaxBy(t => t.Output.DType.IsFloat ? t.Output.ByteCount : -1)!.Output.DType;
        string word = type switch { DType.F32 => "float32", DType.F16 => "float16", DType.BF16 => "bfloat16", _ => "float64" };
        foreach (JsonObject part in (JsonObject[])[output, text])
        {
            foreach (string key in (string[])["torch_dtype", "dtype"])
            {
                if (part.ContainsKey(key) && type.IsFloat)
                {
                    part[key] = word;
                }
            }
        }

        return output;
    }

    /// <summary>Lists with an entry for each layer (layer_types and the like) follow the layers.</summary>
    private static void SetLayers(MergeConfig config, InputModel donor, IReadOnlyDictionary<ModelReference, InputModel> models, JsonObject text)
    {
        List<(InputModel Model, int Layer)> layers = [.. config.Slices.Select(s => s.Inputs[0]).SelectMany(i => Enumerable.Range(i.First, i.End!.Value - i.First).Select(layer => (models[i.Model], layer)))];
        foreach (string key in text.Where(p => p.Value is JsonArray list && list.Count == donor.LayerCount && list.Count > 0).Select(p => p.Key).ToList())
        {
            text[key] = new JsonArray([.. layers.Select(l => (l.Model.Config[key] as JsonArray ?? text[key]!.AsArray())[l.Layer]?.DeepClone())]);
        }

        text["num_hidden_layers"] = layers.Count;
    }
}
