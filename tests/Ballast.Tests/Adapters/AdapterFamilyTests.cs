using Ballast.Adapters;
using Ballast.Models;
using Ballast.Tensors;
using Ballast.Tests.Training;
using Xunit;

namespace Ballast.Tests.Adapters;

public class AdapterFamilyTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Gradients_of_an_adapter_on_every_feature_of_the_families_agree_with_finite_differences(bool fused)
    {
        var config = TrainerTests.EveryFeature with { FusedProjections = fused };
        using var model = Decoder.Create(config, 5, DType.F64);
        string[] modules = fused
            ? ["qkv_proj", "o_proj", "gate_up_proj", "down_proj", "embed_tokens"]
            : ["q_proj", "v_proj", "o_proj", "gate_proj", "down_proj", "embed_tokens"];
        Adapter.Create(model, new AdapterConfig { Rank = 2, TargetModules = new ModuleNames(modules, null) }, 1);
        var weights = model.Trainable.Master;
        using (var noise = weights.To(Device.Cpu))
        {
            noise.FillNormal(0.2, 12);
            weights.Add(noise);  // the second factors leave 0
        }

        int[] ids = [.. Enumerable.Range(0, 18).Select(i => ((i * 7) + (i / 9)) % 23)];
        var batch = new TokenBatch(ids, 2, ids);
        model.Backward(batch, 1);
        model.Trainable.CompleteGradients();
        double[] gradient = model.Trainable.Grad!.ToArray<double>();
        Assert.Contains(gradient, value => Math.Abs(value) > 1e-2);
        const double Step = 1e-5;
        for (int i = 0; i < gradient.Length; i += 3)
        {
            double kept = weights.Span<double>()[i];
            double At(double value)
            {
                weights.Span<double>()[i] = value;
                return model.Score(batch).TotalLoss;
            }

            double difference = (At(kept + Step) - At(kept - Step)) / (2 * Step);
            weights.Span<double>()[i] = kept;
            Assert.True(Math.Abs(difference - gradient[i]) <= 1e-6 * Math.Max(1, Math.Abs(difference)), $"element {i}: {gradient[i]} against {difference}");
        }
    }
}
