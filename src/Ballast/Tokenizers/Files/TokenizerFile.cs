using System.Text.Json;
using Ballast.Checkpoints;

namespace Ballast.Tokenizers.Files;

/// <summary>Opens tokenizer files, which may come from strangers: size and nesting are capped.</summary>
internal static class TokenizerFile
{
    private const long MaxBytes = 256L << 20;
    private const int MaxDepth = 64;

    public static byte[] ReadBytes(string path)
    {
        try
        {
            long length = FileSize.Of(path);
            byte[] bytes = length <= MaxBytes
                ? File.ReadAllBytes(path)
                : throw new TokenizerException($"{path}: {length} bytes; a tokenizer file has at most {MaxBytes}");
            return bytes.AsSpan().StartsWith("version https://git-lfs"u8)
                ? throw new TokenizerException($"{path}: a Git LFS pointer, not the file; fetch it with git lfs pull")
                : bytes;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new TokenizerException($"{path}: cannot be read: {e.Message}", e);
        }
    }

    /// <summary>Parses a JSON file; the document must outlive the part.</summary>
    public static JsonDocument ReadJson(string path, out JsonPart root)
    {
        byte[] bytes = ReadBytes(path);
        int mark = bytes.AsSpan().StartsWith("\uFEFF"u8) ? 3 : 0;
        try
        {
            JsonDocument document = JsonDocument.Parse(bytes.AsMemory(mark), new JsonDocumentOptions { MaxDepth = MaxDepth });
            root = new JsonPart(path, "", document.RootElement);
            return document;
        }
        catch (JsonException e)
        {
            throw new TokenizerException($"{path}: not JSON that can be read (nesting up to {MaxDepth}): {e.Message}", e);
        }
    }
}
