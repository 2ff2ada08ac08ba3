using System.Diagnostics;
using System.Text.Json.Nodes;
using Ballast.Tests.Training;
using Xunit;

namespace Ballast.Tests.Cli;

/// <summary>Interrupting, resuming and looking at a run from the command line.</summary>
public sealed class ResumeVerbTests : IDisposable
{
    private readonly SmallRun _run = new("checkpoints:\n  every: 4\n");
    private readonly string _recipe;

    public ResumeVerbTests()
    {
        _recipe = _run.At("recipe.yaml");
        File.WriteAllText(_recipe, _run.Text("run"));
    }

    public void Dispose() => _run.Dispose();

    [Theory]
    [InlineData("TERM", 143)]
    [InlineData("INT", 130)]
    public void D8_D9_a_signal_saves_the_state_and_the_same_command_goes_on(string signal, int code)
    {
        string[] command = ["tune", _recipe, "--set", "training.epochs=100000"];
        int before = 0;
        for (int start = 0; start < 2; start++)
        {
            using var process = CommandLine.Start(command);
            string said = ReadUntilStep(process);
            Assert.Equal(start > 0, said.Contains($"going on after step {before} of 300000, from ", StringComparison.Ordinal));
            CommandLine.Signal(process, signal);
            string error = process.StandardError.ReadToEnd();
            process.WaitForExit();
            Assert.Equal(code, process.ExitCode);
            Assert.Matches("interrupted after step [0-9]+ of 300000, state saved in [0-9.]+ s in .*/run/checkpoints/step-[0-9]+; the same command goes on from there\n$", error);
            int step = (int)_run.Facts("run")["steps"]!;
            Assert.True(step > before);
            before = step;
        }

        var summary = JsonNode.Parse(CommandLine.Run("report", _run.At("run"), "--json").Success())!;
        Assert.Equal(("interrupted", before), ((string)summary["status"]!, (int)summary["step"]!));
    }

    [Fact]
    public void D11_tuning_twice_prints_the_model_again_and_changes_nothing()
    {
        string first = CommandLine.Run("tune", _recipe).Success();
        Assert.Equal(_run.At("run", "model"), first.TrimEnd());
        var again = CommandLine.Run("tune", _recipe);
        Assert.Equal(first, again.Success());
        Assert.Contains("this run is complete; nothing was changed", again.Error);
        Assert.Contains("holds files already", CommandLine.Run("tune", _recipe, "--resume", "never").UserFault());
        Assert.Contains("training.seed is 0 there and 1 here", CommandLine.Run("tune", _recipe, "--set", "training.seed=1").UserFault());
    }

    [Fact]
    public void D9_the_time_that_a_save_takes_is_said_and_the_rest_of_the_run_estimated()
    {
        var outcome = CommandLine.Run("tune", _recipe);
        outcome.Success();
        Assert.Matches("checkpoint .*step-4: [0-9.]+ MB saved in [0-9.]+ s\n", outcome.Error);
        Assert.Matches("step 1/9 .* about [0-9]+ s left\n", outcome.Error);
        Assert.DoesNotMatch("step 9/9 .* left", outcome.Error);
    }

    [Theory]
    [InlineData(0.4, "0 s")]
    [InlineData(89, "89 s")]
    [InlineData(720, "12 min")]
    [InlineData(11100, "3 h 05 min")]
    [InlineData(180000, "50 h 00 min")]
    public void Remaining_time_reads_well(double seconds, string words) => Assert.Equal(words, Ballast.Cli.RemainingTime.InWords(TimeSpan.FromSeconds(seconds)));

    [Fact]
    public void Remaining_time_counts_the_steps_of_this_process_and_of_one_run_alone()
    {
        var clock = new Clock();
        var remaining = new Ballast.Cli.RemainingTime(clock);
        remaining.Begin(5);
        Assert.Null(remaining.After(5, 9, null));
        clock.Seconds = 10;
        Assert.Equal(TimeSpan.FromSeconds(30), remaining.After(6, 9, null));  // one step in ten seconds, three are left
        Assert.Null(remaining.After(9, 9, null));
        clock.Seconds = 100;
        Assert.Null(remaining.After(1, 9, "control-rate"));
        clock.Seconds = 102;
        Assert.Equal(TimeSpan.FromSeconds(14), remaining.After(2, 9, "control-rate"));
    }

    private sealed class Clock : TimeProvider
    {
        public long Seconds { get; set; }

        public override long TimestampFrequency => 1;

        public override long GetTimestamp() => Seconds;
    }

    [Fact]
    public void Report_draws_a_run_at_any_time()
    {
        _run.Interrupt("run", 5);
        string page = _run.At("run", "report.html");
        Assert.False(File.Exists(page));
        Assert.Equal(page, CommandLine.Run("report", _run.At("run")).Success().TrimEnd());
        Assert.Contains("interrupted: step 5 of 9", File.ReadAllText(page));
        CommandLine.Run("tune", _recipe).Success();
        Assert.Contains("finished: step 9 of 9", File.ReadAllText(page));
        Assert.Contains("<svg", File.ReadAllText(page));
        File.Delete(page);
        var summary = JsonNode.Parse(CommandLine.Run("report", _run.At("run"), "--json").Success())!;
        Assert.Equal(("finished", 9, 9), ((string)summary["status"]!, (int)summary["step"]!, (int)summary["total_steps"]!));
        Assert.Equal([8, 9], summary["checkpoints"]!.AsArray().Select(step => (int)step!));
        Assert.True((double)summary["last"]!["loss"]! > 0);
        Assert.True(File.Exists(page));
        Assert.Contains("holds no tuning run", CommandLine.Run("report", _run.Model).UserFault());
    }

    [Fact]
    public void Report_tells_a_running_run_from_one_that_was_killed()
    {
        using (var process = CommandLine.Start("tune", _recipe, "--set", "training.epochs=100000"))
        {
            ReadUntilStep(process);
            Assert.Equal("running", Status());
            process.Kill();
            process.WaitForExit();
        }

        Assert.Equal("ended without a word", Status());
        string Status() => (string)JsonNode.Parse(CommandLine.Run("report", _run.At("run"), "--json").Success())!["status"]!;
    }

    [Fact]
    public void A_damaged_checkpoint_is_named_on_stderr()
    {
        _run.Interrupt("run", 6);
        string weights = _run.At("run", "checkpoints", "step-6", "weights.safetensors");
        byte[] bytes = File.ReadAllBytes(weights);
        bytes[^1] ^= 1;
        File.WriteAllBytes(weights, bytes);
        var outcome = CommandLine.Run("tune", _recipe);
        outcome.Success();
        Assert.Contains($"checkpoint step 6 is refused, looking for the one before: {weights}: its SHA-256 differs", outcome.Error);
        Assert.Contains("going on after step 4 of 9", outcome.Error);
    }

    private static string ReadUntilStep(Process process)
    {
        string said = "";
        while (process.StandardError.ReadLine() is string line)
        {
            said += line + "\n";
            if (line.StartsWith("step ", StringComparison.Ordinal))
            {
                return said;
            }
        }

        throw new InvalidOperationException(said);
    }
}
