using Ballast.Chat;
using Ballast.Data;
using Ballast.Tokenizers;

namespace Ballast.Generation;

/// <summary>What evaluation needs of a model: answers to prompts and scores of rows. Not safe for use by several threads at once.</summary>
public interface ILanguageModel : IDisposable
{
    /// <summary>The name under which results are reported, for example the folder's name.</summary>
    string Name { get; }

    /// <summary>Turns text into the model's token ids.</summary>
    Tokenizer Tokenizer { get; }

    /// <summary>The model's chat template; null for a model without one.</summary>
    ChatTemplate? Template { get; }

    /// <summary>Largest number of tokens, prompt and reply together.</summary>
    int MaxLength { get; }

    /// <summary>Answers each prompt (token ids) and returns the replies in the order of the prompts.</summary>
    /// <param name="prompts">Token ids of each prompt, as the model shall see them, beginning-of-text included.</param>
    /// <param name="options">How replies are decoded.</param>
    /// <param name="progress">Told the number of prompts answered so far.</param>
    /// <param name="cancellationToken">Ends the work between two tokens.</param>
    IReadOnlyList<Reply> Generate(
        IReadOnlyList<int[]> prompts, GenerationOptions options, IProgress<int>? progress = null, CancellationToken cancellationToken = default);

    /// <summary>Scores the targets of each row and returns the scores in the order of the rows.</summary>
    /// <param name="rows">Token ids with labels, not shifted.</param>
    /// <param name="progress">Told the number of rows scored so far.</param>
    /// <param name="cancellationToken">Ends the work between two batches.</param>
    IReadOnlyList<RowScore> Score(IReadOnlyList<TokenRow> rows, IProgress<int>? progress = null, CancellationToken cancellationToken = default);
}
