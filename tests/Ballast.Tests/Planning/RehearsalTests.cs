using Ballast.Configs;
using Ballast.Data;
using Ballast.Models;
using Ballast.Tests.Training;
using Ballast.Training;
using Xunit;

namespace Ballast.Tests.Planning;

public class RehearsalTests
{
    private static readonly TokenRow[] s_rows = [.. Enumerable.Range(0, 12).Select(i =>
    {
        int[] ids = [.. Enumerable.Range(0, 3 + i % 5).Select(j => (i * 7 + j * 3) % 23)];
        return new TokenRow(ids, ids, $"rows:{i}");
    })];

    [Fact]
    public void A_pass_before_the_first_step_changes_no_bit_of_what_is_learned() => Assert.Equal(Trained(rehearsed: false), Trained(rehearsed: true));

    [Theory]
    [InlineData(false, 4, 28)]  // four rows of at most 7 tokens, padded
    [InlineData(true, 1, 28)]   // packed up to four times the longest row
    public void The_largest_pass_has_the_longest_rows(bool packing, int sequences, int places)
    {
        var largest = new BatchLoader(s_rows, 8, 4, 0, packing: packing).Largest();
        Assert.Equal(sequences, largest.Batch);
        Assert.InRange(largest.InputIds.Length, places - 4, places);
        Assert.Contains("rows:4", largest.Sources!);
    }

    private static float[] Trained(bool rehearsed)
    {
        using var model = Decoder.Create(TrainerTests.Tiny, 1, training: true);
        var loader = new BatchLoader(s_rows, 4, 2, 0);
        if (rehearsed)
        {
            model.Backward(loader.Largest(), 1);
            model.Trainable.ForgetGradients();
        }

        new Trainer(model, new TrainingSection(LearningRate: 0.01), []).Train(loader.Steps(), 3, null, _ => { }, TestContext.Current.CancellationToken);
        return model.Weights.Master.ToArray<float>();
    }
}
