using System.CommandLine;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Ballast.Adapters;
using Ballast.Chat;
using Ballast.Checkpoints;
using Ballast.Data;
using Ballast.Models;
using Ballast.Tokenizers;
using Spectre.Console;

namespace Ballast.Cli.Verbs;

/// <summary>inspect data: training rows as the model will see them, every token with its label; masked ones are dimmed.</summary>
internal static class InspectDataVerb
{
    private static readonly JsonSerializerOptions s_readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static Command Create(Terminal terminal)
    {
        var recipe = RecipeArgument.Create();
        var set = RecipeArgument.CreateSet();
        var rows = new Option<int>("--rows") { Description = "How many rows to show", HelpName = "N", DefaultValueFactory = _ => 3 };
        var json = JsonOption.Create();
        var command = new Verb("data", "Show training rows token by token, with what is trained and what is masked.",
            "ballast inspect data configs/demo/good.yaml --rows 1") { recipe, set, rows, json };
        command.SetAction(parse =>
        {
            var loaded = terminal.Recipe(parse.GetRequiredValue(recipe), parse.GetValue(set));
            string folder = ModelName.Parse(loaded.Model).Folder;
            var tokenizer = Tokenizer.Load(folder);
            var config = DecoderConfig.Parse(ModelFolder.ReadConfig(folder), Path.Combine(folder, ModelFolder.ConfigFile));
            var data = TrainingData.Load(
                loaded.Data, tokenizer, ChatTemplate.TryLoad(folder), config.VocabSize, loaded.Training.Seed, null, terminal.Cancellation).Train;
            var shown = data.Rows.Take(parse.GetValue(rows));
            if (parse.GetValue(json))
            {
                terminal.WriteJson(new JsonArray([.. shown.Select(row => ToJson(row, tokenizer))]));
            }
            else
            {
                foreach (var row in shown)
                {
                    Print(row, tokenizer, terminal);
                }
            }

            foreach (string line in DataSummary.Lines(data))
            {
                terminal.Say(line);
            }

            return ExitCode.Success;
        });
        return command;
    }

    private static void Print(TokenRow row, Tokenizer tokenizer, Terminal terminal)
    {
        terminal.Out.WriteLine($"{row.Source}: {row.Length} tokens, {row.Targets} trained");
        var tokens = TokenView.Of(row, tokenizer);
        if (!terminal.DrawsOut)
        {
            var table = new TextTable(">id", ">label", "token");
            foreach (var token in tokens)
            {
                string id = token.Id.ToString(CultureInfo.InvariantCulture);
                table.Add(id, token.IsTarget ? id : "-100", JsonValue.Create(token.Text).ToJsonString(s_readable));
            }

            table.WriteTo(terminal);
            return;
        }

        var text = new Paragraph();
        foreach (var token in tokens)
        {
            text.Append(token.Text, token.IsTarget ? new Style(Color.Green) : new Style(decoration: Decoration.Dim));
            text.Append("\u00b7", new Style(Color.Grey));
        }

        terminal.OutConsole().Write(text);
        terminal.Out.WriteLine();
    }

    private static JsonObject ToJson(TokenRow row, Tokenizer tokenizer) => new()
    {
        ["source"] = row.Source,
        ["input_ids"] = new JsonArray([.. row.InputIds.Select(id => JsonValue.Create(id))]),
        ["labels"] = new JsonArray([.. row.Labels.Select(id => JsonValue.Create(id))]),
        ["tokens"] = new JsonArray([.. TokenView.Of(row, tokenizer).Select(token => JsonValue.Create(token.Text))]),
    };
}
