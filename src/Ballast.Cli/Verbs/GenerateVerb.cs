using System.CommandLine;
using System.Text.Json.Nodes;
using Ballast.Generation;

namespace Ballast.Cli.Verbs;

/// <summary>generate: answers one prompt; the reply alone goes to stdout, piece by piece as it is made.</summary>
internal static class GenerateVerb
{
    public static Command Create(Terminal terminal)
    {
        var model = new Argument<string>("MODEL") { Description = "Hugging Face model folder" };
        var prompt = new Option<string>("--prompt") { Description = "What the user says", HelpName = "TEXT", Required = true };
        var raw = new Option<bool>("--raw") { Description = "Continue the text itself, without the chat template" };
        var tokens = new Option<int>("--max-new-tokens") { Description = "Longest reply", HelpName = "N", DefaultValueFactory = _ => 256 };
        var temperature = new Option<double>("--temperature") { CustomParser = Number.One, Description = "0: always the likeliest token", HelpName = "T", DefaultValueFactory = _ => 0 };
        var topP = new Option<double>("--top-p") { CustomParser = Number.One, Description = "Draw from the likeliest tokens that have this share", HelpName = "P", DefaultValueFactory = _ => 1 };
        var seed = new Option<ulong>("--seed") { Description = "Seed of the draws", HelpName = "S", DefaultValueFactory = _ => 0 };
        var command = new Verb("generate", "Answer a prompt.",
            "ballast generate models/demo-aligned --prompt \"How do I wash the red lamp?\"",
            "ballast generate path/to/model+path/to/adapter --prompt \"Hello\" --temperature 0.7 --seed 1") { model, prompt, raw, tokens, temperature, topP, seed };
        command.SetAction(parse =>
        {
            var options = new GenerationOptions(parse.GetValue(tokens), parse.GetValue(temperature), parse.GetValue(topP), parse.GetValue(seed));
            Check(options);
            using var loaded = LanguageModel.Load(terminal.Model(parse.GetRequiredValue(model)), cancellationToken: terminal.Cancellation);
            int[] ids = Encode(loaded, parse.GetRequiredValue(prompt), parse.GetValue(raw));
            var reply = loaded.Stream(ids, options, Write, terminal.Cancellation);
            terminal.Out.WriteLine();
            if (!reply.Stopped)
            {
                terminal.Say($"cut after {reply.Ids.Length} tokens; {(reply.Ids.Length < options.MaxNewTokens ? "the model takes no longer text" : "--max-new-tokens allows more")}");
            }

            return ExitCode.Success;
        });
        return command;

        void Write(string piece)
        {
            terminal.Out.Write(piece);
            terminal.Out.Flush();
        }
    }

    private static void Check(GenerationOptions options)
    {
        string[] problems =
        [
            .. options.MaxNewTokens >= 1 ? [] : new[] { $"--max-new-tokens must be at least 1, got {options.MaxNewTokens}" },
            .. options.Temperature is >= 0 and < double.PositiveInfinity ? [] : new[] { $"--temperature must be 0 or above, got {options.Temperature}" },
            .. options.TopP is > 0 and <= 1 ? [] : new[] { $"--top-p must be above 0 and at most 1, got {options.TopP}" },
        ];
        if (problems.Length > 0)
        {
            throw new ConfigException(string.Join('\n', problems));
        }
    }

    private static int[] Encode(LanguageModel model, string prompt, bool raw)
    {
        if (raw)
        {
            return model.Tokenizer.Encode(prompt, addSpecialTokens: true);
        }

        var template = model.Template ?? throw new TemplateException($"{model.Name} has no chat template; --raw continues the text without one");
        var messages = new JsonArray(new JsonObject { ["role"] = "user", ["content"] = prompt });
        return model.Tokenizer.Encode(template.Render(messages, addGenerationPrompt: true).Text);
    }
}
