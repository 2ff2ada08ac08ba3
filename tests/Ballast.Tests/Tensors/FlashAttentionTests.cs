using System.Diagnostics;
using Ballast.Models;
using Ballast.Tensors;
using Ballast.Tests.Support;
using Xunit;

namespace Ballast.Tests.Tensors;

/// <summary>What is handed to libtorch's flash attention, which runs on CUDA alone: its arguments, and how a batch says which tokens see each other.</summary>
public class FlashAttentionTests
{
    [Fact]
    public void The_shims_calls_fit_the_kernels_and_give_what_our_own_do()
    {
        string torch = Path.GetDirectoryName(Path.GetDirectoryName(TorchLibrary.LibraryPath))!;
        Assert.SkipUnless(File.Exists(Path.Combine(torch, "__init__.py")), "needs a libtorch that python3 can import");
        string shim = Environment.GetEnvironmentVariable("BALLAST_NATIVE") is { Length: > 0 } named ? named : Path.Combine(AppContext.BaseDirectory, "libballast.so");
        string[] lines = Python(Path.Combine(Shared.Root, "tests", "Ballast.Tests", "Fixtures", "flash_contract.py"), shim, Path.GetDirectoryName(torch)!);
        Assert.Equal(4, lines.Count(line => line.StartsWith("equal:", StringComparison.Ordinal)));
    }

    [Fact]
    public void A_batch_without_starts_needs_no_bounds()
    {
        var sight = Sees(new TokenBatch(new int[12], 2), 4, out int[]? bounds, out int[]? starts);
        Assert.Equal((0, 4, true), (sight.Longest, sight.Window, bounds is null));
        Assert.Equal([0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 1, 2], starts!);
    }

    [Fact]
    public void Packed_rows_are_texts_between_bounds()
    {
        int[] packed = [0, 0, 0, 3, 3, 3, 0, 1, 1, 1, 1, 1];
        var sight = Sees(new TokenBatch(new int[12], 2, Starts: packed), null, out int[]? bounds, out int[]? starts);
        Assert.Equal([0, 3, 6, 7, 12], bounds!);
        Assert.Equal(packed, starts!);
        Assert.Equal((5, 0), (sight.Longest, sight.Window));
        Assert.Equal((5, 2), Sees(new TokenBatch(new int[12], 2, Starts: packed), 2, out bounds, out starts) is var near ? (near.Longest, near.Window) : default);
        Assert.Equal([0, 3, 6, 7, 12], bounds!);
        Assert.Equal([0, 0, 1, 3, 3, 4, 0, 1, 1, 2, 3, 4], starts!);
    }

    [Theory]
    [InlineData(0, 0, 1, 1)]  // the third token does not see the second text's first
    [InlineData(0, 1, 0, 0)]  // a text goes on behind another
    public void Other_starts_are_left_to_the_path_that_takes_each_as_it_is(params int[] starts)
    {
        var sight = Sees(new TokenBatch(new int[4], 1, Starts: starts), null, out int[]? bounds, out _);
        Assert.Equal((-1, true), (sight.Window, bounds is null));
        Assert.Equal(-1, Sees(new TokenBatch(new int[4], 1, Starts: starts), 2, out _, out _).Window);
    }

    private static string[] Python(string script, string argument, string path)
    {
        var start = new ProcessStartInfo("python3", ["-W", "ignore", script, argument]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["PYTHONPATH"] = path;
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, errors.GetAwaiter().GetResult());
        return output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    private static Sight Sees(TokenBatch batch, int? window, out int[]? bounds, out int[]? starts)
    {
        using var pass = new Pass(batch, DType.F32, Device.Cpu);
        var sight = pass.Sees(window);
        (bounds, starts) = (sight.Bounds?.ToArray<int>(), sight.Starts?.ToArray<int>());
        return sight;
    }
}
