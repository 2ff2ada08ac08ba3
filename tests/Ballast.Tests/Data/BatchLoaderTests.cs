using System.Text.Json.Nodes;
using Ballast.Data;
using Ballast.Models;
using Ballast.Tests.Support;
using Xunit;

namespace Ballast.Tests.Data;

public class BatchLoaderTests
{
    /// <summary>Rows of 2 to 8 tokens whose ids tell them apart.</summary>
    private static TokenRow[] Rows(int count) => [.. Enumerable.Range(0, count).Select(i =>
    {
        int[] ids = [.. Enumerable.Repeat(i + 1, 2 + (i * 3 % 7))];
        return new TokenRow(ids, [TokenRow.NoTarget, .. ids[1..]], $"rows:{i + 1}");
    })];

    private static string[] Sources(IReadOnlyList<TokenBatch> step) => [.. step.SelectMany(batch => batch.Sources!)];

    [Fact]
    public void A_batch_is_padded_on_the_right_to_its_longest_row()
    {
        TokenBatch batch = BatchLoader.Pad([new([5, 6, 7], [-100, 6, 7], "f:1"), new([8, 9], [-100, 9], "f:2")], padId: 1);
        Assert.Equal([5, 6, 7, 8, 9, 1], batch.InputIds);
        Assert.Equal([-100, 6, 7, -100, 9, -100], batch.Labels!);
        Assert.Equal((2, 3, 3), (batch.Batch, batch.Tokens, batch.TargetCount));
        Assert.Equal(["f:1", "f:2"], batch.Sources!);
    }

    [Fact]
    public void A1_a_label_at_position_0_is_no_target() => Assert.Equal((2, 0), (new TokenRow([5, 6, 7], [5, 6, 7], "").Targets, new TokenRow([5, 6], [5, -100], "").Targets));

    [Fact]
    public void A1_targets_of_the_reference_rows_are_counted_as_the_reference_does()
    {
        JsonNode golden = JsonNode.Parse(File.ReadAllText(Shared.Path("golden", "optim", "accumulation", "golden.json")))!;
        TokenRow[] rows = [.. File.ReadLines(Shared.Path("golden", "optim", "accumulation", "rows.jsonl")).Select(line => JsonNode.Parse(line)!)
            .Select(row => new TokenRow([.. row["input_ids"]!.AsArray().Select(id => (int)id!)], [.. row["labels"]!.AsArray().Select(id => (int)id!)], ""))];
        int expected = (int)golden["8x1"]!["num_items_in_batch"]!;
        foreach (int microBatchSize in new[] { 8, 4, 2, 1 })
        {
            Assert.Equal(expected, new BatchLoader(rows, 8, microBatchSize, seed: null).Next().Sum(batch => batch.TargetCount));
        }
    }

    [Fact]
    public void Every_epoch_gives_each_row_once_in_an_order_of_its_own()
    {
        var loader = new BatchLoader(Rows(11), batchSize: 4, microBatchSize: 2, seed: 0);
        Assert.Equal(3, loader.StepsPerEpoch);
        List<string[]> epochs = [];
        for (int epoch = 0; epoch < 2; epoch++)
        {
            IReadOnlyList<TokenBatch>[] steps = [loader.Next(), loader.Next(), loader.Next()];
            Assert.Equal([4, 4, 3], steps.Select(step => step.Sum(batch => batch.Batch)));
            Assert.Equal([2, 2, 2, 2, 2, 1], steps.SelectMany(step => step).Select(batch => batch.Batch));
            epochs.Add([.. steps.SelectMany(Sources)]);
            Assert.Equal(11, epochs[epoch].Distinct().Count());
        }

        Assert.NotEqual(epochs[0], epochs[1]);
    }

    [Fact]
    public void A6_the_tokens_in_the_batches_are_the_tokens_of_the_rows()
    {
        TokenRow[] rows = Rows(23);
        var loader = new BatchLoader(rows, 5, 2, seed: 3);
        TokenBatch[] batches = [.. loader.Steps().Take(loader.StepsPerEpoch).SelectMany(step => step)];
        Assert.Equal(rows.Sum(row => row.Length), batches.Sum(batch => batch.InputIds.Count(id => id != 0)));
        Assert.Equal(rows.Sum(row => row.Targets), batches.Sum(batch => batch.TargetCount));
    }

    [Fact]
    public void A9_seed_0_is_repeatable_and_differs_from_seed_1_and_from_no_seed()
    {
        string[] Epoch(ulong? seed) => Sources(new BatchLoader(Rows(20), 20, 4, seed).Next());
        Assert.Equal(Epoch(0), Epoch(0));
        Assert.NotEqual(Epoch(0), Epoch(1));
        Assert.NotEqual(Epoch(0), Epoch(null));
        var unshuffled = new BatchLoader(Rows(20), 1, 1, seed: null);
        Assert.Equal(Rows(20).Select(row => row.Source), unshuffled.Steps().Take(20).SelectMany(Sources));
    }

    [Fact]
    public void D2_a_loader_set_to_a_saved_cursor_goes_on_as_if_it_had_never_stopped()
    {
        var first = new BatchLoader(Rows(11), 4, 2, seed: 5);
        for (int step = 0; step < 4; step++)
        {
            first.Next();
        }

        Assert.Equal(new DataCursor(1, 4), first.Cursor);
        var second = new BatchLoader(Rows(11), 4, 2, seed: 5) { Cursor = first.Cursor };
        for (int step = 0; step < 5; step++)
        {
            Assert.Equal(Sources(first.Next()), Sources(second.Next()));
        }
    }

    [Fact]
    public void The_rows_of_a_step_are_sorted_by_length_and_none_leaves_its_step()
    {
        TokenRow[] rows = Rows(21);
        var loader = new BatchLoader(rows, 7, 3, seed: null);
        for (int step = 0; step < 3; step++)
        {
            IReadOnlyList<TokenBatch> batches = loader.Next();
            Assert.Equal(rows[(7 * step)..(7 * step + 7)].Select(row => row.Source).Order(), Sources(batches).Order());
            Assert.Equal(batches.OrderByDescending(batch => batch.Tokens), batches);
        }
    }

    [Fact]
    public void The_padding_share_is_the_padding_of_the_batches_given_out()
    {
        var loader = new BatchLoader(Rows(23), 6, 4, seed: 1);
        TokenBatch[] batches = [.. loader.Steps().Take(loader.StepsPerEpoch).SelectMany(step => step)];
        double padding = batches.Sum(batch => batch.InputIds.Count(id => id == 0)) / (double)batches.Sum(batch => batch.InputIds.Length);
        Assert.Equal(padding, loader.PaddingShare(), 12);
        Assert.InRange(padding, 0.05, 0.6);
    }
}
