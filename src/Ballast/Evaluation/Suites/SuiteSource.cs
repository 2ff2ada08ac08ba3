namespace Ballast.Evaluation.Suites;

/// <summary>Where a suite's prompts came from, for the record.</summary>
/// <param name="File">The prompt file.</param>
/// <param name="Sha256">Its SHA-256 in lower-case hexadecimal.</param>
/// <param name="Column">The column that held the prompts.</param>
/// <param name="Selection">Filter and limit in words; "all rows" without any.</param>
/// <param name="Note">A remark for the reader, for example that the file has another number of rows than the published one; null without one.</param>
public sealed record SuiteSource(string File, string Sha256, string Column, string Selection, string? Note = null);
