using Xunit;

namespace Ballast.Tests.Cli;

/// <summary>How an invocation ended.</summary>
internal sealed record Outcome(int Code, string Out, string Error)
{
    /// <summary>Asserts success and gives what stands on stdout.</summary>
    public string Success()
    {
        Assert.True(Code == 0, $"exit code {Code}: {Error}");
        return Out;
    }

    /// <summary>Asserts a user fault: exit code 2, nothing on stdout, one line on stderr without a stack trace, which is given back.</summary>
    public string UserFault()
    {
        Assert.True(Code == 2, $"exit code {Code}: {Error}");
        Assert.Equal("", Out);
        string line = Assert.Single(Error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.StartsWith("error: ", line);
        return line;
    }
}
