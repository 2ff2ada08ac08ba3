namespace Ballast.Hub;

/// <summary>Where the hub is, where its cache is and what may be asked of it; the variables are Hugging Face's own.</summary>
/// <remarks>A class rather than a record: nothing may print the token.</remarks>
/// <param name="endpoint">The hub's address (HF_ENDPOINT).</param>
/// <param name="cacheFolder">Folder of the cache (HF_HUB_CACHE, or hub/ in HF_HOME).</param>
/// <param name="token">Sent to the hub's host alone; null: anonymous (HF_TOKEN, or the file that HF_TOKEN_PATH or HF_HOME leads to).</param>
/// <param name="offline">True: only the cache is read (HF_HUB_OFFLINE).</param>
/// <param name="retryDelay">Pause before the second attempt; it doubles with each further one.</param>
public sealed class HubSettings(Uri endpoint, string cacheFolder, string? token = null, bool offline = false, TimeSpan? retryDelay = null)
{
    private const string DefaultEndpoint = "https://huggingface.co";

    /// <summary>The hub's address, without a slash at its end.</summary>
    public string Endpoint { get; } = endpoint.AbsoluteUri.TrimEnd('/');

    /// <summary>Folder of the cache.</summary>
    public string CacheFolder { get; } = cacheFolder;

    /// <summary>Whether only the cache is read.</summary>
    public bool Offline { get; } = offline;

    /// <summary>Pause before the second attempt.</summary>
    public TimeSpan RetryDelay { get; } = retryDelay ?? TimeSpan.FromSeconds(1);

    internal string? Token { get; } = token;

    /// <summary>What the environment says.</summary>
    /// <exception cref="ConfigException">HF_ENDPOINT is no address, or the token has characters that no token has.</exception>
    public static HubSettings FromEnvironment()
    {
        string endpoint = Variable("HF_ENDPOINT") ?? DefaultEndpoint;
        if (!Uri.TryCreate(endpoint, UriKind.Absolute, out var address) || address.Scheme is not ("https" or "http"))
        {
            throw new ConfigException($"HF_ENDPOINT is '{endpoint}'; expected an address such as {DefaultEndpoint}");
        }

        string home = Variable("HF_HOME") ?? Path.Combine(Variable("XDG_CACHE_HOME") ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache"), "huggingface");
        string cache = Variable("HF_HUB_CACHE") ?? Variable("HUGGINGFACE_HUB_CACHE") ?? Path.Combine(home, "hub");
        return new HubSettings(address, cache, ReadToken(home), Variable("HF_HUB_OFFLINE")?.ToUpperInvariant() is "1" or "ON" or "YES" or "TRUE");
    }

    private static string? ReadToken(string home)
    {
        string file = Variable("HF_TOKEN_PATH") ?? Path.Combine(home, "token");
        string? token = (Variable("HF_TOKEN") ?? (File.Exists(file) ? File.ReadAllText(file) : null))?.Trim();
        return token?.Any(c => c is <= ' ' or > '~') == true
            ? throw new ConfigException($"the hub's token (HF_TOKEN, or the file {file}) has blanks or control characters; expected one word such as hf_...")
            : string.IsNullOrEmpty(token) ? null : token;
    }

    private static string? Variable(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;
}
