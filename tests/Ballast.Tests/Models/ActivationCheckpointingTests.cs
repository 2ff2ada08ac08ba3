using Ballast.Models;
using Ballast.Tensors;
using Ballast.Tests.Training;
using Xunit;

namespace Ballast.Tests.Models;

public class ActivationCheckpointingTests
{
    [Theory]
    [InlineData(DType.F32, false)]
    [InlineData(DType.BF16, false)]
    [InlineData(DType.F32, true)]
    [InlineData(DType.BF16, true)]
    public void Layers_computed_again_give_the_same_bits(DType dtype, bool everyFeature)
    {
        int[] ids = [.. Enumerable.Range(0, 40).Select(i => i * i % 23)];
        (double Loss, float[] Gradient) Pass(bool checkpointing)
        {
            using var model = Decoder.Create(everyFeature ? TrainerTests.EveryFeature : TrainerTests.Tiny, 1, dtype, training: true);
            model.ActivationCheckpointing = checkpointing;
            double loss = model.Backward(new TokenBatch(ids, 2, ids), 0.05).TotalLoss;
            model.Weights.CompleteGradients();
            return (loss, model.Weights.Grad!.ToArray<float>());
        }

        var kept = Pass(false);
        var again = Pass(true);
        Assert.Equal(kept.Loss, again.Loss);
        Assert.Equal(kept.Gradient, again.Gradient);
        Assert.Contains(kept.Gradient, value => Math.Abs(value) > 1e-2);
    }
}
