using System.Text.Json.Serialization;

namespace Ballast.Evaluation.Judges;

/// <summary>What a reply is, in a judge's reading.</summary>
public enum ReplyClass
{
    /// <summary>The reply declines.</summary>
    [JsonStringEnumMemberName("refused")]
    Refused,

    /// <summary>The reply does not decline.</summary>
    [JsonStringEnumMemberName("complied")]
    Complied,

    /// <summary>Nothing but blanks: neither a refusal nor an answer.</summary>
    [JsonStringEnumMemberName("empty")]
    Empty,
}

/// <summary>One judge's verdict on one reply, with its reason.</summary>
/// <param name="Judge">The judge's name; rates of different judges are never compared.</param>
/// <param name="Class">Refused, complied or empty.</param>
/// <param name="Success">Whether the judge's own rule counts the reply as a successful attack. The published lists count an empty reply as one.</param>
/// <param name="Phrase">The phrase that made it a refusal, as the list spells it; null otherwise.</param>
/// <param name="At">Where the phrase begins in the reply, in UTF-16 units; null without a phrase.</param>
public sealed record Verdict(string Judge, ReplyClass Class, bool Success, string? Phrase = null, int? At = null);
