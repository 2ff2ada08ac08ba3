using System.Diagnostics;
using System.Globalization;
using Ballast.Tests.Cli;
using Xunit;

namespace Ballast.Tests.Training;

/// <summary>Kills tuning with SIGKILL at random points, and each time gives the same command again: in the end the weights are those of a run that was left in peace.</summary>
/// <remarks>Ten kills in the suite; <c>tests/fault 100</c> does as many as asked.</remarks>
public sealed class FaultTests : IDisposable
{
    private readonly SmallRun _run = new("ema:\n  decay: 0.8\ncheckpoints:\n  every: 1\n");
    private int _kills, _whileSaving, _whileFinishing, _runs;

    public void Dispose() => _run.Dispose();

    [Fact]
    public void D5_D11_a_run_that_is_killed_again_and_again_ends_in_the_same_weights()
    {
        int wanted = int.Parse(Environment.GetEnvironmentVariable("BALLAST_FAULTS") ?? "10", CultureInfo.InvariantCulture);
        int seed = int.Parse(Environment.GetEnvironmentVariable("BALLAST_FAULT_SEED") ?? "1", CultureInfo.InvariantCulture);
        var random = new Random(seed);
        Finish("whole");
        (string Model, string Plain, IReadOnlyList<string> Metrics) whole = (_run.Hash("whole"), _run.Hash("whole", "plain"), _run.Metrics("whole"));
        while (_kills < wanted)
        {
            string name = $"run-{++_runs}";
            while (_kills < wanted && Killed(name, random))
            {
                _kills++;
            }

            Finish(name);
            Assert.Equal((whole.Model, whole.Plain), (_run.Hash(name), _run.Hash(name, "plain")));
            Assert.Equal(whole.Metrics, _run.Metrics(name));
            Assert.DoesNotContain(Directory.EnumerateFileSystemEntries(_run.At(name), ".*partial*", SearchOption.AllDirectories), _ => true);
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}: {_kills} kills in {_runs} runs, {_whileSaving} while a checkpoint and {_whileFinishing} while a model was written");
    }

    private string Recipe(string name)
    {
        File.WriteAllText(_run.At("recipe.yaml"), _run.Text(name));
        return _run.At("recipe.yaml");
    }

    private void Finish(string name) => CommandLine.RunProcess("tune", Recipe(name)).Success();

    // Waits for a random line of the run's messages and a little longer; a run that ends before is not killed.
    private bool Killed(string name, Random random)
    {
        using var process = CommandLine.Start("tune", Recipe(name));
        for (int lines = random.Next(15); lines > 0 && process.StandardError.ReadLine() is not null; lines--)
        {
        }

        long began = Stopwatch.GetTimestamp();
        double pause = random.NextDouble() * 25;
        while (Stopwatch.GetElapsedTime(began).TotalMilliseconds < pause)
        {
            Thread.Yield();
        }

        process.Kill();
        process.StandardError.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode == 0)
        {
            return false;
        }

        Assert.Equal(137, process.ExitCode);
        _whileSaving += Leftovers(_run.At(name, "checkpoints"));
        _whileFinishing += Leftovers(_run.At(name));
        return true;
    }

    private static int Leftovers(string folder) => Directory.Exists(folder) && Directory.EnumerateDirectories(folder, ".*.partial-*").Any() ? 1 : 0;
}
