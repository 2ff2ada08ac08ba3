using System.CommandLine;
using System.Globalization;
using Ballast.Adapters;
using Ballast.Tokenizers;
using Ballast.Training;

namespace Ballast.Cli.Verbs;

/// <summary>tune: fine-tunes the model of a recipe into a run folder.</summary>
internal static class TuneVerb
{
    public static Command Create(Terminal terminal)
    {
        var recipe = RecipeArgument.Create();
        var set = RecipeArgument.CreateSet();
        var output = new Option<string?>("--out") { Description = "The run folder (default: the recipe's output)", HelpName = "DIR" };
        var data = DataFolder.CreateOption();
        var resume = new Option<string>("--resume")
        {
            Description = "auto goes on with a run in the folder, never refuses one; or a checkpoint to go on from",
            HelpName = "auto|never|DIR",
            DefaultValueFactory = _ => "auto",
        };
        var command = new Verb("tune", "Fine-tune a model as a recipe says; the same command goes on after an interruption.",
            "ballast tune configs/demo/good.yaml --out runs/mine",
            "ballast tune recipe.yaml --set training.learning_rate=1e-5 --set training.epochs=2") { recipe, set, output, data, resume };
        command.SetAction(parse =>
        {
            var loaded = terminal.Recipe(parse.GetRequiredValue(recipe), parse.GetValue(set));
            loaded = parse.GetValue(output) is string folder ? loaded with { Output = folder } : loaded;
            var tokenizer = new Lazy<Tokenizer>(() => Tokenizer.Load(ModelName.Parse(loaded.Model).Folder));
            var progress = new TuneProgress(terminal, ids => tokenizer.Value.Decode(ids));
            var result = progress.Watch(() => new TuneRun(
                loaded, parse.GetValue(data), progress.Begin, progress.Step, Resume.Parse(parse.GetRequiredValue(resume)), progress.Say).Run(terminal.Cancellation));
            terminal.Say(Describe(result));
            terminal.Out.WriteLine(result.Model);
            return ExitCode.Success;
        });
        return command;
    }

    private static string Describe(TuneResult result)
    {
        string stopped = result.Training.Stopped is string reason ? $", stopped early: {reason}" : "";
        string average = result.Ema is EmaCheck ema ? $"; the average covers {ema.EffectiveLambda:0.000} of the way that the weights went" : "";
        return string.Create(CultureInfo.InvariantCulture, $"{result.Training.Steps} steps, {result.Training.Tokens:N0} tokens{stopped}{average}");
    }
}
