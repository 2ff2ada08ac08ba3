using System.Diagnostics;
using Xunit;

namespace Ballast.Tests.Support;

/// <summary>A real file system of a few MiB or a few files, in memory and seen by the commands of one script alone.</summary>
internal static class SmallDisk
{
    private static readonly Lazy<string[]?> s_namespaces = new(() => new[] { new[] { "--user", "--map-root-user", "--mount" }, ["--mount"] }
        .FirstOrDefault(flags => Run([.. flags, "bash", "-c", "mount -t tmpfs none /mnt"], null).Code == 0));

    private static readonly Lazy<string?> s_failingCalls = new(() =>
    {
        string library = Path.Combine(Shared.TemporaryFolder(), "libc.so");
        string source = Path.Combine(Shared.Root, "tests", "Ballast.Tests", "Fixtures", "failing_calls.c");
        return Run("gcc", ["-shared", "-fPIC", "-O1", "-o", library, source], null).Code == 0 ? $"LD_PRELOAD={library} LD_LIBRARY_PATH={Path.GetDirectoryName(library)}" : null;
    });

    /// <summary>Runs a script of bash; skips the calling test where a process may not mount anything.</summary>
    /// <param name="folder">Where the disk is while the script runs; an empty folder.</param>
    /// <param name="options">Its limits, as in size=4m,nr_inodes=20 (the folder itself is the first of them).</param>
    /// <param name="script">What to do; <c>ballast</c> is the command line, <c>$DISK</c> the folder, <c>tree</c> prints every path and the hash of all contents.</param>
    public static (int Code, string Out, string Error) Run(string folder, string options, string script)
    {
        Assert.SkipWhen(s_namespaces.Value is null, "this system lets no process mount a file system of its own (unshare)");
        return Run([.. s_namespaces.Value!, "bash", "-c", $$"""
            mount -t tmpfs -o "{{options}}" none "$DISK" || exit 99
            ballast() { "$BALLAST" "$@"; }
            tree() { (cd "$DISK" && find . | sort && find . -type f ! -name filler -exec sha256sum {} + | sort | sha256sum); }
            {{script}}
            """], folder);
    }

    /// <summary>Environment under which a process has single system calls fail (Fixtures/failing_calls.c); skips the calling test without a compiler.</summary>
    /// <remarks>The library is called libc.so, so that what .NET imports from "libc" by name is looked for in it too.</remarks>
    public static string FailingCalls()
    {
        Assert.SkipWhen(s_failingCalls.Value is null, "there is no gcc to build tests/Ballast.Tests/Fixtures/failing_calls.c");
        return s_failingCalls.Value!;
    }

    private static (int Code, string Out, string Error) Run(string[] arguments, string? folder) => Run("unshare", arguments, folder);

    private static (int Code, string Out, string Error) Run(string program, string[] arguments, string? folder)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["DOTNET_ROOT"] = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(typeof(object).Assembly.Location)!, "..", "..", ".."));
        start.Environment["NO_COLOR"] = "1";
        start.Environment["BALLAST"] = Path.Combine(AppContext.BaseDirectory, "Ballast.Cli");
        start.Environment["DISK"] = folder;
        try
        {
            using var process = Process.Start(start)!;
            var error = process.StandardError.ReadToEndAsync();
            string output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return (process.ExitCode, output, error.Result);
        }
        catch (System.ComponentModel.Win32Exception fault)
        {
            return (-1, "", fault.Message);   // no such program
        }
    }
}
