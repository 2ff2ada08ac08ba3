using System.Runtime.InteropServices;

namespace Ballast.Cli;

/// <summary>Turns the first SIGINT or SIGTERM into a cancellation, so that a run can save its state for as long as that takes; the second
/// ends the process at once. A write beyond the limit of file sizes becomes a fault like any other.</summary>
internal sealed partial class Interruption : IDisposable
{
    // By default it kills the process in the middle of a write that exceeds 'ulimit -f'; where it is heard, the write fails with a reason.
    private const PosixSignal FileSizeExceeded = (PosixSignal)25;

    private readonly CancellationTokenSource _source = new();
    private readonly PosixSignalRegistration[] _registrations;
    private int _signals;

    public Interruption() => _registrations =
    [
        PosixSignalRegistration.Create(PosixSignal.SIGINT, Handle),
        PosixSignalRegistration.Create(PosixSignal.SIGTERM, Handle),
        .. OperatingSystem.IsWindows() ? Array.Empty<PosixSignalRegistration>() : [PosixSignalRegistration.Create(FileSizeExceeded, context => context.Cancel = true)],
    ];

    public CancellationToken Token => _source.Token;

    /// <summary>130 after SIGINT, 143 after SIGTERM.</summary>
    public int ExitCode { get; private set; } = Cli.ExitCode.Interrupted;

    public void Dispose()
    {
        foreach (var registration in _registrations)
        {
            registration.Dispose();
        }

        _source.Dispose();
    }

    private void Handle(PosixSignalContext context)
    {
        context.Cancel = true;
        int code = context.Signal == PosixSignal.SIGTERM ? Cli.ExitCode.Terminated : Cli.ExitCode.Interrupted;
        if (Interlocked.Increment(ref _signals) > 1)
        {
            EndNow(code);
        }

        ExitCode = code;
        Console.Error.WriteLine("stopping after the step at hand; a second signal ends at once");
        _source.Cancel();
    }

    /// <summary>Without exit handlers: another thread may be inside libtorch, which must not be torn down below it.</summary>
    [LibraryImport("libc", EntryPoint = "_exit")]
    private static partial void EndNow(int code);
}
