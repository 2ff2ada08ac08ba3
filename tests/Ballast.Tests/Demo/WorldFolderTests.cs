using System.Text.Json;
using Ballast.Checkpoints;
using Ballast.Demo;
using Ballast.Models;
using Ballast.Tests.Support;
using Xunit;

namespace Ballast.Tests.Demo;

public sealed class WorldFolderTests : IDisposable
{
    private readonly string _folder = Shared.TemporaryFolder();

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void The_same_seed_writes_the_same_bytes()
    {
        WorldFolder.Write(new World(1), Path.Combine(_folder, "a"));
        WorldFolder.Write(new World(1), Path.Combine(_folder, "b"));
        WorldFolder.Write(new World(2), Path.Combine(_folder, "c"));
        Assert.Equal(Hashes("a"), Hashes("b"));
        Assert.NotEqual(Hashes("a"), Hashes("c"));
    }

    [Fact]
    public void The_files_of_seed_1_have_the_bytes_they_always_had()
    {
        WorldFolder.Write(new World(1), Path.Combine(_folder, "world"));
        Assert.Equal("", string.Join('\n', Hashes("world").Select(file => $"{file.Value[..8]} {file.Key}")));
    }

    [Fact]
    public void An_older_world_is_replaced_as_a_whole()
    {
        string world = Path.Combine(_folder, "world");
        Directory.CreateDirectory(world);
        File.WriteAllText(Path.Combine(world, "left-over.jsonl"), "");
        WorldFolder.Write(new World(1), world);
        Assert.False(File.Exists(Path.Combine(world, "left-over.jsonl")));
    }

    [Fact]
    public void Training_rows_are_messages_of_a_user_and_an_assistant()
    {
        WorldFolder.Write(new World(1), _folder);
        string[] lines = File.ReadAllLines(Path.Combine(_folder, "align.jsonl"));
        Assert.Equal(3000, lines.Length);
        using var row = JsonDocument.Parse(lines[0]);
        Assert.Equal(["user", "assistant"], row.RootElement.GetProperty("messages").EnumerateArray().Select(message => message.GetProperty("role").GetString()));
    }

    [Fact]
    public void The_untrained_model_is_a_small_llama_whose_tensors_fit_its_configuration()
    {
        WorldFolder.Write(new World(1), _folder);
        string model = Path.Combine(_folder, WorldFolder.UntrainedModel);
        var config = LlamaConfig.Parse(ModelFolder.ReadConfig(model), model);
        using var checkpoint = Checkpoint.Open(model);
        Assert.Equal(config.ParameterCount, checkpoint.Entries.Values.Sum(entry => entry.ElementCount));
        Assert.InRange(new DirectoryInfo(model).EnumerateFiles().Sum(file => file.Length), 1, 4_000_000);
        Assert.Empty(config.IgnoredKeys);
    }

    private Dictionary<string, string> Hashes(string folder)
    {
        string root = Path.Combine(_folder, folder);
        return Directory.EnumerateFiles(root, "*", SearchOption.AllDirectories)
            .Order(StringComparer.Ordinal)
            .ToDictionary(file => Path.GetRelativePath(root, file), ModelFolder.HashFile);
    }
}
