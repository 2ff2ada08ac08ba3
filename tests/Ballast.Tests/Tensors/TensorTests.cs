using Ballast.Models;
using Ballast.Tensors;
using Ballast.Tests.Training;
using Xunit;

namespace Ballast.Tests.Tensors;

public class TensorTests
{
    [Fact]
    public void I3_I4_a_failure_inside_libtorch_is_an_exception_with_its_words_on_one_line()
    {
        using Tensor a = Tensor.Zeros(DType.F32, Device.Cpu, 2, 3), b = Tensor.Zeros(DType.F32, Device.Cpu, 4, 5), result = Tensor.Zeros(DType.F32, Device.Cpu, 2, 5);
        var fault = Assert.Throws<TorchException>(() => Ops.Gemm(result, a, b));
        Assert.Contains("3", fault.Message);
        Assert.DoesNotContain('\n', fault.Message);
        using var c = Tensor.Zeros(DType.F32, Device.Cpu, 3, 5);
        Ops.Gemm(result, a, c);  // the library goes on working
        Assert.All(result.ToArray<float>(), value => Assert.Equal(0, value));
    }

    [Fact]
    public void A_view_keeps_the_memory_when_its_source_is_disposed()
    {
        Tensor view;
        using (var whole = Tensor.From<float>([1, 2, 3, 4, 5, 6], 2, 3))
        {
            view = whole.Narrow(0, 1, 1);
        }

        using (view)
        {
            Assert.Equal([4, 5, 6], view.ToArray<float>());
        }
    }

    [Fact]
    public void Elements_are_read_only_as_their_own_type()
    {
        using var tensor = Tensor.Zeros(DType.BF16, Device.Cpu, 2);
        Assert.Contains("BF16", Assert.Throws<ArgumentException>(() => tensor.Span<float>()[0]).Message);
    }

    [Fact]
    public void I10_the_weights_have_the_names_and_shapes_of_hugging_face()
    {
        using var model = Decoder.Create(TrainerTests.Tiny with { NumLayers = 1, TieWordEmbeddings = false, AttentionBias = true, OutputBias = true }, 0);
        string[] expected =
        [
            "lm_head.weight 23x16", "model.embed_tokens.weight 23x16", "model.layers.0.input_layernorm.weight 16", "model.layers.0.mlp.down_proj.weight 16x20",
            "model.layers.0.mlp.gate_proj.weight 20x16", "model.layers.0.mlp.up_proj.weight 20x16", "model.layers.0.post_attention_layernorm.weight 16",
            "model.layers.0.self_attn.k_proj.bias 8", "model.layers.0.self_attn.k_proj.weight 8x16", "model.layers.0.self_attn.o_proj.bias 16", "model.layers.0.self_attn.o_proj.weight 16x16",
            "model.layers.0.self_attn.q_proj.bias 16", "model.layers.0.self_attn.q_proj.weight 16x16", "model.layers.0.self_attn.v_proj.bias 8", "model.layers.0.self_attn.v_proj.weight 8x16",
            "model.norm.weight 16",
        ];
        Assert.Equal(expected, model.Weights.Names.Select(pair => $"{pair.Name} {string.Join('x', pair.Shape)}").Order(StringComparer.Ordinal));
        Assert.Equal(model.Config.ParameterCount, model.Weights.Master.Count);
    }

    [Fact]
    public void C6_the_average_tracks_every_trained_weight()
    {
        using var model = Decoder.Create(TrainerTests.Tiny, 0, training: true);
        using var ema = new Ballast.Training.WeightEma(model.Weights, new Ballast.Configs.EmaSection());
        Assert.Equal(model.Weights.Weights.Sum(weight => weight.Count), ema.Average.Count);
    }
}
