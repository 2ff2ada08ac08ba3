using Ballast.Tests.Hub;
using Ballast.Tests.Support;
using Xunit;

namespace Ballast.Tests.Cli;

/// <summary>Names of the hub on the command line; the environment is the process's own, so these run alone.</summary>
[Collection(Alone.Name)]
public sealed class HubVerbTests : IDisposable
{
    private readonly FakeHub _hub = new();
    private readonly string _home = Shared.TemporaryFolder();

    public HubVerbTests()
    {
        string model = TinyModel.Create(Path.Combine(_home, "made"));
        foreach (string file in Directory.EnumerateFiles(model))
        {
            _hub.Files[Path.GetFileName(file)] = File.ReadAllBytes(file);
        }

        Set("HF_ENDPOINT", _hub.Address.ToString());
        Set("HF_HOME", _home);
    }

    public void Dispose()
    {
        Set("HF_ENDPOINT", null);
        Set("HF_HOME", null);
        Set("HF_HUB_OFFLINE", null);
        _hub.Dispose();
        Directory.Delete(_home, recursive: true);
    }

    [Fact]
    public void A_model_is_downloaded_once_and_then_used_by_its_name_offline()
    {
        string folder = CommandLine.Run("download", "owner/tiny").Success().Trim();
        Assert.EndsWith($"models--owner--tiny/snapshots/{FakeHub.Commit}", folder);

        Set("HF_HUB_OFFLINE", "1");
        Assert.Contains("llama", CommandLine.Run("inspect", "model", "owner/tiny", "--json").Success());
        CommandLine.Run("generate", $"owner/tiny@{FakeHub.Commit}", "--prompt", "x", "--max-new-tokens", "2").Success();
    }

    [Fact]
    public void A_run_pins_the_commits_of_model_and_data()
    {
        _hub.Files["train.jsonl"] = """{"prompt": "a", "completion": "b"}"""u8.ToArray();
        string recipe = Path.Combine(_home, "recipe.yaml"), output = Path.Combine(_home, "run");
        File.WriteAllText(recipe, $"model: owner/tiny\noutput: {output}\ndata:\n  train:\n    - path: owner/rows\ntraining:\n  max_steps: 1\n  batch_size: 1\n  micro_batch_size: 1\n  precision: float32\n");

        CommandLine.Run("tune", recipe).Success();

        string written = File.ReadAllText(Path.Combine(output, "recipe.yaml"));
        Assert.Contains($"model: \"owner/tiny@{FakeHub.Commit}\"", written, StringComparison.Ordinal);
        Assert.Contains($"path: \"owner/rows@{FakeHub.Commit}/train.jsonl\"", written, StringComparison.Ordinal);
        Assert.Contains($"\"model_revision\": \"{FakeHub.Commit}\"", File.ReadAllText(Path.Combine(output, "run.json")), StringComparison.Ordinal);
        Set("HF_HUB_OFFLINE", "1");
        CommandLine.Run("tune", Path.Combine(output, "recipe.yaml"), "--out", Path.Combine(_home, "again")).Success();
    }

    [Theory]
    [InlineData("name")]
    [InlineData("owner/name/file")]
    public void What_is_no_repository_is_refused(string name) => Assert.Contains("owner/name", CommandLine.Run("download", name).UserFault());

    private static void Set(string variable, string? value) => Environment.SetEnvironmentVariable(variable, value);
}
