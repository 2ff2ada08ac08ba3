using System.Text.Json.Nodes;
using Ballast.Cli;
using Ballast.Tests.Support;
using Xunit;

namespace Ballast.Tests.Cli;

public sealed class EvalVerbTests : IDisposable
{
    private readonly string _folder = Shared.TemporaryFolder();
    private readonly string _model;
    private readonly string _other;
    private readonly string _suite;
    private readonly string _output;

    public EvalVerbTests()
    {
        _model = TinyModel.Create(Path.Combine(_folder, "a", "model"), 1);
        _other = TinyModel.Create(Path.Combine(_folder, "b", "model"), 2);
        File.WriteAllText(Path.Combine(_folder, "prompts.csv"), "prompt\nHow?\nWhy?\nWhen?\n");
        _suite = Path.Combine(_folder, "small.yaml");
        File.WriteAllText(_suite, "name: small\nkind: harmful\nprompts: prompts.csv\ncolumn: prompt\nmax_new_tokens: 4\n");
        _output = Path.Combine(_folder, "eval");
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Eval_writes_samples_summary_and_report_and_prints_a_table()
    {
        string table = CommandLine.Run("eval", _model, "--suite", _suite, "--out", _output).Success();
        Assert.Matches(@"(?m)^small/attack-success-rate/extended +[^/]+/model +\d+\.\d % +\d+\.\d to \d+\.\d % +3$", table);
        Assert.Equal(["report.html", "samples.jsonl", "summary.json"], Directory.GetFiles(_output).Select(Path.GetFileName).Order());
        Assert.Equal(3, File.ReadAllLines(Path.Combine(_output, "samples.jsonl")).Length);
    }

    [Fact]
    public void J11_two_models_are_compared_on_the_same_prompts()
    {
        var summary = JsonNode.Parse(CommandLine.Run("eval", _model, _other, "--suite", _suite, "--out", _output, "--json").Success())!;
        Assert.Equal(["a/model", "b/model"], summary["models"]!.AsArray().Select(model => (string)model!["name"]!));
        var pair = summary["comparisons"]!.AsArray()[0]!;
        Assert.Equal(("a/model", "b/model", 3), ((string)pair["first"]!, (string)pair["second"]!, (int)pair["count"]!));
        Assert.Contains("paired on the same prompts", CommandLine.Run("eval", _model, _other, "--suite", _suite, "--out", _output).Success());
    }

    [Fact]
    public void K1_a_second_run_answers_only_what_is_missing()
    {
        string[] args = ["eval", _model, "--suite", _suite, "--out", _output];
        CommandLine.Run([.. args, "--limit", "2"]).Success();
        Assert.Equal(2, File.ReadAllLines(Path.Combine(_output, "samples.jsonl")).Length);
        CommandLine.Run(args).Success();
        var again = CommandLine.Run(args);
        again.Success();
        Assert.DoesNotContain("answering", again.Error);
    }

    [Fact]
    public void J12_without_a_benign_suite_a_warning_says_so() =>
        Assert.Contains("warning: Over-refusal was not measured", CommandLine.Run("eval", _model, "--suite", _suite, "--out", _output).Error);

    [Fact]
    public void Bad_input_is_one_line()
    {
        Assert.Contains("no suite 'nonsense'", CommandLine.Run("eval", _model, "--suite", "nonsense", "--out", _output).UserFault());
        Assert.Contains("/nowhere", CommandLine.Run("eval", "/nowhere", "--suite", _suite, "--out", _output).UserFault());
        Assert.Contains("--limit", CommandLine.Run("eval", _model, "--suite", _suite, "--out", _output, "--limit", "0").UserFault());
        Assert.Contains("--suite", CommandLine.Run("eval", _model).UserFault());
        Assert.Contains("twice", CommandLine.Run("eval", _model, _model, "--suite", _suite, "--out", _output).UserFault());
        Assert.Contains("BALLAST_DATA", CommandLine.Run("eval", _model, "--suite", "strongreject", "--out", _output).UserFault());
    }

    [Theory]
    [InlineData(new[] { "/x/a/model", "/x/b/model" }, new[] { "a/model", "b/model" })]
    [InlineData(new[] { "/x/base/", "/x/tuned" }, new[] { "base", "tuned" })]
    [InlineData(new[] { "/x/base", "/x/run/model" }, new[] { "base", "run/model" })]
    [InlineData(new[] { "/x/base", "/x/base+/x/run/model" }, new[] { "base", "base+run/model" })]
    public void Models_are_named_by_as_much_of_their_path_as_tells_them_apart(string[] folders, string[] names) =>
        Assert.Equal(names, ModelNames.Of(folders));
}
