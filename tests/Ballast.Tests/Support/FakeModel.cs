using System.Text.Json.Nodes;
using Ballast.Chat;
using Ballast.Data;
using Ballast.Generation;
using Ballast.Tokenizers;

namespace Ballast.Tests.Support;

/// <summary>A model that answers by a function of the text it reads, with a tokenizer of single bytes, and remembers what it was asked.</summary>
internal sealed class FakeModel(string name, Func<string, string> answer) : ILanguageModel
{
    private static readonly Lazy<Tokenizer> s_tokenizer = new(Bytes);

    public string Name => name;

    public Tokenizer Tokenizer => s_tokenizer.Value;

    public ChatTemplate? Template { get; init; } = ChatTemplate.Parse(
        "{% for m in messages %}<{{ m.role }}>{{ m.content }}{% endfor %}{% if add_generation_prompt %}<assistant>{% endif %}");

    public int MaxLength { get; init; } = 2000;

    /// <summary>Prompts of each call of Generate.</summary>
    public List<string[]> Asked { get; } = [];

    public List<GenerationOptions> Options { get; } = [];

    /// <summary>Calls of Generate before the model is killed.</summary>
    public int CallsLeft { get; set; } = int.MaxValue;

    public bool Closed { get; private set; }

    public IReadOnlyList<Reply> Generate(
        IReadOnlyList<int[]> prompts, GenerationOptions options, IProgress<int>? progress = null, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (CallsLeft-- == 0)
        {
            throw new OperationCanceledException();
        }

        string[] texts = [.. prompts.Select(ids => Tokenizer.Decode(ids))];
        Asked.Add(texts);
        Options.Add(options);
        return [.. texts.Select(text => new Reply(Tokenizer.Encode(answer(text)), answer(text), Stopped: true))];
    }

    public IReadOnlyList<RowScore> Score(IReadOnlyList<TokenRow> rows, IProgress<int>? progress = null, CancellationToken cancellationToken = default) =>
        [.. rows.Select(row => new RowScore(row.Labels.Length, row.Labels.Length, row.Labels.Length / 2))];

    public void Dispose() => Closed = true;

    private static Tokenizer Bytes()
    {
        // GPT-2's alphabet: printable bytes stand for themselves, the others for letters from U+0100 on.
        var vocabulary = new JsonObject();
        int others = 0;
        for (int value = 0; value < 256; value++)
        {
            bool printable = value is (>= 33 and <= 126) or (>= 161 and <= 172) or (>= 174 and <= 255);
            vocabulary[((char)(printable ? value : 256 + others++)).ToString()] = value;
        }

        JsonObject ByteLevel() => new() { ["type"] = "ByteLevel", ["add_prefix_space"] = false, ["trim_offsets"] = false, ["use_regex"] = false };
        var file = new JsonObject
        {
            ["version"] = "1.0",
            ["added_tokens"] = new JsonArray(),
            ["pre_tokenizer"] = ByteLevel(),
            ["decoder"] = ByteLevel(),
            ["model"] = new JsonObject { ["type"] = "BPE", ["vocab"] = vocabulary, ["merges"] = new JsonArray() },
        };
        string folder = Shared.TemporaryFolder();
        File.WriteAllText(Path.Combine(folder, "tokenizer.json"), file.ToJsonString());
        return Tokenizer.Load(folder);
    }
}
