using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Ballast.Checkpoints;

/// <summary>Reads JSON files of strangers with a cap on size and depth.</summary>
public static class JsonFile
{
    private const int MaxDepth = 64;

    private static readonly JsonSerializerOptions s_indented =
        new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Reads a file that holds one JSON object with unique keys.</summary>
    /// <param name="path">The file, UTF-8 with or without a byte order mark.</param>
    /// <param name="maxBytes">Largest size that is read; the default of 16 MiB is far above any real configuration.</param>
    /// <exception cref="CheckpointException">The file is absent, too large, nested deeper than 64, not JSON or not an object.</exception>
    public static JsonObject ReadObject(string path, long maxBytes = 16 << 20)
    {
        byte[] bytes = ReadBytes(path, maxBytes);
        ReadOnlySpan<byte> text = bytes;
        text = text.StartsWith("\uFEFF"u8) ? text[3..] : text;
        try
        {
            JsonDocumentOptions options = new() { MaxDepth = MaxDepth, AllowDuplicateProperties = false };
            return JsonNode.Parse(text, documentOptions: options) as JsonObject
                ?? throw new CheckpointException($"{path}: expected a JSON object");
        }
        catch (JsonException e)
        {
            throw new CheckpointException($"{path}: not valid JSON: {e.Message}", e);
        }
    }

    /// <summary>The text of an object as Hugging Face writes it: indented by two, other scripts unescaped, a line end at the end.</summary>
    public static string Indented(JsonNode value) => value.ToJsonString(s_indented) + "\n";

    private static byte[] ReadBytes(string path, long maxBytes)
    {
        try
        {
            long size = FileSize.Of(path);
            if (size > maxBytes)
            {
                throw new CheckpointException($"{path}: {size} bytes, above the limit of {maxBytes} for this file");
            }

            return File.ReadAllBytes(path);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new CheckpointException($"{path}: no such file", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException($"{path}: cannot be read: {e.Message}", e);
        }
    }
}
