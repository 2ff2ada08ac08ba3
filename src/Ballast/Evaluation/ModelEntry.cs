namespace Ballast.Evaluation;

/// <summary>A model in a summary.</summary>
/// <param name="Name">The name under which it is reported.</param>
/// <param name="Hash">What identifies its weights, tokenizer and chat template.</param>
public sealed record ModelEntry(string Name, string Hash);
