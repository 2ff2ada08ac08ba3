using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using Ballast.Checkpoints;
using Ballast.Tensors;

namespace Ballast.Demo;

/// <summary>The demo's Llama before any training: a small decoder with random weights, the same bits on every machine.</summary>
internal static class WorldModel
{
    private const int Hidden = 96, Inner = 256, Layers = 3, Heads = 4, KvHeads = 2, HeadDim = Hidden / Heads, MaxLength = 128;

    /// <summary>Writes the model folder: configuration, tokenizer and weights in float32.</summary>
    public static void Write(string folder, WorldTokenizer tokenizer, ulong seed)
    {
        var draw = new WorldDraw(seed, WorldDraw.Purpose.Weights);
        TensorEntry[] entries = [.. Shapes(tokenizer.Size).Select(tensor => TensorEntry.Create(tensor.Name, DType.F32, tensor.Shape))];
        using var writer = new CheckpointWriter(folder, entries);
        foreach (var entry in entries)
        {
            writer.Write(entry.Name, MemoryMarshal.AsBytes<float>(Values(entry, draw)));
        }

        writer.WriteText("config.json", JsonFile.Indented(Config(tokenizer)));
        writer.WriteText("generation_config.json", JsonFile.Indented(new JsonObject
        {
            ["bos_token_id"] = tokenizer.Id(WorldTokenizer.Begin),
            ["eos_token_id"] = tokenizer.Id(WorldTokenizer.End),
            ["pad_token_id"] = tokenizer.Id(WorldTokenizer.Pad),
        }));
        writer.WriteText("tokenizer.json", tokenizer.TokenizerJson());
        writer.WriteText("tokenizer_config.json", WorldTokenizer.ConfigJson(MaxLength));
        writer.Complete();
    }

    private static JsonObject Config(WorldTokenizer tokenizer) => new()
    {
        ["architectures"] = new JsonArray("LlamaForCausalLM"),
        ["model_type"] = "llama",
        ["vocab_size"] = tokenizer.Size,
        ["hidden_size"] = Hidden,
        ["intermediate_size"] = Inner,
        ["num_hidden_layers"] = Layers,
        ["num_attention_heads"] = Heads,
        ["num_key_value_heads"] = KvHeads,
        ["head_dim"] = HeadDim,
        ["hidden_act"] = "silu",
        ["max_position_embeddings"] = MaxLength,
        ["rms_norm_eps"] = 1e-5,
        ["rope_theta"] = 10000.0,
        ["attention_bias"] = false,
        ["mlp_bias"] = false,
        ["tie_word_embeddings"] = true,
        ["initializer_range"] = 0.02,
        ["bos_token_id"] = tokenizer.Id(WorldTokenizer.Begin),
        ["eos_token_id"] = tokenizer.Id(WorldTokenizer.End),
        ["pad_token_id"] = tokenizer.Id(WorldTokenizer.Pad),
        ["torch_dtype"] = "float32",
    };

    private static IEnumerable<(string Name, long[] Shape)> Shapes(int vocabulary)
    {
        yield return ("model.embed_tokens.weight", [vocabulary, Hidden]);
        for (int layer = 0; layer < Layers; layer++)
        {
            string prefix = $"model.layers.{layer}.";
            yield return ($"{prefix}input_layernorm.weight", [Hidden]);
            yield return ($"{prefix}self_attn.q_proj.weight", [Heads * HeadDim, Hidden]);
            yield return ($"{prefix}self_attn.k_proj.weight", [KvHeads * HeadDim, Hidden]);
            yield return ($"{prefix}self_attn.v_proj.weight", [KvHeads * HeadDim, Hidden]);
            yield return ($"{prefix}self_attn.o_proj.weight", [Hidden, Heads * HeadDim]);
            yield return ($"{prefix}post_attention_layernorm.weight", [Hidden]);
            yield return ($"{prefix}mlp.gate_proj.weight", [Inner, Hidden]);
            yield return ($"{prefix}mlp.up_proj.weight", [Inner, Hidden]);
            yield return ($"{prefix}mlp.down_proj.weight", [Hidden, Inner]);
        }

        yield return ("model.norm.weight", [Hidden]);
    }

    // Norms start at 1. Matrices are uniform with standard deviation 0.6 / sqrt(columns), the embedding with 0.02:
    // uniform rather than normal, because logarithms and cosines differ between machines in the last bit.
    private static float[] Values(TensorEntry entry, WorldDraw draw)
    {
        var values = new float[entry.ElementCount];
        if (entry.Shape is [_])
        {
            Array.Fill(values, 1f);
            return values;
        }

        double deviation = entry.Name == "model.embed_tokens.weight" ? 0.02 : 0.6 / Math.Sqrt(entry.Shape[1]);
        float reach = (float)(deviation * Math.Sqrt(3));
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = reach * draw.Symmetric();
        }

        return values;
    }
}
