using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using Ballast.Adapters;
using Ballast.Tokenizers;

namespace Ballast.Cli.Verbs;

/// <summary>inspect tokens: text to ids, one JSON array for a text or one a line for a JSONL file.</summary>
internal static class InspectTokensVerb
{
    public static Command Create(Terminal terminal)
    {
        var path = new Argument<string>("PATH") { Description = "Model folder, tokenizer.json or tokenizer.model" };
        var text = new Option<string>("--text") { Description = "The text", HelpName = "T" };
        var file = new Option<string>("--file") { Description = "A file whose whole content is the text ('-': standard input)", HelpName = "F" };
        var jsonl = new Option<string>("--jsonl") { Description = "A file with one JSON string a line ('-': standard input)", HelpName = "F" };
        var special = new Option<bool>("--add-special-tokens") { Description = "Add what the tokenizer puts around a text, such as BOS" };
        var command = new Verb("tokens", "Turn text into token ids.",
            "ballast inspect tokens models/demo-aligned --text \"How do I wash the red lamp?\"") { path, text, file, jsonl, special };
        command.Validators.Add(result =>
        {
            if (new[] { result.GetResult(text), result.GetResult(file), result.GetResult(jsonl) }.Count(given => given is not null) != 1)
            {
                result.AddError("Give one of --text, --file and --jsonl");
            }
        });
        command.SetAction(parse =>
        {
            var tokenizer = Tokenizer.Load(ModelName.Parse(terminal.Model(parse.GetRequiredValue(path))).Folder);
            bool add = parse.GetValue(special);
            if (parse.GetValue(jsonl) is string lines)
            {
                EncodeLines(tokenizer, lines, add, terminal);
            }
            else
            {
                string whole = parse.GetValue(text) ?? InputText.Read(parse.GetRequiredValue(file));
                terminal.Out.WriteLine(ToJson(tokenizer.Encode(whole, add)));
            }

            return ExitCode.Success;
        });
        return command;
    }

    private static void EncodeLines(Tokenizer tokenizer, string path, bool add, Terminal terminal)
    {
        int number = 0;
        foreach (string line in InputText.Lines(path))
        {
            terminal.Out.WriteLine(ToJson(tokenizer.Encode(ParseString(line, $"{path}:{++number}"), add)));
            terminal.Cancellation.ThrowIfCancellationRequested();
        }
    }

    private static string ParseString(string line, string place)
    {
        try
        {
            if (JsonNode.Parse(line) is JsonValue value && value.TryGetValue(out string? text))
            {
                return text;
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new DataException($"{place}: expected one JSON string, as in \"Hello\", found broken JSON", e);
        }

        throw new DataException($"{place}: expected one JSON string, as in \"Hello\"");
    }

    private static string ToJson(int[] ids) => $"[{string.Join(", ", ids)}]";
}
