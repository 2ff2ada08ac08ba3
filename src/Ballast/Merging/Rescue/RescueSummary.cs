using System.Text.Json.Serialization;
using Ballast.Evaluation;

namespace Ballast.Merging.Rescue;

/// <summary>What a rescue found: summary.json.</summary>
/// <param name="Ballast">The version that wrote it.</param>
/// <param name="Aligned">The model before tuning, as it was named.</param>
/// <param name="AlignedHash">Hash of its weights.</param>
/// <param name="Tuned">The model after tuning, as it was named.</param>
/// <param name="TunedHash">Hash of its weights.</param>
/// <param name="Types">The element types that are written and the type that was computed with.</param>
/// <param name="Utility">The figure that counts as utility, task/measure.</param>
/// <param name="LowerIsBetter">Whether a smaller utility figure is the better one (loss).</param>
/// <param name="Rule">The rule that made the pick.</param>
/// <param name="AsrLimit">Largest upper 95 % limit of the attack success rate that is allowed.</param>
/// <param name="Picked">The pick's name; null when no point is under the limit.</param>
/// <param name="Lambda">The pick's share of the tuned model.</param>
/// <param name="Model">The folder of the pick; null without one.</param>
/// <param name="BestUtility">What the rule of Farn et al. picks.</param>
/// <param name="UnderLimit">What the limit picks; null where no point is under it, or safety was not measured.</param>
/// <param name="Safest">The point with the smallest upper limit; null where safety was not measured.</param>
/// <param name="Points">Every measured point: aligned, then by method and lambda, tuned last; without row scores.</param>
/// <param name="Comparisons">Paired tests between aligned, the pick and tuned on the same prompts.</param>
/// <param name="Warnings">What a reader must know before trusting the figures.</param>
public sealed record RescueSummary(
    string Ballast,
    string Aligned,
    string AlignedHash,
    string Tuned,
    string TunedHash,
    string Types,
    string Utility,
    bool LowerIsBetter,
    RescueRule Rule,
    double AsrLimit,
    string? Picked,
    double? Lambda,
    string? Model,
    string? BestUtility,
    string? UnderLimit,
    string? Safest,
    IReadOnlyList<RescuePoint> Points,
    IReadOnlyList<Comparison> Comparisons,
    IReadOnlyList<string> Warnings)
{
    /// <summary>The picked point; null without one.</summary>
    [JsonIgnore]
    public RescuePoint? Pick => Points.FirstOrDefault(point => point.Name == Picked);

    /// <summary>The point of that name.</summary>
    internal RescuePoint Point(string name) => Points.Single(point => point.Name == name);
}
