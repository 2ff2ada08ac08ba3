using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using Ballast.Checkpoints;
using Ballast.Models;
using Ballast.Tensors;
using Ballast.Tests.Support;
using Xunit;

namespace Ballast.Tests.Models;

/// <summary>Files of models with tied embeddings that carry the output layer all the same.</summary>
public class TiedHeadTests
{
    private const string Config = """
        {"model_type": "llama", "vocab_size": 5, "hidden_size": 4, "intermediate_size": 4, "num_hidden_layers": 1, "num_attention_heads": 1, "num_key_value_heads": 1,
         "rms_norm_eps": 1e-5, "max_position_embeddings": 8, "tie_word_embeddings": true}
        """;

    [Fact]
    public void A_copy_of_the_embedding_is_read_over()
    {
        using var model = Decoder.Load(Folder(0));
        Assert.DoesNotContain("lm_head.weight", model.Weights.Names.Select(pair => pair.Name));
    }

    [Fact]
    public void An_output_layer_of_its_own_is_refused()
    {
        var fault = Assert.Throws<CheckpointException>(() => Decoder.Load(Folder(1)).Dispose());
        Assert.Contains("tensor 'lm_head.weight' differs from 'model.embed_tokens.weight' though config.json ties them", fault.Message);
    }

    private static string Folder(float changed)
    {
        string folder = Path.Combine(Shared.TemporaryFolder(), "model");
        using var model = Decoder.Create(DecoderConfig.Parse(JsonNode.Parse(Config)!.AsObject(), ModelFolder.ConfigFile), 3);
        var tensors = new Dictionary<string, (long[] Shape, float[] Values)>();
        foreach (var (name, view) in model.Weights.Views())
        {
            using (view)
            {
                tensors[name] = (view.Shape, view.ToArray<float>());
            }
        }

        var (shape, table) = tensors["model.embed_tokens.weight"];
        tensors["lm_head.weight"] = (shape, [.. table[..7], table[7] + changed, .. table[8..]]);
        using var writer = new CheckpointWriter(folder, [.. tensors.Select(pair => TensorEntry.Create(pair.Key, DType.F32, pair.Value.Shape))]);
        foreach (var (name, (_, values)) in tensors)
        {
            writer.Write(name, MemoryMarshal.AsBytes(values.AsSpan()));
        }

        writer.WriteText(ModelFolder.ConfigFile, Config);
        writer.Complete();
        return folder;
    }
}
