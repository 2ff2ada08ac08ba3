using Ballast.Tokenizers;

namespace Ballast.Data;

/// <summary>One token of a row as a person inspects it.</summary>
/// <param name="Id">The token.</param>
/// <param name="Text">Its text.</param>
/// <param name="IsTarget">True when the model is trained to predict it.</param>
public sealed record TokenView(int Id, string Text, bool IsTarget)
{
    /// <summary>The tokens of a row; position 0 is never a target, since nothing precedes it.</summary>
    public static IReadOnlyList<TokenView> Of(TokenRow row, Tokenizer tokenizer) =>
        [.. row.InputIds.Select((id, i) => new TokenView(id, tokenizer.TokenText(id), i > 0 && row.Labels[i] != TokenRow.NoTarget))];
}
