using System.Globalization;
using System.Text.Json;

namespace Ballast.Tokenizers.Files;

/// <summary>What tokenizer_config.json (or else the older special_tokens_map.json and added_tokens.json) says about special tokens.</summary>
internal sealed record TokenizerConfig
{
    private static readonly string[] s_names = ["bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"];

    /// <summary>bos_token and so on; null where the folder has no such file.</summary>
    public IReadOnlyDictionary<string, string>? SpecialTokens { get; private init; }

    /// <summary>Special tokens without a role.</summary>
    public IReadOnlyList<string> MoreSpecialTokens { get; private init; } = [];

    /// <summary>added_tokens_decoder or added_tokens.json.</summary>
    public IReadOnlyList<AddedToken> Added { get; private init; } = [];

    public bool? AddBos { get; private init; }

    public bool? AddEos { get; private init; }

    /// <summary>Special tokens in a text are never parsed.</summary>
    public bool SplitSpecialTokens { get; private init; }

    /// <summary>Reads the files of a folder that are there.</summary>
    public static TokenizerConfig Read(string folder)
    {
        TokenizerConfig config = new();
        string map = Path.Combine(folder, "special_tokens_map.json");
        if (File.Exists(map))
        {
            using JsonDocument document = TokenizerFile.ReadJson(map, out JsonPart root);
            config = config with { SpecialTokens = ReadNamed(root), MoreSpecialTokens = ReadMore(root["additional_special_tokens"]) };
        }

        string added = Path.Combine(folder, "added_tokens.json");
        if (File.Exists(added))
        {
            using JsonDocument document = TokenizerFile.ReadJson(added, out JsonPart root);
            config = config with { Added = [.. root.Members().Select(m => new AddedToken(m.Value.Number(), m.Name, Special: false)).OrderBy(t => t.Id)] };
        }

        string main = Path.Combine(folder, "tokenizer_config.json");
        if (!File.Exists(main))
        {
            return config;
        }

        using JsonDocument mainDocument = TokenizerFile.ReadJson(main, out JsonPart part);
        Dictionary<string, string> named = ReadNamed(part);
        return config with
        {
            SpecialTokens = named.Count > 0 || config.SpecialTokens is null ? named : config.SpecialTokens,
            MoreSpecialTokens = [.. config.MoreSpecialTokens, .. ReadMore(part["additional_special_tokens"]), .. ReadMore(part["extra_special_tokens"])],
            Added = part["added_tokens_decoder"] is { IsNull: false } decoder ? [.. decoder.Members().Select(ReadAdded)] : config.Added,
            AddBos = part["add_bos_token"].IsNull ? null : part.Flag("add_bos_token"),
            AddEos = part["add_eos_token"].IsNull ? null : part.Flag("add_eos_token"),
            SplitSpecialTokens = part.Flag("split_special_tokens"),
        };
    }

    /// <summary>
    /// The tokens of a file and those that only the configuration names, which get the next free id. A token that is in the vocabulary keeps the id it
    /// has there.
    /// </summary>
    public List<AddedToken> Complete(IReadOnlyList<AddedToken> tokens, Vocabulary vocabulary)
    {
        List<AddedToken> complete = [.. tokens.Select(t => t with { Id = vocabulary.Id(t.Content) ?? t.Id })];
        HashSet<string> known = [.. complete.Select(t => t.Content)];
        HashSet<int> taken = [.. complete.Select(t => t.Id)];
        int next = Math.Max(vocabulary.LargestId, taken.Append(-1).Max()) + 1;
        List<string> named = [.. s_names.Select(n => SpecialTokens?.GetValueOrDefault(n)).OfType<string>(), .. MoreSpecialTokens];
        foreach (AddedToken token in Added.Concat(named.Select(n => new AddedToken(-1, n))).Where(t => t.Content.Length > 0))
        {
            if (known.Add(token.Content))
            {
                int? inVocabulary = vocabulary.Id(token.Content);
                bool free = token.Id >= 0 && !taken.Contains(token.Id) && vocabulary.Text(token.Id) is null;
                int id = inVocabulary ?? (free ? token.Id : next);
                taken.Add(id);
                next = Math.Max(next, id + 1);
                complete.Add(token with { Id = id, Special = token.Special || named.Contains(token.Content) });
            }
        }

        return complete;
    }

    private static Dictionary<string, string> ReadNamed(JsonPart part) => s_names
        .Select(name => (name, text: ReadContent(part[name])))
        .Where(p => p.text is not null)
        .ToDictionary(p => p.name, p => p.text!);

    private static List<string> ReadMore(JsonPart part) => part.Kind switch
    {
        JsonValueKind.Array => [.. part.Items().Select(ReadContent).OfType<string>()],
        JsonValueKind.Object => [.. part.Members().Select(m => ReadContent(m.Value)).OfType<string>()],
        _ => [],
    };

    /// <summary>A token is written as text, or as an object with its content.</summary>
    private static string? ReadContent(JsonPart part) => part.IsNull ? null : part.Kind == JsonValueKind.Object ? part.Text("content") : part.Text();

    private static AddedToken ReadAdded((string Name, JsonPart Value) member) =>
        int.TryParse(member.Name, NumberStyles.None, CultureInfo.InvariantCulture, out int id)
            ? AddedToken.ReadFlags(id, member.Value)
            : throw member.Value.Fault($"expected a token id, found \"{member.Name}\"");
}
