using Ballast.Tokenizers.Decoders;
using Ballast.Tokenizers.PreTokenizers;

namespace Ballast.Tokenizers.Files;

/// <summary>Reads GPT-2's pair of files, vocab.json and merges.txt: byte-level BPE.</summary>
internal static class MergesFile
{
    private const string EndOfText = "<|endoftext|>";

    public static TokenizerParts Read(JsonPart vocabularyJson, string mergesPath)
    {
        Vocabulary vocabulary = TokenizerJson.ReadVocabulary(vocabularyJson);
        MergeTable merges = new();
        string[] lines = System.Text.Encoding.UTF8.GetString(TokenizerFile.ReadBytes(mergesPath)).Split('\n');
        int rank = 0;
        for (int i = 0; i < lines.Length; i++)
        {
            string line = lines[i].TrimEnd('\r');
            if (line.Length == 0 || line.StartsWith("#version", StringComparison.Ordinal))
            {
                continue;
            }

            string[] pair = line.Split(' ');
            if (pair.Length != 2)
            {
                throw new TokenizerException($"{mergesPath}:{i + 1}: expected two tokens with a blank between them, found \"{line}\"");
            }

            TokenizerJson.AddMerge(merges, vocabulary, mergesPath, rank++, pair[0], pair[1]);
        }

        Dictionary<string, string> special = [];
        List<AddedToken> added = [];
        if (vocabulary.Id(EndOfText) is int end)
        {
            added.Add(new AddedToken(end, EndOfText));
            special = ((string[])["bos_token", "eos_token", "unk_token"]).ToDictionary(name => name, _ => EndOfText);
        }

        return new TokenizerParts(new BpeModel(vocabulary, merges, new BpeOptions()), added)
        {
            PreTokenizer = new ByteLevelPreTokenizer(addPrefixSpace: false, useRegex: true),
            Decoder = new Decoder.ByteLevel(),
            DefaultSpecialTokens = special,
        };
    }
}
