namespace Ballast.Models;

/// <summary>Sequences of one length, side by side: what a model takes.</summary>
/// <param name="InputIds">Token ids [B * T], sequence by sequence, padded on the right.</param>
/// <param name="Batch">Number of sequences, B.</param>
/// <param name="Labels">Target tokens [B * T], -100 for none, NOT shifted: the label at t is predicted from t - 1. Null: no targets.</param>
/// <param name="Positions">Position of each token [B * T]; null: 0 to T - 1 in each sequence.</param>
/// <param name="Starts">First place [0, T) each token may look at [B * T], for padding on the left and for rows packed one behind the other; null: 0.</param>
/// <param name="Sources">Where each row came from ("file:line"), for messages; null: unknown.</param>
/// <param name="Lengths">Places [B] of each sequence up to its padding on the right; null: all are tokens.</param>
public sealed record TokenBatch(
    int[] InputIds, int Batch, int[]? Labels = null, int[]? Positions = null, int[]? Starts = null, IReadOnlyList<string>? Sources = null,
    int[]? Lengths = null)
{
    /// <summary>Tokens per sequence, T.</summary>
    public int Tokens => InputIds.Length / Batch;

    /// <summary>Number of tokens that are predicted: labels other than -100, the first of each sequence left out.</summary>
    public int TargetCount => Labels is null ? 0 : TargetRows().Count();

    /// <summary>The length of the text that each token belongs to, padding left out [B * T]: where rows are packed, that of its own row.</summary>
    internal int[] TextLengths()
    {
        var longest = new Dictionary<(int Sequence, int Start), int>();
        for (int i = 0; i < InputIds.Length; i++)
        {
            var text = Text(i);
            if (i % Tokens < (Lengths?[text.Sequence] ?? Tokens))
            {
                longest[text] = Math.Max(longest.GetValueOrDefault(text), (Positions?[i] ?? i % Tokens) + 1);
            }
        }

        return [.. Enumerable.Range(0, InputIds.Length).Select(i => longest.GetValueOrDefault(Text(i)))];

        (int Sequence, int Start) Text(int i) => (i / Tokens, Starts?[i] ?? 0);
    }

    /// <summary>Rows that predict a target, and the target.</summary>
    internal IEnumerable<(int Row, int Target)> TargetRows()
    {
        for (int i = 0; i + 1 < InputIds.Length; i++)
        {
            if ((i + 1) % Tokens != 0 && Labels![i + 1] != -100)
            {
                yield return (i, Labels[i + 1]);
            }
        }
    }
}
