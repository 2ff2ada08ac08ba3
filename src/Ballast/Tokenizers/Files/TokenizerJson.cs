using System.Text.Json;
using Ballast.Tokenizers.Decoders;
using Ballast.Tokenizers.Normalizers;
using Ballast.Tokenizers.PreTokenizers;

namespace Ballast.Tokenizers.Files;

/// <summary>Reads tokenizer.json, the format of Hugging Face's tokenizers library.</summary>
internal static class TokenizerJson
{
    public static TokenizerParts Read(JsonPart root) => new(ReadModel(root["model"]), ReadAdded(root["added_tokens"]))
    {
        Normalizer = Normalizer.Read(root["normalizer"]),
        PreTokenizer = PreTokenizer.Read(root["pre_tokenizer"]),
        Decoder = Decoder.Read(root["decoder"]),
        PostProcessor = PostProcessor.Read(root["post_processor"]),
        Truncation = Truncation.Read(root["truncation"]),
        Padding = Padding.Read(root["padding"]),
    };

    /// <summary>Reads {"token": id, ...}.</summary>
    public static Vocabulary ReadVocabulary(JsonPart part)
    {
        if (part.Kind != JsonValueKind.Object)
        {
            throw part.Fault("expected an object of tokens and ids");
        }

        Vocabulary vocabulary = new();
        foreach (JsonProperty token in part.Element.EnumerateObject())
        {
            vocabulary.Add(part.File, token.Name, token.Value.ValueKind == JsonValueKind.Number && token.Value.TryGetInt32(out int id) ? id : -1);
        }

        return vocabulary;
    }

    /// <summary>Adds the rule "left right"; both and what they make must be in the vocabulary.</summary>
    public static void AddMerge(MergeTable merges, Vocabulary vocabulary, string file, int rank, string left, string right)
    {
        if (vocabulary.Id(left) is not int l || vocabulary.Id(right) is not int r || vocabulary.Id(left + right) is not int merged)
        {
            throw new TokenizerException($"{file}: the merge \"{left}\" + \"{right}\" (number {rank}) uses a token that is not in the vocabulary");
        }

        merges.Add(l, r, rank, merged);
    }

    private static List<AddedToken> ReadAdded(JsonPart part) => part.IsNull ? [] : [.. part.Items().Select(AddedToken.Read)];

    private static BpeModel ReadModel(JsonPart model)
    {
        string type = model.OptionalText("type") ?? (model["merges"].IsNull ? "without type and merges" : "BPE");
        if (type != "BPE")
        {
            throw model.Unsupported($"the model \"{type}\"");
        }

        foreach (string name in (string[])["continuing_subword_prefix", "end_of_word_suffix"])
        {
            if (model.OptionalText(name) is { Length: > 0 })
            {
                throw model[name].Unsupported($"a {name}");
            }
        }

        if (model["dropout"] is { IsNull: false } dropout && (dropout.Kind != JsonValueKind.Number || dropout.Element.GetDouble() != 0))
        {
            throw dropout.Unsupported("dropout, which makes the ids random,");
        }

        Vocabulary vocabulary = ReadVocabulary(model["vocab"]);
        string? unknown = model.OptionalText("unk_token");
        int? unknownId = unknown is null ? null : vocabulary.Id(unknown);
        return new BpeModel(vocabulary, ReadMerges(model["merges"], vocabulary), new BpeOptions(
            unknownId,
            unknownId is null ? unknown : null,
            model.Flag("fuse_unk"),
            model.Flag("byte_fallback"),
            model.Flag("ignore_merges")));
    }

    private static MergeTable ReadMerges(JsonPart part, Vocabulary vocabulary)
    {
        MergeTable merges = new();
        if (part.Kind != JsonValueKind.Array)
        {
            throw part.Fault("expected a list of merges");
        }

        int rank = 0;
        foreach (JsonElement item in part.Element.EnumerateArray())
        {
            string[] pair = item.ValueKind switch
            {
                JsonValueKind.String => item.GetString()!.Split(' '),
                JsonValueKind.Array => [.. item.EnumerateArray().Select(t => t.ValueKind == JsonValueKind.String ? t.GetString()! : "")],
                _ => [],
            };
            if (pair.Length != 2)
            {
                throw part.Fault($"merge number {rank} is {item.GetRawText()}; expected two tokens");
            }

            AddMerge(merges, vocabulary, part.File, rank++, pair[0], pair[1]);
        }

        return merges;
    }
}
