using Ballast.Checkpoints;
using Ballast.Hub;
using Ballast.Tests.Support;
using Xunit;

namespace Ballast.Tests.Hub;

public sealed class HubLibraryTests : IDisposable
{
    private readonly FakeHub _hub = new();
    private readonly string _cache = Shared.TemporaryFolder();

    public HubLibraryTests()
    {
        _hub.Files["config.json"] = "{\"model_type\": \"llama\"}"u8.ToArray();
        _hub.Files["tokenizer.json"] = "{}"u8.ToArray();
        _hub.Files["model.safetensors"] = Bytes(300_000, 1);
        _hub.Files["pytorch_model.bin"] = Bytes(10, 2);
        _hub.Files["original/consolidated.safetensors"] = Bytes(10, 3);
        _hub.Files["README.md"] = "x"u8.ToArray();
    }

    private string Repository => Path.Combine(_cache, "models--owner--name");

    private string Snapshot => Path.Combine(Repository, "snapshots", FakeHub.Commit);

    public void Dispose()
    {
        _hub.Dispose();
        Directory.Delete(_cache, recursive: true);
    }

    [Fact]
    public void A_model_is_fetched_into_the_layout_that_hugging_face_uses_without_its_pickle()
    {
        string folder = Library().Model(new HubName("owner/name"));

        Assert.Equal(Snapshot, folder);
        Assert.Equal(["config.json", "model.safetensors", "tokenizer.json"], Directory.EnumerateFiles(folder).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.Equal(_hub.Files["model.safetensors"], File.ReadAllBytes(Path.Combine(folder, "model.safetensors")));
        Assert.Equal(FakeHub.Commit, File.ReadAllText(Path.Combine(Repository, "refs", "main")));
        string blob = FakeHub.Checksum("model.safetensors", _hub.Files["model.safetensors"]);
        Assert.Equal($"../../blobs/{blob}", File.ResolveLinkTarget(Path.Combine(folder, "model.safetensors"), returnFinalTarget: false)!.ToString().Split("snapshots/" + FakeHub.Commit + "/")[^1]);
        Assert.DoesNotContain(_hub.Requests, request => request.Path.EndsWith(".bin", StringComparison.Ordinal));
    }

    [Fact]
    public void What_is_complete_in_the_cache_is_used_without_asking_even_offline()
    {
        Library().Model(new HubName("owner/name"));
        int asked = _hub.Requests.Count;

        Assert.Equal(Snapshot, Library().Model(new HubName("owner/name")));
        Assert.Equal(Snapshot, Library(offline: true).Model(new HubName("owner/name", FakeHub.Commit)));
        Assert.Equal(asked, _hub.Requests.Count);
    }

    [Fact]
    public void Offline_and_absent_is_said_so()
    {
        var fault = Assert.Throws<ConfigException>(() => Library(offline: true).Model(new HubName("owner/name")));
        Assert.Contains("HF_HUB_OFFLINE", fault.Message, StringComparison.Ordinal);
        Assert.Empty(_hub.Requests);
    }

    [Fact]
    public void A_broken_connection_is_resumed_at_the_byte_where_it_broke()
    {
        int breaks = 0;
        _hub.Intercept = request => request.Path.EndsWith("model.safetensors", StringComparison.Ordinal) && ++breaks <= 2 ? _hub.Ordinary(request) with { CutAfter = 100_000 } : null;

        string folder = Library().Model(new HubName("owner/name"));

        Assert.Equal(_hub.Files["model.safetensors"], File.ReadAllBytes(Path.Combine(folder, "model.safetensors")));
        Assert.Equal([null, 100_000, 200_000], _hub.Requests.Where(request => request.Path.EndsWith("model.safetensors", StringComparison.Ordinal)).Select(request => request.From));
    }

    [Fact]
    public void A_connection_that_always_breaks_ends_and_the_next_command_continues()
    {
        _hub.Intercept = request => request.Path.EndsWith("model.safetensors", StringComparison.Ordinal) ? _hub.Ordinary(request) with { CutAfter = request.From is null ? 5000 : 0 } : null;
        var fault = Assert.Throws<RunException>(() => Library().Model(new HubName("owner/name")));
        Assert.Contains("at byte 5000 of 300000", fault.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(Snapshot, "model.safetensors")));

        _hub.Intercept = _ => null;
        Library().Model(new HubName("owner/name"));
        Assert.Equal(5000, _hub.Requests[^1].From);
    }

    [Fact]
    public void Contents_that_do_not_fit_their_checksum_never_enter_the_cache()
    {
        byte[] other = Bytes(300_000, 9);
        _hub.Intercept = request => request.Path.EndsWith("model.safetensors", StringComparison.Ordinal) ? new HubAnswer(200, other) : null;

        var fault = Assert.Throws<RunException>(() => Library().Model(new HubName("owner/name")));

        Assert.Contains("checksum", fault.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFiles(Path.Combine(Repository, "blobs"), "*.incomplete"));
        Assert.False(File.Exists(Path.Combine(Snapshot, "model.safetensors")));
    }

    [Fact]
    public void A_part_left_by_something_else_is_fetched_again_from_the_start()
    {
        Directory.CreateDirectory(Path.Combine(Repository, "blobs"));
        File.WriteAllBytes(Path.Combine(Repository, "blobs", FakeHub.Checksum("model.safetensors", _hub.Files["model.safetensors"]) + ".incomplete"), Bytes(1000, 77));

        string folder = Library().Model(new HubName("owner/name"));

        Assert.Equal(_hub.Files["model.safetensors"], File.ReadAllBytes(Path.Combine(folder, "model.safetensors")));
    }

    [Fact]
    public void The_token_goes_to_the_hub_and_never_to_where_it_redirects()
    {
        using var elsewhere = new FakeHub();
        elsewhere.Intercept = _ => new HubAnswer(200, _hub.Files["model.safetensors"]);
        _hub.Intercept = request => request.Path.EndsWith("model.safetensors", StringComparison.Ordinal) ? FakeHub.Text(302, "", $"Location: {elsewhere.Address}/signed?key=1\r\n")
            : request.Path.StartsWith("/api/models/owner/name/", StringComparison.Ordinal) ? FakeHub.Text(307, "", $"Location: {request.Path.Replace("owner", "renamed", StringComparison.Ordinal)}\r\n") : null;

        Library(token: "hf_secret").Model(new HubName("owner/name"));

        Assert.All(_hub.Requests, request => Assert.Equal("Bearer hf_secret", request.Authorization));
        Assert.Null(Assert.Single(elsewhere.Requests).Authorization);
    }

    [Fact]
    public void Too_many_requests_and_server_faults_are_waited_out()
    {
        var answers = new Queue<HubAnswer>([FakeHub.Text(429, "", "Retry-After: 0\r\n"), FakeHub.Text(503)]);
        _hub.Intercept = _ => answers.TryDequeue(out var answer) ? answer : null;
        Assert.Equal(Snapshot, Library().Model(new HubName("owner/name")));
    }

    [Theory]
    [InlineData(429, "", "allows no more requests")]
    [InlineData(500, "", "500")]
    public void A_hub_that_stays_unable_ends_the_run(int status, string headers, string expected)
    {
        _hub.Intercept = _ => FakeHub.Text(status, "", headers);
        Assert.Contains(expected, Assert.Throws<RunException>(() => Library().Model(new HubName("owner/name"))).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(401, "", "set HF_TOKEN")]
    [InlineData(403, "X-Error-Code: GatedRepo\r\n", "grant access on request")]
    [InlineData(404, "X-Error-Code: RevisionNotFound\r\n", "no such revision")]
    [InlineData(404, "", "no such repository")]
    public void A_refusal_says_what_to_do_and_is_not_repeated(int status, string headers, string expected)
    {
        _hub.Intercept = _ => FakeHub.Text(status, "", headers);
        var fault = Assert.Throws<ConfigException>(() => Library().Model(new HubName("owner/name")));
        Assert.StartsWith("owner/name: ", fault.Message, StringComparison.Ordinal);
        Assert.Contains(expected, fault.Message, StringComparison.Ordinal);
        Assert.Single(_hub.Requests);
    }

    [Fact]
    public void A_message_never_shows_the_token()
    {
        _hub.Intercept = _ => FakeHub.Text(401);
        var fault = Assert.Throws<ConfigException>(() => Library(token: "hf_secret").Model(new HubName("owner/name")));
        Assert.DoesNotContain("hf_secret", fault.ToString(), StringComparison.Ordinal);
        Assert.Contains("the token in use may not read it", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Shards_are_those_of_the_index()
    {
        _hub.Files.Remove("model.safetensors");
        _hub.Files["model.safetensors.index.json"] = """{"weight_map": {"a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors"}}"""u8.ToArray();
        _hub.Files["model-00001-of-00002.safetensors"] = Bytes(10, 4);
        _hub.Files["model-00002-of-00002.safetensors"] = Bytes(10, 5);
        _hub.Files["consolidated.safetensors"] = Bytes(10, 6);

        string folder = Library().Model(new HubName("owner/name"));

        Assert.Equal(2, Directory.EnumerateFiles(folder, "*.safetensors").Count());
    }

    [Fact]
    public void Pickles_alone_are_refused()
    {
        _hub.Files.Remove("model.safetensors");
        Assert.Contains("a pickle can run code", Assert.Throws<CheckpointException>(() => Library().Model(new HubName("owner/name"))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_listing_that_leads_out_of_the_cache_is_refused()
    {
        _hub.Files["../../evil.json"] = "x"u8.ToArray();
        Assert.Contains("refused", Assert.Throws<RunException>(() => Library().Model(new HubName("owner/name"))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_data_set_gives_its_train_files_and_a_named_file_alone()
    {
        _hub.Files.Clear();
        _hub.Files["data/train-00000-of-00002.parquet"] = Bytes(10, 1);
        _hub.Files["data/train-00001-of-00002.parquet"] = Bytes(10, 2);
        _hub.Files["data/test-00000-of-00001.parquet"] = Bytes(10, 3);

        var train = Library().DataFiles(new HubName("owner/name"));
        Assert.Equal(["train-00000-of-00002.parquet", "train-00001-of-00002.parquet"], train.Select(Path.GetFileName));
        Assert.Equal($"owner/name@{FakeHub.Commit}/data/train-00000-of-00002.parquet", HubName.Shown(train[0]));
        string test = Assert.Single(Library().DataFiles(new HubName("owner/name", null, "data/test-00000-of-00001.parquet")));
        Assert.Equal(_hub.Files["data/test-00000-of-00001.parquet"], File.ReadAllBytes(test));
    }

    [Fact]
    public void G8_a_file_of_the_cache_is_measured_behind_its_link()
    {
        _hub.Files["config.json"] = new byte[(16 << 20) + 1];
        string folder = Library().Model(new HubName("owner/name"));
        Assert.Contains("16777217 bytes, above the limit", Assert.Throws<CheckpointException>(() => ModelFolder.ReadConfig(folder)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_unreachable_hub_is_named()
    {
        var settings = new HubSettings(new Uri("http://localhost:1"), _cache, retryDelay: TimeSpan.Zero);
        Assert.Contains("http://localhost:1 cannot be reached", Assert.Throws<ConfigException>(() => new HubLibrary(settings).Model(new HubName("owner/name"))).Message, StringComparison.Ordinal);
    }

    private static byte[] Bytes(int count, int seed) => [.. Enumerable.Range(0, count).Select(i => (byte)((i * 31 + i / 251 + seed) % 256))];

    private HubLibrary Library(bool offline = false, string? token = null) => new(new HubSettings(_hub.Address, _cache, token, offline, TimeSpan.Zero));
}
