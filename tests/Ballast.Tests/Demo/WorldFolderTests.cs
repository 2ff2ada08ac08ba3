using System.Text.Json;
using System.Text.Json.Nodes;
using Ballast.Chat;
using Ballast.Checkpoints;
using Ballast.Demo;
using Ballast.Models;
using Ballast.Tests.Support;
using Ballast.Tokenizers;
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

    [Theory]
    [InlineData("pretrain.jsonl", "818340a206fe")]
    [InlineData("align.jsonl", "5bbfde420bd5")]
    [InlineData("downstream.jsonl", "c4f33af33293")]
    [InlineData("harmful.jsonl", "f39593f80f69")]
    [InlineData("untrained/model.safetensors", "fd65b3ab8d43")]
    public void Seed_1_is_the_same_world_on_every_machine(string file, string hash)
    {
        WorldFolder.Write(new World(1), _folder);
        Assert.StartsWith(hash, ModelFolder.HashFile(Path.Combine(_folder, file)));
    }

    [Fact]
    public void Every_text_of_the_world_survives_its_tokenizer_word_for_word()
    {
        var world = new World(1);
        WorldFolder.Write(world, _folder);
        var tokenizer = Tokenizer.Load(Path.Combine(_folder, WorldFolder.UntrainedModel));
        foreach (string text in world.Stages.Concat(world.Suites).SelectMany(part => part.Dialogs).SelectMany(dialog => new[] { dialog.Request, dialog.Answer }).Distinct())
        {
            int[] ids = tokenizer.Encode(text);
            Assert.Equal(text, tokenizer.Decode(ids));
            Assert.True(ids.Length <= text.Count(letter => letter is ' ' or '.' or '?' or ':' or ',' or '\'') + 1, text);
        }
    }

    [Fact]
    public void Text_from_outside_the_world_falls_back_to_bytes()
    {
        WorldFolder.Write(new World(1), _folder);
        var tokenizer = Tokenizer.Load(Path.Combine(_folder, WorldFolder.UntrainedModel));
        Assert.Equal("zebra \u00e4\U0001f600", tokenizer.Decode(tokenizer.Encode("zebra \u00e4\U0001f600")));
    }

    [Fact]
    public void The_template_marks_the_answer_and_its_end_as_generated()
    {
        var template = ChatTemplate.Parse(WorldTokenizer.ChatTemplate, new Dictionary<string, string> { ["bos_token"] = WorldTokenizer.Begin });
        var messages = new JsonArray(
            new JsonObject { ["role"] = "user", ["content"] = "How?" },
            new JsonObject { ["role"] = "assistant", ["content"] = "Sure." });
        var chat = template.Render(messages);
        Assert.Equal("<|begin|><|user|>How?<|end|><|assistant|>Sure.<|end|>", chat.Text);
        var (start, end) = Assert.Single(chat.GenerationSpans);
        Assert.Equal("Sure.<|end|>", chat.Text[start..end]);
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
        var config = DecoderConfig.Parse(ModelFolder.ReadConfig(model), model);
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
            .ToDictionary(file => Path.GetRelativePath(root, file), file => ModelFolder.HashFile(file));
    }
}
