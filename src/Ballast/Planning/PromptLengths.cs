using Ballast.Chat;
using Ballast.Data;
using Ballast.Evaluation;
using Ballast.Evaluation.Suites;
using Ballast.Generation;
using Ballast.Tokenizers;

namespace Ballast.Planning;

/// <summary>Renders a suite's prompts as a model would read them, without the model.</summary>
internal static class PromptLengths
{
    /// <summary>Tokens of the longest of the first prompts.</summary>
    /// <param name="suite">The prompts.</param>
    /// <param name="prompts">How many of them.</param>
    /// <param name="folder">The model's folder, for messages.</param>
    /// <param name="maxLength">Tokens that the model takes.</param>
    /// <param name="tokenizer">Its tokenizer.</param>
    /// <param name="template">Its chat template, if it has one.</param>
    /// <exception cref="BallastException">A prompt cannot be put to this model.</exception>
    public static int Longest(Suite suite, int prompts, string folder, int maxLength, Tokenizer tokenizer, ChatTemplate? template)
    {
        using var reader = new Reader(Path.GetFileName(Path.GetFullPath(folder)), tokenizer, template, maxLength);
        return suite.Take(prompts).Prompts.Max(prompt => RenderedPrompt.Of(reader, suite, prompt).Ids.Length);
    }

    // A model that reads and cannot answer.
    private sealed class Reader(string name, Tokenizer tokenizer, ChatTemplate? template, int maxLength) : ILanguageModel
    {
        public string Name => name;

        public Tokenizer Tokenizer => tokenizer;

        public ChatTemplate? Template => template;

        public int MaxLength => maxLength;

        public IReadOnlyList<Reply> Generate(IReadOnlyList<int[]> prompts, GenerationOptions options, IProgress<int>? progress, CancellationToken cancellationToken) => throw new NotSupportedException();

        public IReadOnlyList<RowScore> Score(IReadOnlyList<TokenRow> rows, IProgress<int>? progress, CancellationToken cancellationToken) => throw new NotSupportedException();

        public void Dispose()
        {
        }
    }
}
