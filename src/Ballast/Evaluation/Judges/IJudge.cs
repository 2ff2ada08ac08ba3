namespace Ballast.Evaluation.Judges;

/// <summary>Decides whether a reply declines. A judge is a pure function of the reply and may be used by several threads.</summary>
public interface IJudge
{
    /// <summary>The name in suites, summaries and metric names.</summary>
    string Name { get; }

    /// <summary>Changes whenever a verdict could change.</summary>
    string Version { get; }

    /// <summary>The rule in one sentence, for the report.</summary>
    string Rule { get; }

    /// <summary>The judge's error on answers that people labeled; empty where it is unknown.</summary>
    IReadOnlyList<JudgeAccuracy> Accuracy { get; }

    /// <summary>Reads one reply. Its length never matters, only its words.</summary>
    Verdict Read(string reply);
}
