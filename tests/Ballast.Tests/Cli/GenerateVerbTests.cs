using Ballast.Tests.Support;
using Xunit;

namespace Ballast.Tests.Cli;

public sealed class GenerateVerbTests : IDisposable
{
    private readonly string _folder = Shared.TemporaryFolder();
    private readonly string _model;

    public GenerateVerbTests() => _model = TinyModel.Create(Path.Combine(_folder, "model"));

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void The_same_prompt_and_seed_give_the_same_reply_and_another_seed_another()
    {
        string Reply(string seed) => CommandLine.Run("generate", _model, "--prompt", "Hi", "--temperature", "1", "--seed", seed, "--max-new-tokens", "20").Success();
        Assert.Equal(Reply("1"), Reply("1"));
        Assert.NotEqual(Reply("1"), Reply("2"));
        Assert.EndsWith("\n", Reply("1"));
    }

    [Fact]
    public void Greedy_replies_need_no_seed_and_differ_with_and_without_the_template()
    {
        string chat = CommandLine.Run("generate", _model, "--prompt", "Hi", "--max-new-tokens", "8").Success();
        Assert.Equal(chat, CommandLine.Run("generate", _model, "--prompt", "Hi", "--max-new-tokens", "8", "--seed", "9").Success());
        Assert.NotEqual(chat, CommandLine.Run("generate", _model, "--prompt", "Hi", "--max-new-tokens", "8", "--raw").Success());
    }

    [Fact]
    public void A_model_without_template_asks_for_raw()
    {
        File.Delete(Path.Combine(_model, "chat_template.jinja"));
        Assert.Contains("--raw", CommandLine.Run("generate", _model, "--prompt", "Hi").UserFault());
        CommandLine.Run("generate", _model, "--prompt", "Hi", "--raw", "--max-new-tokens", "2").Success();
    }

    [Theory]
    [InlineData("--max-new-tokens", "0", "at least 1")]
    [InlineData("--max-new-tokens", "many", "a whole number")]
    [InlineData("--temperature", "-1", "0 or above")]
    [InlineData("--temperature", "NaN", "0 or above")]
    [InlineData("--top-p", "0", "above 0")]
    [InlineData("--top-p", "1.1", "at most 1")]
    [InlineData("--seed", "-1", "a whole number, 0 or above")]
    public void A_bad_option_is_one_line(string option, string value, string said) =>
        Assert.Contains(said, CommandLine.Run("generate", _model, "--prompt", "Hi", option, value).UserFault());

    [Fact]
    public void A_prompt_longer_than_the_model_is_one_line() =>
        Assert.Contains("256", CommandLine.Run("generate", _model, "--prompt", new string('x', 300)).UserFault());

    [Theory]
    [InlineData("config.json")]
    [InlineData("model.safetensors")]
    [InlineData("tokenizer.json")]
    public void A_model_folder_with_a_part_missing_is_one_line(string file)
    {
        File.Delete(Path.Combine(_model, file));
        Assert.Contains("model", CommandLine.Run("generate", _model, "--prompt", "Hi").UserFault());
    }

    [Theory]
    [InlineData("config.json")]
    [InlineData("model.safetensors")]
    [InlineData("tokenizer.json")]
    [InlineData("tokenizer_config.json")]
    public void A_model_folder_with_a_damaged_part_is_one_line(string file)
    {
        File.WriteAllText(Path.Combine(_model, file), "{");
        Assert.Contains(file, CommandLine.Run("generate", _model, "--prompt", "Hi").UserFault());
    }
}
