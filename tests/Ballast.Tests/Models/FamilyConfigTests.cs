using System.Text.Json.Nodes;
using Ballast.Models;
using Ballast.Models.Families;
using Xunit;

namespace Ballast.Tests.Models;

/// <summary>What the families make of a config.json: defaults, both forms, and refusals.</summary>
public class FamilyConfigTests
{
    [Fact]
    public void Absent_keys_mean_the_family_s_default()
    {
        (bool Tied, int HeadDim, int KvHeads, double Eps, int? Pad, double Softcap)[] read =
        [
            .. Family.All.Select(family => Read(family.Name)).Select(c => (c.TieWordEmbeddings, c.HeadDim, c.NumKvHeads, c.RmsNormEps, c.PadTokenId, c.AttentionSoftcap)),
        ];
        Assert.Equal(
            [
                (false, 4, 64, 1e-6, null, 0), (false, 4, 8, 1e-6, null, 0), (false, 4, 32, 1e-6, null, 0), (false, 128, 32, 1e-6, null, 0), (false, 4, 64, 1e-5, 32000, 0),
                (true, 256, 16, 1e-6, 0, 0), (true, 256, 16, 1e-6, 0, 50),
            ],
            read);
        Assert.All(Family.All, family => Assert.Equal(10000, Read(family.Name).Rotary.Theta));
    }

    [Theory]
    [InlineData("llama", "{}", null, null, null)]
    [InlineData("mistral", "{}", 4096, 4096, 4096)]
    [InlineData("mistral", """{"sliding_window": null}""", null, null, null)]
    [InlineData("phi3", "{}", null, null, null)]
    [InlineData("phi3", """{"sliding_window": 7}""", 7, 7, 7)]
    [InlineData("qwen2", """{"sliding_window": 5, "max_window_layers": 1}""", null, null, null)]
    [InlineData("qwen2", """{"sliding_window": 5, "max_window_layers": 1, "use_sliding_window": true}""", null, 5, 5)]
    [InlineData("qwen3", """{"sliding_window": 5, "use_sliding_window": true, "layer_types": ["sliding_attention", "full_attention", "sliding_attention"]}""", 5, null, 5)]
    [InlineData("gemma2", """{"sliding_window": 6}""", 6, null, 6)]
    [InlineData("gemma2", """{"sliding_window": 6, "layer_types": ["full_attention", "sliding_attention", "full_attention"]}""", null, 6, null)]
    [InlineData("llama", """{"layer_types": ["full_attention", "full_attention", "full_attention"]}""", null, null, null)]
    public void Windows_are_those_of_the_family_and_the_file(string family, string more, int? first, int? second, int? third)
    {
        var config = Read(family, more);
        Assert.Equal([first, second, third], Enumerable.Range(0, 3).Select(config.Window));
    }

    [Theory]
    [InlineData("""{"rope_theta": 5e5, "rope_scaling": {"type": "linear", "factor": 4}}""")]
    [InlineData("""{"rope_theta": 5e5, "rope_scaling": {"rope_type": "linear", "factor": 4.0}, "torch_dtype": "bfloat16"}""")]
    [InlineData("""{"rope_parameters": {"rope_theta": 5e5, "rope_type": "linear", "factor": 4.0}, "dtype": "bfloat16"}""")]
    public void Both_forms_of_the_rotary_keys_say_the_same(string more) => Assert.Equal(new LinearRotary(5e5, 4), Read("llama", more).Rotary);

    [Theory]
    [InlineData("""{"rope_scaling": {"type": "su", "long_factor": [2, 3], "short_factor": [1, 1.5]}, "original_max_position_embeddings": 16, "max_position_embeddings": 64}""")]
    [InlineData("""{"rope_scaling": {"type": "longrope", "long_factor": [2, 3], "short_factor": [1, 1.5], "original_max_position_embeddings": 16, "factor": 4}}""")]
    [InlineData("""{"rope_parameters": {"rope_type": "longrope", "long_factor": [2, 3], "short_factor": [1, 1.5], "original_max_position_embeddings": 16, "factor": 4}}""")]
    public void Longrope_has_its_old_name_and_its_places(string more)
    {
        var rotary = Assert.IsType<LongRotary>(Read("phi3", more).Rotary);
        Assert.Equal(16, rotary.ShortLength);
        Assert.Equal(Math.Sqrt(1.5), rotary.Magnitude, 1e-12);  // 1 + ln 4 / ln 16
        Assert.Equal([1f, (float)(1 / (1.5 * 100))], rotary.InverseFrequencies(4));
        Assert.Equal([0.5f, (float)(1 / (3.0 * 100))], rotary.InverseFrequencies(4, isLong: true));
    }

    [Fact]
    public void Yarn_keeps_fast_frequencies_and_divides_slow_ones()
    {
        var rotary = Read("qwen3", """{"head_dim": 8, "rope_scaling": {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 32768}}""").Rotary;
        float[] plain = new RotaryScaling(10000).InverseFrequencies(8), yarn = rotary.InverseFrequencies(8);
        // a ramp between the dimensions that turn 32 and 1 times: 8 ln(32768 / (32 * 2 pi)) / (2 ln 10000) = 2.2 and 8 ln(32768 / (2 pi)) / (2 ln 10000) = 3.7, so from 2 to 4
        Assert.Equal([plain[0], plain[1], plain[2], plain[3] * (0.5f + 0.5f / 4)], yarn, (a, b) => Math.Abs(a - b) <= 1e-6 * a);
        Assert.Equal(0.1 * Math.Log(4) + 1, rotary.Magnitude, 1e-12);
    }

    [Theory]
    [InlineData("falcon", "{}", "model_type is 'falcon'; expected one of the supported families: llama, mistral, qwen2, qwen3, phi3, gemma, gemma2")]
    [InlineData("gemma3_text", "{}", "model_type is 'gemma3_text'")]
    [InlineData("qwen3_moe", "{}", "model_type is 'qwen3_moe'")]
    [InlineData("llama", """{"hidden_act": "gelu"}""", "hidden_act is 'gelu'; expected 'silu'")]
    [InlineData("gemma", """{"hidden_activation": "gelu"}""", "hidden_activation is 'gelu'; expected 'gelu_pytorch_tanh'")]
    [InlineData("gemma", """{"hidden_act": "relu"}""", "hidden_act is 'relu'; expected 'gelu_pytorch_tanh' or 'gelu'")]
    [InlineData("mistral", """{"attention_bias": true}""", "attention_bias is true; expected no such key")]
    [InlineData("qwen2", """{"final_logit_softcapping": 30.0}""", "final_logit_softcapping is 30.0; expected no such key")]
    [InlineData("llama", """{"sliding_window": 4096}""", "sliding_window is 4096; expected no such key")]
    [InlineData("llama", """{"partial_rotary_factor": 0.5}""", "partial_rotary_factor is 0.5; expected 1")]
    [InlineData("phi3", """{"resid_pdrop": 0.1}""", "resid_pdrop is 0.1; expected 0")]
    [InlineData("phi3", """{"partial_rotary_factor": 1.5}""", "partial_rotary_factor is 1.5; expected a number above 0 and at most 1")]
    [InlineData("llama", """{"logits_scaling": 8}""", "logits_scaling is 8; expected 1")]
    [InlineData("llama", """{"quantization_config": {"bits": 4}}""", "quantization_config is {\"bits\":4}; expected no such key")]
    [InlineData("mistral", """{"num_local_experts": 8}""", "num_local_experts is 8; expected no such key")]
    [InlineData("gemma2", """{"use_bidirectional_attention": true}""", "use_bidirectional_attention is true")]
    [InlineData("llama", """{"rope_scaling": {"rope_type": "dynamic", "factor": 2}}""", "rope_type is 'dynamic'; expected default, linear, llama3, yarn or longrope")]
    [InlineData("llama", """{"rope_scaling": {"rope_type": "linear", "factor": 2, "mscale": 1}}""", "mscale is 1; expected no such key for rope_type linear")]
    [InlineData("phi3", """{"rope_scaling": {"type": "longrope", "long_factor": [1], "short_factor": [1], "original_max_position_embeddings": 16}}""", "short_factor is a list of 1; expected 2 numbers")]
    [InlineData("phi3", """{"rope_scaling": {"type": "longrope", "long_factor": [1, 1], "short_factor": [1, 1]}}""", "original_max_position_embeddings is missing; expected a whole number")]
    [InlineData("phi3", """{"rope_scaling": {"type": "longrope", "long_factor": [1, -1], "short_factor": [1, 1], "original_max_position_embeddings": 16}}""", "long_factor is [1,-1]; expected a list of positive numbers")]
    [InlineData("gemma2", """{"layer_types": ["full_attention"]}""", "layer_types is [\"full_attention\"]; expected 3 times full_attention or sliding_attention")]
    [InlineData("gemma2", """{"layer_types": ["full_attention", "chunked_attention", "full_attention"]}""", "expected 3 times full_attention or sliding_attention")]
    [InlineData("qwen2", """{"layer_types": ["sliding_attention", "full_attention", "full_attention"]}""", "none of them sliding without a window")]
    [InlineData("mistral", """{"layer_types": ["sliding_attention", "full_attention", "full_attention"]}""", "as sliding_window says")]
    [InlineData("llama", """{"layer_types": ["sliding_attention", "full_attention", "full_attention"]}""", "none of them sliding without a window")]
    public void What_is_not_supported_is_refused_by_name(string family, string more, string expected)
    {
        var fault = Assert.Throws<CheckpointException>(() => Read(family, more));
        Assert.StartsWith("models/x/config.json: ", fault.Message);
        Assert.Contains(expected, fault.Message);
    }

    [Fact]
    public void Harmless_keys_are_listed() =>
        Assert.Equal(["auto_map", "my_note"], Read("phi3", """{"auto_map": {"AutoConfig": "x"}, "my_note": 1, "attention_dropout": 0.0, "use_cache": true}""").IgnoredKeys);

    private static DecoderConfig Read(string family, string more = "{}")
    {
        var json = JsonNode.Parse("""{"vocab_size": 100, "hidden_size": 256, "intermediate_size": 64, "num_hidden_layers": 3, "num_attention_heads": 64}""")!.AsObject();
        json["model_type"] = family;
        foreach (var (key, value) in JsonNode.Parse(more)!.AsObject())
        {
            json[key] = value?.DeepClone();
        }

        return DecoderConfig.Parse(json, "models/x/config.json");
    }
}
