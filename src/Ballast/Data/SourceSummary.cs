namespace Ballast.Data;

/// <summary>What was found in one data file.</summary>
/// <param name="Path">The file.</param>
/// <param name="Sha256">The SHA-256 of its bytes, in lower-case hexadecimal.</param>
/// <param name="Format">The format of its rows, detected or given.</param>
/// <param name="Rows">Rows that are used.</param>
/// <param name="Truncated">Used rows that were cut at the maximum length and so lost their end token.</param>
/// <param name="Dropped">Rows left out because they were too long.</param>
/// <param name="BadRows">Rows left out because they could not be used, each <c>file:line: field: reason</c>.</param>
public sealed record SourceSummary(string Path, string Sha256, string Format, int Rows, int Truncated, int Dropped, IReadOnlyList<string> BadRows);
