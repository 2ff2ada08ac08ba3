namespace Ballast.Evaluation.Text;

/// <summary>How much of a reference a prediction covers; all three in [0, 1].</summary>
/// <param name="Precision">Share of the prediction that is in the reference.</param>
/// <param name="Recall">Share of the reference that is in the prediction.</param>
/// <param name="F">Their harmonic mean, the figure usually reported; 0 when nothing is shared.</param>
public readonly record struct RougeScore(double Precision, double Recall, double F)
{
    internal static RougeScore From(int hits, int predicted, int expected)
    {
        double precision = (double)hits / Math.Max(predicted, 1);
        double recall = (double)hits / Math.Max(expected, 1);
        return new RougeScore(precision, recall, hits == 0 ? 0 : 2 * precision * recall / (precision + recall));
    }
}
