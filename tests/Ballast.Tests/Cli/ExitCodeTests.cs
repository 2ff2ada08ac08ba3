using Ballast.Cli;
using Xunit;

namespace Ballast.Tests.Cli;

public class ExitCodeTests
{
    [Theory]
    [InlineData("bogus")]
    [InlineData("--bogus")]
    [InlineData("@bogus")]
    public void H5_an_unknown_argument_is_one_line_and_exit_code_2(string argument)
    {
        string line = CommandLine.Run(argument).UserFault();
        Assert.StartsWith($"error: '{argument}' is none of ", line);
        Assert.Contains("ballast --help", line);
    }

    [Fact]
    public void H5_no_verb_is_one_line_and_exit_code_2() => Assert.Contains("ballast --help", CommandLine.Run().UserFault());

    [Fact]
    public void A_misspelt_verb_is_suggested() => Assert.Contains("did you mean 'inspect'?", CommandLine.Run("inspcet").UserFault());

    [Fact]
    public void H5_a_process_gives_exit_code_2_for_an_unknown_verb() =>
        Assert.Contains("'bogus'", CommandLine.RunProcess("bogus").UserFault());

    [Fact]
    public void Help_names_every_verb_on_stdout()
    {
        string help = CommandLine.Run("--help").Success();
        Assert.All(["demo", "tune", "eval", "generate", "merge", "inspect", "validate", "doctor", "list"], verb => Assert.Contains($"  {verb} ", help));
    }

    [Fact]
    public void The_version_is_one_line() => Assert.Matches(@"^\d+\.\d+\.\d+(\+[0-9a-f]+)?\n$", CommandLine.Run("--version").Success());

    [Theory]
    [InlineData(typeof(ConfigException), 2)]
    [InlineData(typeof(CheckpointException), 2)]
    [InlineData(typeof(DataException), 2)]
    [InlineData(typeof(RunException), 1)]
    public void A_known_fault_has_its_exit_code_and_one_line_for_each_problem(Type type, int code)
    {
        var outcome = Report((Exception)Activator.CreateInstance(type, "a.yaml:1:1: bad\na.yaml:2:1: worse", null)!);
        Assert.Equal(code, outcome.Code);
        Assert.Equal("error: a.yaml:1:1: bad\nerror: a.yaml:2:1: worse\n", outcome.Error);
    }

    [Fact]
    public void A_full_disk_is_one_line_and_exit_code_1()
    {
        var outcome = Report(new IOException("No space left on device : '/x'"));
        Assert.Equal((1, "error: No space left on device : '/x'\n"), (outcome.Code, outcome.Error));
    }

    [Fact]
    public void An_unexpected_fault_keeps_its_stack_trace_and_gives_1()
    {
        var outcome = Report(Assert.Throws<InvalidOperationException>(() => Array.Empty<int>().First()));
        Assert.Equal(1, outcome.Code);
        Assert.Contains(nameof(InvalidOperationException), outcome.Error);
        Assert.Contains("   at ", outcome.Error);
    }

    private static Outcome Report(Exception fault)
    {
        using var error = new StringWriter();
        int code = Fault.Report(fault, new Terminal(TextWriter.Null, error, false, false, CancellationToken.None));
        return new Outcome(code, "", error.ToString());
    }
}
