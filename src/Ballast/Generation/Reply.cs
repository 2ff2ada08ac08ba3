namespace Ballast.Generation;

/// <summary>What a model answered to one prompt.</summary>
/// <param name="Ids">New token ids, without the prompt and without the end token.</param>
/// <param name="Text">The ids as text, special tokens left out.</param>
/// <param name="Stopped">Whether an end token was reached; false when the token limit cut the reply.</param>
public sealed record Reply(int[] Ids, string Text, bool Stopped);
