using Ballast.Models;
using Ballast.Tests.Support;
using Ballast.Tests.Training;
using Xunit;

namespace Ballast.Tests.Models;

public class LanguageHeadTests
{
    // With 32,768 tokens the head takes 64 rows at a time: 100 targets in two parts, the 50 of one sequence in one.
    [Fact]
    public void Targets_taken_in_several_parts_have_the_loss_and_the_gradients_of_each_sequence_alone()
    {
        var config = TrainerTests.Tiny with { VocabSize = 32768 };
        using var together = Decoder.Create(config, 1, training: true);
        using var apart = Decoder.Create(config, 1, training: true);
        int[][] texts = [.. Enumerable.Range(0, 2).Select(i => Enumerable.Range(0, 51).Select(j => ((i * 31) + (j * 677)) % 32768).ToArray())];

        var loss = together.Backward(new TokenBatch([.. texts[0], .. texts[1]], 2, [.. texts[0], .. texts[1]]), 0.01);
        double[] alone = [.. texts.Select(text => apart.Backward(new TokenBatch(text, 1, text), 0.01).TotalLoss)];

        Assert.Equal([50, 50], loss.Targets);
        Assert.Equal(alone[0], loss.LossSum[0], 1e-3);
        Assert.Equal(alone[1], loss.LossSum[1], 1e-3);
        together.Weights.CompleteGradients();
        apart.Weights.CompleteGradients();
        GoldenTensors.Close(apart.Weights.Grad!.ToArray<float>(), together.Weights.Grad!.ToArray<float>(), 1e-5, "gradient");
    }
}
