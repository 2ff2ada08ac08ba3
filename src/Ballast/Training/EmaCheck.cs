using Ballast.Models;
using Ballast.Tensors;

namespace Ballast.Training;

/// <summary>What the average did over a run: an average that stands still hands back the aligned model, which looks safe and has learned nothing.</summary>
/// <param name="AverageMoved">|average - aligned|.</param>
/// <param name="WeightsMoved">|weights - aligned|; with feedback the weights are the average.</param>
/// <param name="EffectiveLambda">Share of the weights' way that the average covers: (average - aligned, weights - aligned) / |weights - aligned|^2. 1 with feedback.</param>
/// <param name="PredictedLambda">What the recursion gives on a straight path with the rates used; with feedback the factor on every displacement.</param>
/// <param name="Decay">Share of the old average kept at an update.</param>
/// <param name="Updates">Updates made.</param>
public sealed record EmaCheck(double AverageMoved, double WeightsMoved, double EffectiveLambda, double PredictedLambda, double Decay, long Updates)
{
    private const double FarBelow = 0.1;

    /// <summary>Measures after the last step.</summary>
    /// <param name="aligned">The weights before the first step, flat.</param>
    internal static EmaCheck Measure(WeightStore weights, WeightEma ema, Tensor aligned, IReadOnlyList<double> learningRates)
    {
        double moved = weights.Master.Distance(aligned);
        return new EmaCheck(
            ema.Average.Distance(aligned), moved, Lambda(ema.Average, weights.Master, aligned), ema.PredictedLambda(learningRates), ema.Decay, learningRates.Count / ema.Every);
    }

    /// <summary>Share of the way from aligned to tuned weights that the average covers, (average - aligned, tuned - aligned) / |tuned - aligned|^2; from distances alone, without a copy of the model.</summary>
    internal static double Lambda(Tensor average, Tensor tuned, Tensor aligned)
    {
        double way = tuned.Distance(aligned), covered = average.Distance(aligned), apart = average.Distance(tuned);
        return way == 0 ? 0 : (way * way + covered * covered - apart * apart) / (2 * way * way);
    }

    /// <summary>Fails when the average moved far less than its recursion says.</summary>
    /// <exception cref="RunException">The average tracked (almost) nothing.</exception>
    public void Verify()
    {
        double share = WeightsMoved == 0 ? 0 : AverageMoved / WeightsMoved;
        double expected = EffectiveLambda == 1 || PredictedLambda == 0 ? 0 : PredictedLambda;
        if (Updates > 0 && WeightsMoved > 0 && share < FarBelow * expected)
        {
            throw new RunException(
                $"the weight average moved {share:0.0000} of the weights' distance where the recursion predicts about {expected:0.0000}: it did not track the training; its weights are not a result");
        }
    }
}
