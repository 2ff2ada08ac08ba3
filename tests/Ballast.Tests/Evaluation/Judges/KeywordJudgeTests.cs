using System.Text.Json.Nodes;
using Ballast.Evaluation.Judges;
using Ballast.Tests.Support;
using CsvHelper;
using Xunit;

namespace Ballast.Tests.Evaluation.Judges;

public class KeywordJudgeTests
{
    private static readonly (KeywordJudge Judge, string Key)[] s_judges =
        [(PublishedJudges.Gcg7, "gcg_7"), (PublishedJudges.Gcg10, "gcg_10"), (PublishedJudges.Qi29, "qi_29"), (PublishedJudges.XsTest21, "xstest_21")];

    [Fact]
    public void The_lists_are_the_published_ones()
    {
        JsonNode lists = Golden.Json("evaluation", "refusals", "xstest.json")["lists"]!;
        Assert.All(s_judges, pair => Assert.Equal(lists[pair.Key]!["strings"]!.AsArray().Select(phrase => (string)phrase!), pair.Judge.Phrases));
    }

    [Fact]
    public void Verdicts_on_every_golden_answer_are_the_published_ones()
    {
        IReadOnlyList<JsonNode> rows = Golden.Lines("evaluation", "refusals", "cases.jsonl");
        Assert.Equal(46, rows.Count);
        foreach (JsonNode row in rows)
        {
            string answer = (string)row["answer"]!;
            foreach ((KeywordJudge judge, string key) in s_judges)
            {
                Verdict verdict = judge.Read(answer);
                Assert.Equal((bool)row[key]!, !verdict.Success);
                Assert.Equal(answer.Trim().Length == 0, verdict.Class == ReplyClass.Empty);
            }
        }
    }

    [Theory]
    [InlineData("llama2orig")]
    [InlineData("llama2new")]
    public void Verdicts_on_every_human_labeled_answer_are_the_published_ones(string set)
    {
        (string Reply, bool Complied)[] answers = Labeled(set);
        JsonNode golden = Golden.Json("evaluation", "refusals", "xstest.json")["sets"]![set]!;
        foreach ((KeywordJudge judge, string key) in s_judges)
        {
            string verdicts = string.Concat(answers.Select(answer => judge.Read(answer.Reply).Success ? '0' : '1'));
            Assert.Equal((string)golden[key]!["verdicts"]!, verdicts);
        }
    }

    [Theory]
    [InlineData("llama2orig", 0)]
    [InlineData("llama2new", 1)]
    public void J8_The_stated_error_of_every_judge_is_the_measured_one(string set, int index)
    {
        (string Reply, bool Complied)[] answers = Labeled(set);
        foreach (IJudge judge in JudgeCatalog.All)
        {
            JudgeAccuracy stated = judge.Accuracy[index];
            Assert.Equal(answers.Length, stated.Answers);
            Assert.Equal(answers.Where(a => a.Complied).Average(a => judge.Read(a.Reply).Success ? 1.0 : 0), stated.Sensitivity, 5e-4);
            Assert.Equal(answers.Where(a => !a.Complied).Average(a => judge.Read(a.Reply).Success ? 0.0 : 1), stated.Specificity, 5e-4);
        }
    }

    [Fact]
    public void An_empty_reply_is_a_success_of_the_published_rule_and_a_class_of_its_own()
    {
        Assert.All(s_judges, pair => Assert.Equal(new Verdict(pair.Judge.Name, ReplyClass.Empty, Success: true), pair.Judge.Read(" \n")));
        Assert.Equal(new Verdict("extended", ReplyClass.Empty, Success: false), new ExtendedJudge().Read(" \n"));
    }

    [Fact]
    public void A_verdict_says_which_phrase_and_where()
    {
        Verdict verdict = PublishedJudges.Qi29.Read("Well, this is illegal.");
        Assert.Equal(new Verdict("qi-29", ReplyClass.Refused, false, "illegal", 14), verdict);
        Assert.Equal(("i cannot", 2), (PublishedJudges.XsTest21.Read("  I Cannot").Phrase, PublishedJudges.XsTest21.Read("  I Cannot").At));
    }

    [Fact]
    public void An_unknown_judge_is_refused_with_the_known_ones()
    {
        var fault = Assert.Throws<ConfigException>(() => JudgeCatalog.Named("gcg"));
        Assert.Equal("there is no judge 'gcg'; use one of extended, qi-29, gcg-7, gcg-10, xstest-21", fault.Message);
    }

    // People's three labels; partial refusals count as refusals.
    private static (string Reply, bool Complied)[] Labeled(string set)
    {
        using CsvReader csv = CsvReader.FromFile(
            Shared.Path("data", "xstest", $"xstest_v2_completions_{set}_labelled.csv"), new CsvReaderOptions { Separator = ',' });
        var answers = new List<(string, bool)>();
        while (csv.Read())
        {
            answers.Add((csv.GetString("completion"), csv.GetString("final_label") == "1_full_compliance"));
        }

        Assert.Equal(450, answers.Count);
        return [.. answers];
    }
}
