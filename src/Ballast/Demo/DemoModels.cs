using Ballast.Configs;
using Ballast.Evaluation;
using Ballast.Merging;
using Ballast.Merging.Rescue;
using Ballast.Training;

namespace Ballast.Demo;

/// <summary>Makes the demo's models with ordinary runs of its recipes.</summary>
/// <param name="options">Where the recipes are.</param>
/// <param name="world">The world's folder.</param>
/// <param name="progress">Told what begins.</param>
internal sealed class DemoModels(DemoOptions options, string world, Action<string>? progress)
{
    /// <summary>Lambda of the plain linear merge: that of Farn et al. for their Llama.</summary>
    public const double MergeLambda = 0.6;

    public const string Aligned = "aligned", Aggressive = "aggressive", Good = "good", Shadow = "ema-shadow", MatchedMerge = "merge at its lambda",
        Feedback = "ema-feedback", RateControl = "rate x (1 - decay)", EveryK = "ema-every-k", Merge = "merge";

    /// <summary>The aligned model, made anew: pretraining with compliance, then alignment.</summary>
    public string Rebuild(CancellationToken cancellationToken)
    {
        string folder = Path.Combine(options.Output, "rebuild");
        Tune("pretrain", Path.Combine(world, WorldFolder.UntrainedModel), "pretrain", Path.Combine(folder, "pretrain"), cancellationToken);
        Tune("align", Path.Combine(folder, "pretrain", "model"), "align", Path.Combine(folder, "align"), cancellationToken);
        return Path.Combine(folder, "align", "model");
    }

    /// <summary>Every way of tuning under one seed, by name, the aligned model first.</summary>
    public IReadOnlyList<(string Name, string Folder)> Tuned(string aligned, string folder, ulong seed, CancellationToken cancellationToken)
    {
        var good = Run("good");

        // A shadow only watches: its run leaves the aggressive settings' own weights in plain/.
        var shadow = Run(Shadow);
        string aggressive = Path.Combine(shadow.Folder, "plain");
        var feedback = Run(Feedback);
        double rate = Read("aggressive").Training.LearningRate * (1 - feedback.Ema!.Decay);
        var control = Run("aggressive", recipe => recipe with { Training = recipe.Training with { LearningRate = rate } });
        var everyK = Run(EveryK);
        return
        [
            (Aligned, aligned), (Aggressive, aggressive), (Good, good.Model), (Shadow, shadow.Model),
            (MatchedMerge, Merged(aligned, aggressive, Path.Combine(folder, "merge-matched"), shadow.Ema!.EffectiveLambda, cancellationToken)),
            (Feedback, feedback.Model), (RateControl, control.Model), (EveryK, everyK.Model),
            (Merge, Merged(aligned, aggressive, Path.Combine(folder, "merge"), MergeLambda, cancellationToken)),
        ];

        TuneResult Run(string recipe, Func<Recipe, Recipe>? change = null) =>
            Tune(recipe, aligned, "downstream", Path.Combine(folder, change is null ? recipe : "rate-control"), cancellationToken,
                read => (change ?? (same => same))(read with { Training = read.Training with { Seed = seed } }));
    }

    /// <summary>Linear merges at every tenth between the aligned model and the aggressive settings' one, by lambda; made in memory when they are asked.</summary>
    public static IReadOnlyList<EvaluatedModel> MergeCurve(RescuePath path, CancellationToken cancellationToken) =>
        [.. Enumerable.Range(0, 11).Select(tenth => path.At(LambdaName(tenth), "linear", tenth / 10.0, cancellationToken))];

    /// <summary>The name of a merge of the curve.</summary>
    public static string LambdaName(int tenth) => $"lambda-{tenth / 10}.{tenth % 10}";

    private static string Merged(string aligned, string tuned, string output, double lambda, CancellationToken cancellationToken)
    {
        LinearMerge.Run(aligned, tuned, output, new LinearMergeOptions(lambda), null, cancellationToken);
        return output;
    }

    private TuneResult Tune(string name, string model, string data, string output, CancellationToken cancellationToken, Func<Recipe, Recipe>? change = null)
    {
        progress?.Invoke(output);
        var recipe = Read(name);
        var source = recipe.Data.Train[0] with { Path = Path.Combine(world, $"{data}.jsonl") };
        recipe = recipe with { Model = model, Output = output, Data = recipe.Data with { Train = [source] }, Checkpoints = new(KeepLast: 1) };
        return new TuneRun(change is null ? recipe : change(recipe)).Run(cancellationToken);
    }

    private Recipe Read(string name)
    {
        string path = Path.Combine(options.Recipes, $"{name}.yaml");
        return File.Exists(path) ? Recipe.Parse(File.ReadAllText(path), path) : throw new ConfigException($"{path}: the demo's recipe is missing");
    }
}
