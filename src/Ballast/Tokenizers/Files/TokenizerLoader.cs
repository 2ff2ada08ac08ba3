using System.Text.Json;

namespace Ballast.Tokenizers.Files;

/// <summary>Finds out which tokenizer file a path means and reads it with its configuration.</summary>
internal static class TokenizerLoader
{
    public static Tokenizer Load(string path)
    {
        string file = Directory.Exists(path) ? FindIn(path) : path;
        if (!File.Exists(file))
        {
            throw new TokenizerException($"{path}: no such file or folder; expected a model folder or a tokenizer file");
        }

        try
        {
            return new Tokenizer(Read(file), TokenizerConfig.Read(Path.GetDirectoryName(Path.GetFullPath(file))!));
        }
        catch (InvalidOperationException e)
        {
            throw new TokenizerException($"{file}: holds text with an unpaired surrogate, which no text can contain", e);
        }
    }

    private static string FindIn(string folder)
    {
        string? file = ((string[])["tokenizer.json", "tokenizer.model", "vocab.json"]).Select(name => Path.Combine(folder, name)).FirstOrDefault(File.Exists);
        return file ?? throw new TokenizerException(
            $"{folder}: no tokenizer; expected tokenizer.json, tokenizer.model, or vocab.json with merges.txt (copy them from the model's publisher)");
    }

    private static TokenizerParts Read(string file)
    {
        if (Path.GetExtension(file) != ".json")
        {
            byte[] bytes = TokenizerFile.ReadBytes(file);
            return TiktokenFile.Matches(bytes) ? TiktokenFile.Read(file, bytes) : SentencePieceFile.Read(file, bytes);
        }

        using JsonDocument document = TokenizerFile.ReadJson(file, out JsonPart root);
        if (root["model"].Kind == JsonValueKind.Object)
        {
            return TokenizerJson.Read(root);
        }

        string merges = Path.Combine(Path.GetDirectoryName(Path.GetFullPath(file))!, "merges.txt");
        return File.Exists(merges)
            ? MergesFile.Read(root, merges)
            : throw root.Fault("neither a tokenizer.json (no \"model\") nor a vocab.json with merges.txt beside it");
    }
}
