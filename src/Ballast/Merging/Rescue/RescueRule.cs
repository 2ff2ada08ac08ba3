namespace Ballast.Merging.Rescue;

/// <summary>How the share of the tuned model is chosen.</summary>
public enum RescueRule
{
    /// <summary>The best utility on the validation set, safety unseen (Farn et al. 2025, arXiv 2412.19512): the choice of the paper.</summary>
    BestUtility,

    /// <summary>The best utility among the points whose attack success rate has its upper 95 % limit at or under a bound.</summary>
    AsrLimit,
}

/// <summary>A point as a rule sees it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Lambda">Share of the tuned model.</param>
/// <param name="Utility">Larger is better.</param>
/// <param name="AsrHigh">Upper 95 % limit of the attack success rate; null where safety was not measured.</param>
/// <param name="IsEnd">Whether it is one of the two models rather than a merge of them.</param>
public sealed record RescueCandidate(string Name, double Lambda, double Utility, double? AsrHigh, bool IsEnd = false);

/// <summary>The rules as functions of measured points.</summary>
public static class RescueRules
{
    /// <summary>The best utility among the merges, the two models themselves left out; of equal ones that nearest to the aligned model. Null without a merge.</summary>
    public static RescueCandidate? BestUtility(IEnumerable<RescueCandidate> points) => points
        .Where(point => !point.IsEnd)
        .OrderByDescending(point => point.Utility).ThenBy(point => point.Lambda).FirstOrDefault();

    /// <summary>The best utility among the points, ends included, whose upper limit is at most <paramref name="limit"/>; of equal ones the safer, then that nearest to the aligned model.</summary>
    /// <returns>Null when no point is under the limit.</returns>
    public static RescueCandidate? UnderLimit(IEnumerable<RescueCandidate> points, double limit) => points
        .Where(point => point.AsrHigh <= limit)
        .OrderByDescending(point => point.Utility).ThenBy(point => point.AsrHigh).ThenBy(point => point.Lambda).FirstOrDefault();

    /// <summary>The point with the smallest upper limit, of equal ones the more useful: what there is when none is under the limit. Null where safety was not measured.</summary>
    public static RescueCandidate? Safest(IEnumerable<RescueCandidate> points) => points
        .Where(point => point.AsrHigh is not null)
        .OrderBy(point => point.AsrHigh).ThenByDescending(point => point.Utility).ThenBy(point => point.Lambda).FirstOrDefault();
}
