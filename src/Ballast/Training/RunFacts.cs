using System.Text.Json.Nodes;
using Ballast.Adapters;
using Ballast.Data;
using Ballast.Hub;
using Ballast.Tensors;

namespace Ballast.Training;

/// <summary>run.json: what a run is made from, how far it is and what came out.</summary>
internal static class RunFacts
{
    public const string Running = "running", Interrupted = "interrupted", Failed = "failed", Finished = "finished";

    public static JsonObject Begin(TuneInput input, RunIdentity identity, DType dtype, Device device)
    {
        var recipe = identity.Recipe;
        return new JsonObject
        {
            ["status"] = Running,
            ["versions"] = RunVersions.Describe(),
            ["seed"] = recipe.Training.Seed,
            ["precision"] = dtype.SafetensorsName,
            ["device"] = device.ToString(),
            ["model"] = ModelName.Map(recipe.Model, HubName.Shown),
            ["model_revision"] = HubName.CommitOf(ModelName.Parse(recipe.Model).Folder),
            ["base_model_sha256"] = identity.Hashes["model"],
            ["parameters"] = input.Config.ParameterCount,
            ["trained_parameters"] = input.TrainedParameters,
            ["total_steps"] = input.TotalSteps,
            ["train"] = Describe(input.Data.Train),
            ["validation"] = input.Data.Validation is null ? null : Describe(input.Data.Validation),
        };
    }

    /// <summary>Notes that another process goes on with the run.</summary>
    public static void GoOn(JsonObject facts, int step)
    {
        facts["status"] = Running;
        facts.Remove("error");
        var resumed = facts["resumed"] as JsonArray ?? [];
        facts["resumed"] = resumed;
        resumed.Add((JsonNode)new JsonObject { ["step"] = step, ["versions"] = RunVersions.Describe() });
    }

    /// <summary>Notes how far the run is.</summary>
    public static void Progress(JsonObject facts, string status, int steps, long tokens, string? stopped)
    {
        facts["status"] = status;
        facts["steps"] = steps;
        facts["tokens"] = tokens;
        facts["stopped"] = stopped;
    }

    public static JsonObject Describe(EmaCheck check) => new()
    {
        ["decay"] = check.Decay,
        ["updates"] = check.Updates,
        ["average_moved"] = check.AverageMoved,
        ["weights_moved"] = check.WeightsMoved,
        ["effective_lambda"] = check.EffectiveLambda,
        ["predicted_lambda"] = check.PredictedLambda,
    };

    /// <summary>What <see cref="Describe(EmaCheck)"/> gave; null for a run without an average.</summary>
    public static EmaCheck? ReadEma(JsonObject facts) => facts["ema"] is not JsonObject ema ? null : new EmaCheck(
        (double)ema["average_moved"]!, (double)ema["weights_moved"]!, (double)ema["effective_lambda"]!, (double)ema["predicted_lambda"]!, (double)ema["decay"]!, (long)ema["updates"]!);

    private static JsonObject Describe(Dataset data) => new()
    {
        ["rows"] = data.Rows.Count,
        ["tokens"] = data.Tokens,
        ["targets"] = data.Targets,
        ["rows_sha256"] = data.RowsSha256(),
        ["sources"] = new JsonArray([.. data.Sources.Select(source => (JsonNode)new JsonObject
        {
            ["path"] = source.Path,
            ["sha256"] = source.Sha256,
            ["format"] = source.Format,
            ["rows"] = source.Rows,
            ["truncated"] = source.Truncated,
            ["dropped"] = source.Dropped,
            ["bad_rows"] = source.BadRows.Count,
        })]),
    };
}
