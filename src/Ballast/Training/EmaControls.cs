using System.Text.Json.Nodes;
using Ballast.Configs;
using Ballast.Hub;
using Ballast.Models;
using Ballast.Tensors;

namespace Ballast.Training;

/// <summary>The two runs without which a gain of the average is unexplained (core.md A.8): a linear merge at the matched lambda, and the learning rate times (1 - decay).</summary>
/// <remarks>
/// A shadow leaves the plain weights behind, so the merge costs no training. With feedback a plain run of the same recipe is made first (control-plain/).
/// </remarks>
internal sealed class EmaControls(Recipe recipe, string? dataFolder, Action<JsonObject>? progress)
{
    public void Run(string folder, Decoder model, WeightEma ema, Tensor aligned, EmaCheck check, CancellationToken cancellationToken)
    {
        Tune(Path.Combine(folder, "control-rate"), recipe.Training.LearningRate * (1 - ema.Decay), cancellationToken);
        double lambda = check.EffectiveLambda;
        if (!ema.Feedback)
        {
            Merge(model, model.Weights.Master, aligned, lambda, folder);
            return;
        }

        var plain = Tune(Path.Combine(folder, "control-plain"), recipe.Training.LearningRate, cancellationToken);
        using var other = Decoder.Load(plain.Model, model.Weights.Master.DType, model.Device);
        Merge(model, other.Weights.Master, aligned, EmaCheck.Lambda(ema.Average, other.Weights.Master, aligned), folder);
    }

    private TuneResult Tune(string output, double rate, CancellationToken cancellationToken) => new TuneRun(
        recipe with { Output = output, Ema = null, Probe = null, Training = recipe.Training with { LearningRate = rate } }, dataFolder, null, metrics =>
        {
            metrics["run"] = Path.GetFileName(output);  // tells a listener that these steps are a control's
            progress?.Invoke(metrics);
        }).Run(cancellationToken);

    // aligned + lambda (tuned - aligned), written with the lambda in its card
    private void Merge(Decoder model, Tensor tuned, Tensor aligned, double lambda, string folder)
    {
        using var merged = aligned.To(model.Device);
        merged.Lerp(tuned, lambda);
        ModelSaver.Save(model, merged, recipe.Model, Path.Combine(folder, "control-merge"), FormattableString.Invariant(
            $"# Linear merge at the matched lambda\n\n`{HubName.Shown(recipe.Model)}` + {lambda:0.000000} x (plain fine-tuning - `{HubName.Shown(recipe.Model)}`): the control for the weight average beside it.\n"));
    }
}
