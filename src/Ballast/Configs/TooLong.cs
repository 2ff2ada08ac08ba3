namespace Ballast.Configs;

/// <summary>What happens to a row of more tokens than <see cref="DataSection.MaxLength"/>.</summary>
public enum TooLong
{
    /// <summary>Cut at the end; the row loses its end token, which is counted and shown.</summary>
    Truncate,

    /// <summary>Left out, which is counted and shown.</summary>
    Drop,

    /// <summary>The run stops and names the row.</summary>
    Error,
}
