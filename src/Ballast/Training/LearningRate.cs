using Ballast.Configs;

namespace Ballast.Training;

/// <summary>The learning rate of each optimizer step: a linear warm-up from 0, then constant, linear or cosine decay to 0.</summary>
/// <remarks>As transformers' get_scheduler: the first step of a warm-up has rate 0, and the last step of a decay is still above 0.</remarks>
/// <param name="Peak">Rate after the warm-up.</param>
/// <param name="Schedule">What follows the warm-up.</param>
/// <param name="Warmup">Steps of the warm-up.</param>
/// <param name="Total">Steps of the whole run.</param>
public sealed record LearningRate(double Peak, Schedule Schedule, int Warmup, int Total)
{
    /// <summary>The schedule of a recipe; a warm-up given as a share r is ceil(total * r) steps.</summary>
    public static LearningRate Of(TrainingSection training, int total) =>
        new(training.LearningRate, training.Schedule, training.WarmupRatio is { } ratio ? (int)Math.Ceiling(total * ratio) : training.WarmupSteps, total);

    /// <summary>The rate that optimizer step <paramref name="step"/>, counted from 0, uses.</summary>
    public double At(int step)
    {
        if (step < Warmup)
        {
            return Peak * step / Math.Max(1, Warmup);
        }

        double progress = (double)(step - Warmup) / Math.Max(1, Total - Warmup);
        return Schedule switch
        {
            Schedule.Linear => Peak * Math.Max(0, (double)(Total - step) / Math.Max(1, Total - Warmup)),
            Schedule.Cosine => Peak * Math.Max(0, 0.5 * (1 + Math.Cos(Math.PI * progress))),
            _ => Peak,
        };
    }
}
