using System.Security.Cryptography;
using Ballast.Configs;
using Ballast.Data;
using Ballast.Tests.Support;
using Xunit;

namespace Ballast.Tests.Data;

public class DatasetTests
{
    private static string Write(string text, string name = "rows.jsonl")
    {
        string path = Path.Combine(Shared.TemporaryFolder(), name);
        File.WriteAllText(path, text);
        return path;
    }

    /// <summary>Rows of tokens [i, i, ...] of 2 to 6 places, all but the first of them targets.</summary>
    private static string TokenRows(int count) => string.Concat(Enumerable.Range(1, count).Select(i =>
        $"{{\"input_ids\": [{string.Join(", ", Enumerable.Repeat(i, 2 + (i % 5)))}]}}\n"));

    private static TrainingData Load(DataSection section, ulong seed = 0, int vocabSize = 100) => TrainingData.Load(section, null, null, vocabSize, seed, null, TestContext.Current.CancellationToken);

    private static DataSection Section(string path) => new([new DataSource(path)]);

    private static string Fault(DataSection section) => Assert.Throws<DataException>(() => Load(section)).Message;

    [Fact]
    public void Token_rows_arrive_as_they_are_with_their_place()
    {
        string path = Write("""{"input_ids": [5, 6, 7], "labels": [-100, -100, 7]}""");
        Dataset train = Load(Section(path)).Train;
        TokenRow row = Assert.Single(train.Rows);
        Assert.Equal([5, 6, 7], row.InputIds);
        Assert.Equal([-100, -100, 7], row.Labels);
        Assert.Equal($"{path}:1", row.Source);
        Assert.Equal((3, 1, 3, 1.0 / 3), (train.Tokens, train.Targets, train.LongestRow, train.TrainedShare));
    }

    [Fact]
    public void The_reference_rows_of_gradient_accumulation_are_read()
    {
        Dataset train = Load(Section(Shared.Path("golden", "optim", "accumulation", "rows.jsonl")) with { MaxLength = 20 }, vocabSize: 160).Train;
        Assert.Equal((11, "tokens", 20), (train.Rows.Count, train.Sources[0].Format, train.LongestRow));
        Assert.Equal([86, 123, 101], train.Rows[0].InputIds[..3]);
        Assert.Equal(50, train.Rows.Take(8).Sum(row => row.Targets));
    }

    [Theory]
    [InlineData("""{"input_ids": [1, 2], "labels": [-100, -100]}""", "has no target token, so nothing would be learned from it")]
    [InlineData("""{"input_ids": [1, 2], "labels": [1, -100]}""", "has no target token, so nothing would be learned from it")]
    [InlineData("""{"input_ids": [1]}""", "has no target token, so nothing would be learned from it")]
    public void A2_a_row_without_a_target_stops_with_its_place(string row, string reason)
    {
        string path = Write(TokenRows(2) + row);
        Assert.Equal($"{path}:3: {reason} (mend the row, or let data.max_bad_rows leave some out)", Fault(Section(path)));
    }

    [Fact]
    public void A2_a_row_whose_targets_are_all_cut_off_stops_with_its_place()
    {
        string path = Write("""{"input_ids": [1, 2, 3, 4], "labels": [-100, -100, 3, 4]}""");
        Assert.StartsWith($"{path}:1: has no target token within the first 2 of its 4 tokens; raise data.max_length", Fault(Section(path) with { MaxLength = 2 }));
    }

    [Theory]
    [InlineData("""{"input_ids": [1, 100]}""", "input_ids[1]: the token 100 is outside the model's vocabulary of 100")]
    [InlineData("""{"input_ids": [1, -100]}""", "input_ids[1]: the token -100 is outside the model's vocabulary of 100")]
    [InlineData("""{"input_ids": [1, 2], "labels": [-100, -1]}""", "labels[1]: the token -1 is outside the model's vocabulary of 100")]
    [InlineData("""{"input_ids": [1, 2}""", "not valid JSON: '}' is invalid without a matching open")]
    [InlineData("""{"text": "x"}""", "input_ids: is missing")]
    public void F1_A10_a_faulty_row_stops_with_its_place_field_and_reason(string row, string reason)
    {
        string path = Write(TokenRows(1) + row);
        Assert.StartsWith($"{path}:2: {reason}", Fault(Section(path)));
    }

    [Fact]
    public void F2_bad_rows_up_to_the_limit_are_left_out_and_listed()
    {
        string path = Write(TokenRows(3) + "{broken\n" + TokenRows(2) + "{\"input_ids\": \"x\"}\n");
        Dataset train = Load(Section(path) with { MaxBadRows = 2 }).Train;
        Assert.Equal(5, train.Rows.Count);
        Assert.Equal(2, train.Sources[0].BadRows.Count);
        Assert.StartsWith($"{path}:4: not valid JSON", train.Sources[0].BadRows[0]);
        Assert.Equal($"{path}:7: input_ids: expected a list, got text", train.Sources[0].BadRows[1]);
        Assert.Equal($"{path}:7: input_ids: expected a list, got text (bad row 2, data.max_bad_rows is 1)", Fault(Section(path) with { MaxBadRows = 1 }));
    }

    [Fact]
    public void Long_rows_are_cut_dropped_or_refused_and_counted()
    {
        string path = Write(TokenRows(9)); // lengths 3 4 5 6 2 3 4 5 6
        Dataset cut = Load(Section(path) with { MaxLength = 4 }).Train;
        Assert.Equal((9, 4, 0, 4), (cut.Rows.Count, cut.Sources[0].Truncated, cut.Sources[0].Dropped, cut.LongestRow));
        Dataset dropped = Load(Section(path) with { MaxLength = 4, TooLong = TooLong.Drop }).Train;
        Assert.Equal((5, 0, 4, 4), (dropped.Rows.Count, dropped.Sources[0].Truncated, dropped.Sources[0].Dropped, dropped.LongestRow));
        Assert.StartsWith($"{path}:3: has 5 tokens, above data.max_length of 4", Fault(Section(path) with { MaxLength = 4, TooLong = TooLong.Error }));
        Assert.Equal($"{path}: no row is left to train on", Fault(Section(path) with { MaxLength = 2, TooLong = TooLong.Drop, Train = [new(path, MaxRows: 4)] }));
    }

    [Fact]
    public void Sources_are_concatenated_each_with_its_own_limit_and_hash()
    {
        string one = Write(TokenRows(5));
        string two = Write("input_ids\n", "empty.csv");
        Dataset train = Load(new DataSection([new(one, "tokens", 2), new(one), new(two)])).Train;
        Assert.Equal([2, 5, 0], train.Sources.Select(source => source.Rows));
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(one))), train.Sources[0].Sha256);
    }

    [Fact]
    public void The_hash_of_the_rows_is_over_lengths_ids_and_labels()
    {
        byte[] bytes = [2, 0, 0, 0, 7, 0, 0, 0, 8, 0, 0, 0, 0x9C, 0xFF, 0xFF, 0xFF, 8, 0, 0, 0];
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(bytes)), new Dataset([new([7, 8], [-100, 8], "x")], []).RowsSha256());
    }

    [Fact]
    public void A9_a_share_is_held_out_by_the_seed_and_nothing_is_lost()
    {
        DataSection section = Section(Write(TokenRows(40))) with { ValidationShare = 0.25 };
        TrainingData zero = Load(section, 0);
        Assert.Equal((30, 10), (zero.Train.Rows.Count, zero.Validation!.Rows.Count));
        Assert.Equal(40, zero.Train.Rows.Concat(zero.Validation.Rows).Select(row => row.Source).Distinct().Count());
        Assert.Equal(zero.Train.Rows.Sum(row => (long)row.Length), zero.Train.Tokens);
        Assert.Equal(zero.Validation.RowsSha256(), Load(section, 0).Validation!.RowsSha256());
        Assert.NotEqual(zero.Validation.RowsSha256(), Load(section, 1).Validation!.RowsSha256());
        Assert.Equal("data.validation_share needs at least two rows to hold one out", Fault(Section(Write(TokenRows(1))) with { ValidationShare = 0.5 }));
    }

    [Fact]
    public void Validation_sources_are_read_like_training_sources()
    {
        TrainingData data = Load(Section(Write(TokenRows(3))) with { Validation = [new(Write(TokenRows(2)))] });
        Assert.Equal((3, 2), (data.Train.Rows.Count, data.Validation!.Rows.Count));
        Assert.Null(Load(Section(Write(TokenRows(3)))).Validation);
    }

    [Fact]
    public void Reading_can_be_watched_and_ended()
    {
        string path = Write(TokenRows(30));
        using var source = new CancellationTokenSource();
        var progress = new Watch(rows => { if (rows == 7) { source.Cancel(); } });
        Assert.Throws<OperationCanceledException>(() => TrainingData.Load(Section(path), null, null, 100, 0, progress, source.Token));
        Assert.Equal(7, progress.Last);
    }

    [Fact]
    public void Text_rows_need_a_tokenizer_and_conversations_a_template()
    {
        string text = Write("""{"text": "x"}""");
        Assert.Equal($"{text}:1: the model has no tokenizer, so its rows must be tokens already (format tokens)", Fault(Section(text)));
        string chat = Write("""{"instruction": "x", "output": "y"}""");
        Assert.StartsWith($"{chat}:1: the model has no chat template for these rows; use format alpaca-prompt, ", Fault(Section(chat)));
    }

    private sealed class Watch(Action<int> seen) : IProgress<int>
    {
        public int Last { get; private set; }

        public void Report(int value)
        {
            Last = value;
            seen(value);
        }
    }
}
