namespace Ballast.Cli;

/// <summary>What a finished process tells its caller.</summary>
internal static class ExitCode
{
    public const int Success = 0;

    /// <summary>A failure while running; an unexpected fault has its stack trace on stderr.</summary>
    public const int Failure = 1;

    /// <summary>A fault of usage, recipe, model or data: one line per problem on stderr.</summary>
    public const int UserFault = 2;

    /// <summary>The run succeeded and a gate failed, such as a limit that no model keeps.</summary>
    public const int GateFailed = 100;

    /// <summary>Ended by SIGINT (130) with its state saved; SIGTERM gives 143.</summary>
    public const int Interrupted = 130;

    public const int Terminated = 143;
}
