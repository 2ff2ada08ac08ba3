using Ballast.Checkpoints;

namespace Ballast.Cli;

/// <summary>Maps an exception to lines on stderr and an exit code.</summary>
internal static class Fault
{
    /// <summary>Known faults give one line per problem, anything else keeps its stack trace.</summary>
    public static int Report(Exception fault, Terminal terminal)
    {
        switch (fault)
        {
            case OperationCanceledException:
                terminal.Say(fault.Message);
                return ExitCode.Interrupted;
            case IOException full when WriteFault.IsFull(full):
                terminal.SayErrors($"the disk is full; free some space or write to another disk: {full.Message}");
                return ExitCode.Failure;
            case RunException or (IOException and not FileNotFoundException and not DirectoryNotFoundException):
                terminal.SayErrors(fault.Message);
                return ExitCode.Failure;
            case BallastException or IOException or UnauthorizedAccessException:
                terminal.SayErrors(fault.Message);
                return ExitCode.UserFault;
            default:
                terminal.Error.WriteLine(fault);
                return ExitCode.Failure;
        }
    }
}
