using Ballast.Data;
using Ballast.Models;
using Ballast.Tensors;
using Ballast.Tests.Support;
using Ballast.Tests.Training;
using Xunit;

namespace Ballast.Tests.Models;

public class PackingTests
{
    // Longer than a block of the attention kernel, shorter than one, and one token.
    private static readonly TokenRow[] s_rows = [.. new[] { 70, 3, 33, 1, 12 }.Select((length, row) =>
    {
        int[] ids = [.. Enumerable.Range(0, length).Select(i => (i * i + row * 5 + 3) % 23)];
        return new TokenRow(ids, [.. ids.Select((id, i) => i % 3 == 0 ? TokenRow.NoTarget : id)], $"rows.jsonl:{row}");
    })];

    private static readonly DecoderConfig s_config = TrainerTests.Tiny with { MaxSeqLen = 128 };

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(true, true)]
    public void A4_the_logits_of_a_packed_row_are_those_it_has_alone(bool plain, bool everyFeature)
    {
        void Compare()
        {
            using var model = Decoder.Create(everyFeature ? TrainerTests.EveryFeature with { MaxSeqLen = 128 } : s_config, 1);
            using var packed = model.Logits(RowPacking.Pack(s_rows));
            float[] together = packed.ToArray<float>();
            int start = 0;
            foreach (var row in s_rows)
            {
                using var logits = model.Logits(BatchLoader.Pad([row]));
                GoldenTensors.Close(logits.ToArray<float>(), together.AsSpan(start * 23, row.Length * 23).ToArray(), 1e-5, row.Source);
                start += row.Length;
            }
        }

        if (plain)
        {
            Ops.Plain(Compare);
        }
        else
        {
            Compare();
        }
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(true, true)]
    public void A4_packed_rows_give_the_loss_and_the_gradient_of_padded_ones(bool plain, bool everyFeature)
    {
        (LossResult Result, float[] Gradient) Pass(TokenBatch batch)
        {
            using var model = Decoder.Create(everyFeature ? TrainerTests.EveryFeature with { MaxSeqLen = 128 } : s_config, 1, training: true);
            LossResult? result = null;
            void Backward() => result = model.Backward(batch, 1.0 / batch.TargetCount);
            if (plain)
            {
                Ops.Plain(Backward);
            }
            else
            {
                Backward();
            }

            model.Weights.CompleteGradients();
            return (result!, model.Weights.Grad!.ToArray<float>());
        }

        var (padded, expected) = Pass(BatchLoader.Pad(s_rows));
        var (packed, gradient) = Pass(RowPacking.Pack(s_rows));
        Assert.Equal(padded.TotalLoss, packed.TotalLoss, 1e-3);
        Assert.Equal(padded.TotalCorrect, packed.TotalCorrect);
        Assert.Contains(expected, value => Math.Abs(value) > 1e-2);
        GoldenTensors.Close(expected, gradient, 2e-6, "gradient");
    }
}
