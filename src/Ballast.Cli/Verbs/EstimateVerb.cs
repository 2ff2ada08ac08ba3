using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Ballast.Planning;
using Ballast.Tensors;

namespace Ballast.Cli.Verbs;

/// <summary>estimate: what a run will take in memory, disk and time; no weight is loaded.</summary>
internal static class EstimateVerb
{
    public static Command Create(Terminal terminal)
    {
        var recipe = RecipeArgument.Create();
        var set = RecipeArgument.CreateSet();
        var data = DataFolder.CreateOption();
        var json = JsonOption.Create();
        var command = new Verb("estimate", "Tell what a run will take in memory, disk and time, without loading the weights.",
            "ballast estimate recipe.yaml --set training.batch_size=64") { recipe, set, data, json };
        command.SetAction(parse =>
        {
            var estimate = RunEstimate.Of(terminal.Recipe(parse.GetRequiredValue(recipe), parse.GetValue(set)), parse.GetValue(data), terminal.Cancellation);
            if (parse.GetValue(json))
            {
                terminal.WriteJson(ToJson(estimate));
            }
            else
            {
                Print(estimate, terminal);
            }

            return ExitCode.Success;
        });
        return command;
    }

    private static void Print(RunEstimate estimate, Terminal terminal)
    {
        var culture = CultureInfo.InvariantCulture;
        var memory = new TextTable($"memory, {estimate.Memory.Moment}", ">size");
        foreach (var item in estimate.Memory.Items)
        {
            memory.Add(item.Name, ByteSize.Text(item.Bytes));
        }

        memory.Add($"tensors in all ({estimate.Device})", ByteSize.Text(estimate.Memory.Total));
        memory.Add("runtime, libraries, rows", ByteSize.Text(estimate.Process));
        memory.WriteTo(terminal);
        terminal.Out.WriteLine();
        var run = new TextTable("run", ">");
        run.Add("parameters", estimate.Parameters.ToString("N0", culture));
        run.Add("trained parameters", estimate.Trained.ToString("N0", culture));
        run.Add("precision", estimate.Precision.SafetensorsName);
        run.Add("peak of main memory", ByteSize.Text(estimate.PeakMemory));
        run.Add("main memory available now", ByteSize.Text(Machine.AvailableMemory));
        run.Add("disk", ByteSize.Text(estimate.Disk));
        run.Add("optimizer steps", estimate.Steps.ToString("N0", culture));
        run.Add("tokens", estimate.Tokens.ToString("N0", culture));
        run.Add("floating-point operations", estimate.Flops.ToString("0.00e+0", culture));
        run.Add($"training time at {RunEstimate.AssumedShare:P0} of the measured {estimate.GemmPeak / 1e9:N0} GFLOP/s", Duration(estimate.Seconds));
        run.WriteTo(terminal);
    }

    private static string Duration(double seconds)
    {
        var (value, unit) = seconds switch { < 120 => (seconds, "s"), < 7200 => (seconds / 60, "min"), < 172800 => (seconds / 3600, "h"), _ => (seconds / 86400, "days") };
        return string.Create(CultureInfo.InvariantCulture, $"{value:0.#} {unit}");
    }

    private static JsonObject ToJson(RunEstimate estimate) => new()
    {
        ["parameters"] = estimate.Parameters,
        ["trained_parameters"] = estimate.Trained,
        ["precision"] = estimate.Precision.SafetensorsName,
        ["device"] = estimate.Device.ToString(),
        ["largest_pass_tokens"] = estimate.LargestPass,
        ["memory"] = new JsonObject
        {
            ["moment"] = estimate.Memory.Moment,
            ["parts"] = new JsonObject(estimate.Memory.Items.Select(item => KeyValuePair.Create(item.Name.Replace(' ', '_'), (JsonNode?)item.Bytes))),
            ["tensors"] = estimate.Memory.Total,
            ["process"] = estimate.Process,
            ["peak"] = estimate.PeakMemory,
            ["available"] = Machine.AvailableMemory,
        },
        ["disk"] = estimate.Disk,
        ["steps"] = estimate.Steps,
        ["tokens"] = estimate.Tokens,
        ["flops"] = estimate.Flops,
        ["gemm_peak"] = estimate.GemmPeak,
        ["seconds"] = estimate.Seconds,
    };
}
