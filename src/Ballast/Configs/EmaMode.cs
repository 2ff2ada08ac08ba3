namespace Ballast.Configs;

/// <summary>How the average of the weights takes part in training; it always starts at the aligned weights.</summary>
public enum EmaMode
{
    /// <summary>Training is untouched; the average only watches, and is the result.</summary>
    Shadow,

    /// <summary>After every step training goes on from the average; the same as a learning rate times (1 - decay).</summary>
    Feedback,

    /// <summary>As feedback, but the mixing happens only after a number of inner steps (Lookahead).</summary>
    EveryK,
}
