namespace Ballast.Generation;

/// <summary>How replies are decoded.</summary>
/// <param name="MaxNewTokens">Largest number of new tokens per reply, at least 1; the end token counts as one.</param>
/// <param name="Temperature">0 is greedy decoding (the most likely token; ties go to the smaller id); above 0 the logits are divided by it before sampling.</param>
/// <param name="TopP">Nucleus in (0, 1]: the smallest set of tokens whose probabilities reach it is sampled from; 1 keeps all. Unused when greedy.</param>
/// <param name="Seed">Seed of the sampling; the same seed and prompts give the same replies. Unused when greedy.</param>
/// <param name="BatchSize">Prompts decoded together, at least 1; it changes speed and memory, never a greedy reply.</param>
public sealed record GenerationOptions(int MaxNewTokens = 256, double Temperature = 0, double TopP = 1, ulong Seed = 0, int BatchSize = 32);
