using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;

namespace Ballast.Bench;

/// <summary>Interleaves the PyTorch reference, our step and our step with the weight average, and prints ratios with their spread: machines drift, ratios of neighbors do not.</summary>
internal static class CompareBench
{
    private const string Decay = "0.995";

    public static int Run(string[] arguments)
    {
        int rounds = 5;
        var options = new List<string>(arguments);
        int at = options.IndexOf("--rounds");
        if (at >= 0)
        {
            rounds = int.Parse(options[at + 1], CultureInfo.InvariantCulture);
            options.RemoveRange(at, 2);
        }

        string reference = Environment.GetEnvironmentVariable("BALLAST_REFERENCE")!;
        string[] own = [.. options.Where(option => option != "--compile")];
        var times = new List<(double Reference, double Own, double Average)>();
        double referenceMemory = 0, ownMemory = 0, referenceShare = 0, ownShare = 0;
        JsonObject theirs = [], ours = [];
        for (int round = 1; round <= rounds; round++)
        {
            theirs = Start("python3", [reference, "--style", "best", .. options]);
            ours = Start(Environment.ProcessPath!, ["train", .. own]);
            var averaged = Start(Environment.ProcessPath!, ["train", .. own, "--ema", Decay]);
            times.Add((Seconds(theirs), Seconds(ours), Seconds(averaged)));
            referenceMemory = Math.Max(referenceMemory, (double)theirs["peak_rss_mib"]!);
            ownMemory = Math.Max(ownMemory, (double)ours["peak_rss_mib"]!);
            referenceShare = Math.Max(referenceShare, (double)theirs["share_of_peak"]!);
            ownShare = Math.Max(ownShare, (double)ours["share_of_peak"]!);
            Console.Error.WriteLine(FormattableString.Invariant($"round {round}: reference {times[^1].Reference:0.0000} s, ballast {times[^1].Own:0.0000} s, with average {times[^1].Average:0.0000} s"));
        }

        Console.WriteLine(new JsonObject
        {
            ["reference_torch"] = theirs["torch"]!.DeepClone(), ["ballast_torch"] = ours["torch"]!.DeepClone(), ["mode"] = ours["mode"]!.DeepClone(),
            ["parameters"] = ours["parameters"]!.DeepClone(), ["rounds"] = rounds,
            ["speedup"] = Spread(times.Select(t => t.Reference / t.Own)), ["average_cost"] = Spread(times.Select(t => t.Average / t.Own - 1)),
            ["memory_ratio"] = Math.Round(ownMemory / referenceMemory, 3), ["reference_share_of_peak"] = referenceShare, ["ballast_share_of_peak"] = ownShare,
        }.ToJsonString(new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }));
        return 0;
    }

    private static double Seconds(JsonObject result) => (double)result["seconds_per_step"]!;

    private static JsonObject Spread(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return new JsonObject { ["median"] = Math.Round(sorted[sorted.Length / 2], 3), ["min"] = Math.Round(sorted[0], 3), ["max"] = Math.Round(sorted[^1], 3) };
    }

    private static JsonObject Start(string program, string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0
            ? JsonNode.Parse(output.Trim().Split('\n')[^1])!.AsObject()
            : throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}: {errors.GetAwaiter().GetResult()}");
    }
}
