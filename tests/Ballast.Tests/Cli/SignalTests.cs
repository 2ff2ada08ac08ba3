using System.Diagnostics;
using Ballast.Tests.Support;
using Xunit;

namespace Ballast.Tests.Cli;

/// <summary>A verb that waits for its next line from a named pipe stands for any piece of work that cannot stop at once, such as a save.</summary>
public sealed class SignalTests : IDisposable
{
    private readonly string _folder = Shared.TemporaryFolder();
    private readonly string _pipe;
    private readonly Process _process;
    private readonly FileStream _writer;

    public SignalTests()
    {
        _pipe = Path.Combine(_folder, "pipe");
        using (var make = Process.Start("mkfifo", [_pipe]))
        {
            make.WaitForExit();
        }

        string model = TinyModel.Create(Path.Combine(_folder, "model"));
        _process = CommandLine.Start("inspect", "tokens", model, "--jsonl", _pipe);
        _writer = new FileStream(_pipe, FileMode.Open, FileAccess.Write);
    }

    public void Dispose()
    {
        _writer.Dispose();
        _process.Kill();
        _process.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Theory]
    [InlineData("TERM", 143)]
    [InlineData("INT", 130)]
    public void D10_work_that_outlives_the_signal_by_three_seconds_is_finished(string signal, int code)
    {
        CommandLine.Signal(_process, signal);
        Assert.False(_process.WaitForExit(3000));
        _writer.Write("\"A\"\n"u8);
        _writer.Flush();
        Assert.True(_process.WaitForExit(60_000));
        Assert.Equal(code, _process.ExitCode);
        Assert.Equal("[65]\n", _process.StandardOutput.ReadToEnd());
        Assert.DoesNotContain("   at ", _process.StandardError.ReadToEnd());
    }

    [Fact]
    public void D8_a_second_signal_ends_the_process_at_once()
    {
        CommandLine.Signal(_process, "INT");
        Assert.Contains("a second signal ends at once", _process.StandardError.ReadLine());
        CommandLine.Signal(_process, "INT");
        Assert.True(_process.WaitForExit(60_000));
        Assert.Equal(130, _process.ExitCode);
    }
}
