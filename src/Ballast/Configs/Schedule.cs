namespace Ballast.Configs;

/// <summary>How the learning rate moves after the warm-up.</summary>
public enum Schedule
{
    /// <summary>Stays at the full rate.</summary>
    Constant,

    /// <summary>Falls in a straight line to 0 at the last step.</summary>
    Linear,

    /// <summary>Falls along half a cosine wave to 0 at the last step.</summary>
    Cosine,
}
