namespace Ballast.Demo;

/// <summary>A claim and what the measured intervals say about it.</summary>
/// <param name="Outcome">held, did not hold, or open: the intervals do not decide.</param>
/// <param name="Words">The claim with its figures, one sentence.</param>
public sealed record DemoFinding(DemoOutcome Outcome, string Words)
{
    /// <summary>The outcome as a reader sees it.</summary>
    public string InWords => Outcome switch
    {
        DemoOutcome.Held => "held",
        DemoOutcome.DidNotHold => "did not hold",
        _ => "open",
    };

    /// <summary>Held when the whole interval lies below the limit, not when the whole lies above it.</summary>
    internal static DemoFinding Below(string claim, DemoFigure figure, double limit) =>
        new(figure.High < limit ? DemoOutcome.Held : figure.Low > limit ? DemoOutcome.DidNotHold : DemoOutcome.Open, $"{claim}: {Text(figure)}.");

    /// <summary>Held when the whole interval lies above the limit.</summary>
    internal static DemoFinding Above(string claim, DemoFigure figure, double limit) =>
        new(figure.Low > limit ? DemoOutcome.Held : figure.High < limit ? DemoOutcome.DidNotHold : DemoOutcome.Open, $"{claim}: {Text(figure)}.");

    /// <summary>Held when the first interval lies wholly below the second.</summary>
    internal static DemoFinding Less(string claim, DemoFigure first, DemoFigure second) => new(
        first.High < second.Low ? DemoOutcome.Held : first.Low > second.High ? DemoOutcome.DidNotHold : DemoOutcome.Open,
        $"{claim}: {Text(first)} against {Text(second)}.");

    private static string Text(DemoFigure figure) =>
        FormattableString.Invariant($"{100 * figure.Value:0.0} % ({100 * figure.Low:0.0} to {100 * figure.High:0.0})");
}

/// <summary>What intervals say about a claim.</summary>
public enum DemoOutcome
{
    /// <summary>The intervals support it.</summary>
    Held,

    /// <summary>The intervals contradict it.</summary>
    DidNotHold,

    /// <summary>The intervals overlap: these prompts and seeds do not decide it.</summary>
    Open,
}
