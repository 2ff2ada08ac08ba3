using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace Ballast.Tests.Hub;

/// <summary>A request as the server saw it.</summary>
internal sealed record HubRequest(string Path, string? Authorization, long? From);

/// <summary>An answer; <paramref name="CutAfter"/>: the connection breaks after so many bytes of the body.</summary>
internal sealed record HubAnswer(int Status, byte[] Body, string Headers = "", int? CutAfter = null);

/// <summary>A server on this machine that speaks the hub's API for one repository of each kind.</summary>
internal sealed class FakeHub : IDisposable
{
    public const string Commit = "0123456789abcdef0123456789abcdef01234567";

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly List<HubRequest> _requests = [];

    public FakeHub()
    {
        _listener.Start();
        _ = Task.Run(Serve);
    }

    /// <summary>Contents by path inside the repository; a name that ends in .safetensors or .parquet counts as a large file.</summary>
    public Dictionary<string, byte[]> Files { get; } = [];

    /// <summary>Asked first; null: the ordinary answer.</summary>
    public Func<HubRequest, HubAnswer?> Intercept { get; set; } = _ => null;

    public Uri Address => new($"http://localhost:{((IPEndPoint)_listener.LocalEndpoint).Port}");

    public IReadOnlyList<HubRequest> Requests
    {
        get
        {
            lock (_requests)
            {
                return [.. _requests];
            }
        }
    }

    public static HubAnswer Text(int status, string text = "", string headers = "") => new(status, Encoding.UTF8.GetBytes(text), headers);

#pragma warning disable CA5350 // git's own name for the contents
    public static string Checksum(string name, byte[] content) => IsLarge(name)
        ? Convert.ToHexStringLower(SHA256.HashData(content))
        : Convert.ToHexStringLower(SHA1.HashData([.. Encoding.ASCII.GetBytes($"blob {content.Length}\0"), .. content]));
#pragma warning restore CA5350

    public void Dispose() => _listener.Dispose();

    private static bool IsLarge(string name) => Path.GetExtension(name) is ".safetensors" or ".parquet" or ".bin";

    private async Task Serve()
    {
        while (true)
        {
            TcpClient client;
            try
            {
                client = await _listener.AcceptTcpClientAsync();
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                return;
            }

            _ = Task.Run(() => Answer(client));
        }
    }

    private void Answer(TcpClient client)
    {
        using (client)
        {
            using var reader = new StreamReader(client.GetStream(), Encoding.ASCII, leaveOpen: true);
            string path = reader.ReadLine()?.Split(' ')[1] ?? "";
            string? authorization = null;
            long? from = null;
            while (reader.ReadLine() is { Length: > 0 } line)
            {
                authorization = line.StartsWith("Authorization: ", StringComparison.OrdinalIgnoreCase) ? line[15..] : authorization;
                from = line.StartsWith("Range: bytes=", StringComparison.OrdinalIgnoreCase) ? long.Parse(line[13..].TrimEnd('-'), CultureInfo.InvariantCulture) : from;
            }

            var request = new HubRequest(path, authorization, from);
            lock (_requests)
            {
                _requests.Add(request);
            }

            var answer = Intercept(request) ?? Ordinary(request);
            var stream = client.GetStream();
            stream.Write(Encoding.ASCII.GetBytes($"HTTP/1.1 {answer.Status} X\r\nContent-Length: {answer.Body.Length}\r\nConnection: close\r\n{answer.Headers}\r\n"));
            stream.Write(answer.Body, 0, answer.CutAfter ?? answer.Body.Length);
        }
    }

    /// <summary>What the hub itself would answer.</summary>
    public HubAnswer Ordinary(HubRequest request)
    {
        string path = request.Path.StartsWith("/datasets/", StringComparison.Ordinal) ? request.Path[9..] : request.Path;
        if (path.StartsWith("/api/", StringComparison.Ordinal))
        {
            return Text(200, new JsonObject
            {
                ["sha"] = Commit,
                ["siblings"] = new JsonArray([.. Files.Select(file => new JsonObject
                {
                    ["rfilename"] = file.Key,
                    ["size"] = file.Value.Length,
                    ["blobId"] = IsLarge(file.Key) ? new string('a', 40) : Checksum(file.Key, file.Value),
                    ["lfs"] = IsLarge(file.Key) ? new JsonObject { ["sha256"] = Checksum(file.Key, file.Value), ["size"] = file.Value.Length } : null,
                })]),
            }.ToJsonString());
        }

        string name = Uri.UnescapeDataString(path.Split($"/resolve/{Commit}/").ElementAtOrDefault(1) ?? "");
        return !Files.TryGetValue(name, out byte[]? content) ? Text(404, "", "X-Error-Code: EntryNotFound\r\n")
            : request.From is not long from ? new HubAnswer(200, content)
            : from >= content.Length ? Text(416)
            : new HubAnswer(206, content[(int)from..], $"Content-Range: bytes {from}-{content.Length - 1}/{content.Length}\r\n");
    }
}
