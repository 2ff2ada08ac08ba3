using Ballast.Models;

namespace Ballast.Adapters;

/// <summary>What is added to the rows of one module of a fused linear layer: scaling x B A.</summary>
/// <param name="Row">First output row of the module in the fused weight.</param>
/// <param name="Rows">Its output rows.</param>
/// <param name="First">First row of its A in the stacked A.</param>
/// <param name="Rank">Rank, r.</param>
/// <param name="Scaling">alpha / r or alpha / sqrt(r).</param>
/// <param name="B">B [rows, r].</param>
/// <param name="Magnitude">The magnitudes of DoRA, or null.</param>
internal sealed record LowRankPart(long Row, long Rows, long First, long Rank, double Scaling, Weight B, Magnitude? Magnitude);
