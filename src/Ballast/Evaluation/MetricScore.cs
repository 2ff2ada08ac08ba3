namespace Ballast.Evaluation;

/// <summary>A reply's score under one text metric.</summary>
/// <param name="Metric">The metric's name.</param>
/// <param name="Score">In [0, 1], higher is better; the best over the references.</param>
public sealed record MetricScore(string Metric, double Score);
