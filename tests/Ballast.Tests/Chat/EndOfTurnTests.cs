using Xunit;

namespace Ballast.Tests.Chat;

public class EndOfTurnTests
{
    [Theory]
    [InlineData("llama2-sys", "</s>")]
    [InlineData("meta-llama-Llama-3.1-8B-Instruct", "<|eot_id|>")]
    [InlineData("mistralai-Mistral-Nemo-Instruct-2407", "</s>")]
    [InlineData("Qwen-Qwen2.5-7B-Instruct", "<|im_end|>")]
    [InlineData("qwen3", "<|im_end|>")]
    [InlineData("microsoft-Phi-3.5-mini-instruct", "<|end|>")]
    [InlineData("phi-4-mini", "<|end|>")]
    [InlineData("google-gemma-2-2b-it", "<end_of_turn>")]
    public void The_token_that_ends_a_turn_of_each_family_is_known(string template, string expected) =>
        Assert.StartsWith(expected, ChatGoldens.Template(template).EndOfTurn());

    [Fact]
    public void A_template_without_one_has_none() =>
        Assert.Null(Ballast.Chat.ChatTemplate.Parse("{% for m in messages %}{{ m['role'] }}: {{ m['content'] }}\n{% endfor %}").EndOfTurn());
}
