using System.Text.Json.Nodes;
using Ballast.Adapters;
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
            Merge(model, model.Trainable.Master, aligned, lambda, folder);
            return;
        }

        var plain = Tune(Path.Combine(folder, "control-plain"), recipe.Training.LearningRate, cancellationToken);
        string name = model.Adapter is null ? plain.Model : new ModelName(ModelName.Parse(recipe.Model).Folder, plain.Model).ToString();
        using var other = Decoder.Load(name, model.Trainable.Master.DType, model.Device, cancellationToken: cancellationToken);
        Merge(model, other.Trainable.Master, aligned, EmaCheck.Lambda(ema.Average, other.Trainable.Master, aligned), folder);
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
        string target = Path.Combine(folder, "control-merge"), start = ModelName.Map(recipe.Model, HubName.Shown);
        string card = FormattableString.Invariant(
            $"# Linear merge at the matched lambda\n\n`{start}` + {lambda:0.000000} x (plain fine-tuning - `{start}`): the control for the weight average beside it.\n");
        if (model.Adapter is { } adapter)
        {
            AdapterControl.Write(adapter, tuned, aligned, lambda, recipe.Model, target, card);
            return;
        }

        using var merged = aligned.To(model.Device);
        merged.Lerp(tuned, lambda);
        ModelSaver.Save(model, merged, recipe.Model, target, card);
    }
}
