using Ballast.Evaluation.Statistics;

namespace Ballast.Demo;

/// <summary>A rate measured on the same prompts for several training seeds, with an interval that allows for both: other prompts and other seeds.</summary>
/// <remarks>
/// The variance is the two-way clustered one (Cameron, Gelbach and Miller 2011): that between prompts plus that between seeds less that of single
/// answers, never below the larger of the two. Its degrees of freedom are Satterthwaite's, so three seeds that differ make a wide interval. The interval
/// is Wilson's with as many trials as independent ones of the same variance would be; where nothing varies, as many as there are prompts.
/// </remarks>
internal static class PromptsAndSeeds
{
    /// <summary>The rate over all answers and its 95 % interval.</summary>
    /// <param name="answers">Whether each answer counts: per seed, one per prompt, the same prompts in the same order.</param>
    public static (double Rate, Interval Interval) Of(IReadOnlyList<IReadOnlyList<bool>> answers)
    {
        int seeds = answers.Count, prompts = answers[0].Count;
        double all = (double)seeds * prompts;
        double rate = answers.Sum(seed => seed.Count(counts => counts)) / all;
        double betweenSeeds = Variance([.. answers.Select(seed => seed.Sum(Residual))], all);
        double betweenPrompts = Variance([.. Enumerable.Range(0, prompts).Select(prompt => answers.Sum(seed => Residual(seed[prompt])))], all);
        double ofAnswers = Variance([.. answers.SelectMany(seed => seed.Select(Residual))], all);
        double variance = Math.Max(Math.Max(betweenSeeds, betweenPrompts), betweenSeeds + betweenPrompts - ofAnswers);
        if (variance == 0)
        {
            return (rate, Wilson.FromRate(rate, prompts, Interval.StudentQuantile(Interval.Confidence, prompts - 1)));
        }

        double spread = Math.Pow(betweenPrompts, 2) / (prompts - 1) + (seeds > 1 ? Math.Pow(betweenSeeds, 2) / (seeds - 1) : 0);
        double freedom = Math.Clamp(Math.Pow(variance, 2) / spread, Math.Max(1, seeds - 1), prompts - 1);
        double trials = Math.Min(all, rate * (1 - rate) / variance);
        return (rate, Wilson.FromRate(rate, trials, Interval.StudentQuantile(Interval.Confidence, freedom)));

        double Residual(bool counts) => (counts ? 1 : 0) - rate;
    }

    // Variance of the mean of all answers when the sums of the clusters' residuals are independent; 0 for a single cluster.
    private static double Variance(double[] sums, double all) =>
        sums.Length < 2 ? 0 : sums.Sum(sum => sum * sum) * sums.Length / (sums.Length - 1) / (all * all);
}
