using System.Net;
using System.Net.Http.Headers;

namespace Ballast.Hub;

/// <summary>Requests to the hub: follows redirects by itself, so that the token goes to the hub's own host and nowhere else; waits and asks again where that helps.</summary>
internal sealed class HubHttp(HubSettings settings) : IDisposable
{
    /// <summary>Attempts without any progress before a download is given up.</summary>
    public const int Attempts = 5;

    private const int MaxRedirects = 10;
    private static readonly TimeSpan s_longestWait = TimeSpan.FromMinutes(5);

    private readonly HttpClient _client = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, ConnectTimeout = TimeSpan.FromSeconds(15) })
    {
        Timeout = TimeSpan.FromSeconds(100),
        DefaultRequestVersion = HttpVersion.Version11,
    };

    /// <summary>The answer to a request, its headers read; the caller disposes it.</summary>
    /// <param name="address">Where to.</param>
    /// <param name="what">What is asked for, for messages.</param>
    /// <param name="from">First byte that is wanted.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="ConfigException">The hub refuses: no such repository, revision or file, or no permission.</exception>
    /// <exception cref="HttpRequestException">The hub cannot be reached.</exception>
    /// <exception cref="RunException">The hub stays unable to answer.</exception>
    public HttpResponseMessage Get(string address, string what, long from, CancellationToken cancellationToken)
    {
        for (int attempt = 1; ; attempt++)
        {
            var response = Follow(new Uri(address), what, from, cancellationToken);
            if (response.IsSuccessStatusCode || response.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable)
            {
                return response;
            }

            using (response)
            {
                int code = (int)response.StatusCode;
                if (code is not (429 or 408 or >= 500))
                {
                    throw new ConfigException($"{what}: {Refusal(response)}");
                }

                if (attempt == Attempts)
                {
                    throw new RunException($"{what}: the hub answers {code} {response.ReasonPhrase} after {Attempts} attempts; {(code == 429 ? "it allows no more requests now, " : "")}try again later");
                }

                Wait(attempt, cancellationToken, response.Headers.RetryAfter);
            }
        }
    }

    /// <summary>Pauses before another attempt: as long as the hub asks, else twice as long each time.</summary>
    public void Wait(int attempt, CancellationToken cancellationToken, RetryConditionHeaderValue? asked = null)
    {
        var pause = asked?.Delta ?? (asked?.Date is { } date ? date - DateTimeOffset.UtcNow : settings.RetryDelay * (1 << (attempt - 1)));
        pause = pause < TimeSpan.Zero ? TimeSpan.Zero : pause > s_longestWait ? s_longestWait : pause;
        cancellationToken.WaitHandle.WaitOne(pause);
        cancellationToken.ThrowIfCancellationRequested();
    }

    /// <inheritdoc/>
    public void Dispose() => _client.Dispose();

    private HttpResponseMessage Follow(Uri address, string what, long from, CancellationToken cancellationToken)
    {
        for (int redirects = 0; redirects <= MaxRedirects; redirects++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, address);
            request.Headers.UserAgent.Add(new ProductInfoHeaderValue("ballast", typeof(HubHttp).Assembly.GetName().Version!.ToString(3)));
            if (settings.Token is { } token && IsHub(address))
            {
                request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
            }

            if (from > 0)
            {
                request.Headers.Range = new RangeHeaderValue(from, null);
            }

            var response = _client.Send(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            if (response.StatusCode is not (HttpStatusCode.Moved or HttpStatusCode.Found or HttpStatusCode.SeeOther or HttpStatusCode.TemporaryRedirect or HttpStatusCode.PermanentRedirect)
                || response.Headers.Location is not { } location)
            {
                return response;
            }

            response.Dispose();
            var target = new Uri(address, location);
            if (target.Scheme != address.Scheme && target.Scheme != Uri.UriSchemeHttps)
            {
                throw new RunException($"{what}: the hub redirects to {target.Scheme}://{target.Host}; only https is followed");
            }

            address = target;
        }

        throw new RunException($"{what}: more than {MaxRedirects} redirects");
    }

    private bool IsHub(Uri address) => Uri.Compare(address, new Uri(settings.Endpoint), UriComponents.SchemeAndServer, UriFormat.Unescaped, StringComparison.OrdinalIgnoreCase) == 0;

    private string Refusal(HttpResponseMessage response)
    {
        string code = response.Headers.TryGetValues("X-Error-Code", out var values) ? string.Join(' ', values) : "";
        string permission = settings.Token is null ? "set HF_TOKEN to a token that may read it" : "the token in use may not read it";
        return ((int)response.StatusCode, code) switch
        {
            (_, "RevisionNotFound") => "there is no such revision",
            (_, "EntryNotFound") => "there is no such file",
            (_, "GatedRepo") => $"its owners grant access on request: ask on its page at {settings.Endpoint}, and {permission}",
            (401 or 403, _) => $"{settings.Endpoint} has no such repository, or it is private: check the name, or {permission}",
            (404, _) => $"{settings.Endpoint} has no such repository, revision or file",
            var (status, _) => $"the hub refuses with {status} {response.ReasonPhrase}",
        };
    }
}
