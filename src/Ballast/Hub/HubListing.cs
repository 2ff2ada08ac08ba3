using System.Text.Json;
using System.Text.Json.Nodes;

namespace Ballast.Hub;

/// <summary>The files of a repository at one commit, as the hub's API lists them.</summary>
/// <param name="Commit">The commit that the asked revision has now.</param>
/// <param name="Files">Every file.</param>
internal sealed record HubListing(string Commit, IReadOnlyList<HubFile> Files)
{
    /// <summary>Reads an answer of the API; nothing in it may lead out of the cache.</summary>
    /// <exception cref="RunException">It is no such answer.</exception>
    public static HubListing Parse(byte[] json, string source)
    {
        try
        {
            var root = JsonNode.Parse(json, documentOptions: new() { MaxDepth = 64 })!;
            string commit = (string)root["sha"]!;
            if (!HubName.IsCommit(commit))
            {
                throw new RunException($"{source}: the hub gives '{commit}' as the commit; expected 40 hexadecimal digits");
            }

            return new HubListing(commit, [.. root["siblings"]!.AsArray().Select(file => Read(file!, source))]);
        }
        catch (Exception fault) when (fault is JsonException or NullReferenceException or InvalidOperationException or FormatException)
        {
            throw new RunException($"{source}: the hub's answer is not the list of files that was asked for; is HF_ENDPOINT a hub?", fault);
        }
    }

    private static HubFile Read(JsonNode file, string source)
    {
        string name = (string)file["rfilename"]!, checksum = (string?)file["lfs"]?["sha256"] ?? (string)file["blobId"]!;
        bool inside = name.Length > 0 && !name.AsSpan().ContainsAny('\\', '\0') && name.Split('/').All(part => part is not ("" or "." or ".."));
        return inside && checksum.Length is 40 or 64 && checksum.All(char.IsAsciiHexDigitLower)
            ? new HubFile(name, (long?)file["lfs"]?["size"] ?? (long)file["size"]!, checksum)
            : throw new RunException($"{source}: the hub lists a file {Checkpoints.PrintableName.Quote(name)} with the checksum {Checkpoints.PrintableName.Quote(checksum)}; refused");
    }
}
