namespace Ballast.Demo;

/// <summary>What the demo found.</summary>
/// <param name="Rows">The table.</param>
/// <param name="Findings">What held and what did not.</param>
/// <param name="Report">The path of the report.</param>
/// <param name="Elapsed">Time from start to report.</param>
/// <param name="Rebuilt">Whether the rebuilt model has the bits of the shipped one; null when it was not rebuilt.</param>
public sealed record DemoResult(IReadOnlyList<DemoRow> Rows, IReadOnlyList<DemoFinding> Findings, string Report, TimeSpan Elapsed, bool? Rebuilt);
