using Ballast.Configs;
using Ballast.Data;
using Ballast.Data.Formats;
using Ballast.Evaluation;
using Ballast.Evaluation.Suites;
using Ballast.Evaluation.Text;
using Ballast.Generation;

namespace Ballast.Merging.Rescue;

/// <summary>The downstream validation set and the one figure that counts as utility on it.</summary>
/// <param name="Name">Names it in figures.</param>
/// <param name="Measure">loss, token-accuracy, or the text metric of <paramref name="Suite"/>.</param>
/// <param name="Suite">Prompts to answer; null where rows are scored.</param>
/// <param name="Rows">Rows to score; null where replies are compared with references.</param>
/// <param name="Hash">Identifies prompts or rows.</param>
internal sealed record RescueTask(string Name, string Measure, Suite? Suite, IReadOnlyList<TokenRow>? Rows, string Hash)
{
    /// <summary>Mean cross-entropy per target token, in nats.</summary>
    public const string Loss = "loss";

    /// <summary>Share of target tokens that have the largest logit.</summary>
    public const string TokenAccuracy = "token-accuracy";

    /// <summary>What can count as utility.</summary>
    public static IReadOnlyList<string> Measures { get; } = [Loss, TokenAccuracy, .. TextMetric.All.Select(metric => metric.Name)];

    /// <summary>Whether a smaller figure is the better one.</summary>
    public bool LowerIsBetter => Measure == Loss;

    /// <summary>Reads a suite (a YAML description or a name) or a data file of any format that is trained on.</summary>
    /// <param name="validation">The suite or file.</param>
    /// <param name="utility">What counts; null: a suite's first metric, the loss for a data file.</param>
    /// <param name="dataFolder">Where files of named suites are.</param>
    /// <param name="limit">Only the first prompts or rows; null: all.</param>
    /// <param name="model">Whose tokens rows become.</param>
    /// <exception cref="BallastException">The file is missing or broken, or cannot be measured that way.</exception>
    public static RescueTask Load(string validation, string? utility, string? dataFolder, int? limit, LanguageModel model)
    {
        bool isData = File.Exists(validation) && Path.GetExtension(validation) is not (".yaml" or ".yml");
        string name = Path.GetFileNameWithoutExtension(validation);
        if (isData)
        {
            return utility is null or Loss or TokenAccuracy
                ? Scored(name, utility ?? Loss, RowsOf(validation, limit, model))
                : Answered(ValidationPrompts.Of(validation, limit), utility);
        }

        var suite = SuiteLoader.Load(validation, dataFolder) is [{ Kind: SuiteKind.Utility } only] ? only
            : throw new ConfigException($"--validation: '{validation}' is no utility suite (prompts with references); name a suite of kind utility or a data file");
        suite = limit is int count ? suite.Take(count) : suite;
        return utility is Loss or TokenAccuracy ? Scored(suite.Name, utility, RowsOf(suite, model)) : Answered(suite, utility ?? suite.Metrics[0].Name);
    }

    /// <summary>The figure of a point from its row scores.</summary>
    public MetricResult Result(string model, IReadOnlyList<RowScore> scores)
    {
        var held = HeldOut.Of(scores);
        var (value, interval) = LowerIsBetter ? (held.Loss.Mean, held.Loss.Interval) : (held.TokenAccuracy.Mean, held.TokenAccuracy.Interval);
        return new MetricResult(
            $"{Name}/{Measure}", model, Name, SuiteKind.Utility, Measure, null, held.Rows, value, MetricResult.Finite(interval.Low), MetricResult.Finite(interval.High), null, 0, 0);
    }

    private static RescueTask Scored(string name, string measure, IReadOnlyList<TokenRow> rows) => new(name, measure, null, rows, new Dataset(rows, []).RowsSha256());

    private static RescueTask Answered(Suite suite, string metric)
    {
        suite = suite with { Metrics = [TextMetric.Named(metric)] };
        return new RescueTask(suite.Name, metric, suite, null, suite.Hash());
    }

    private static IReadOnlyList<TokenRow> RowsOf(string file, int? limit, LanguageModel model)
    {
        var section = new DataSection([new DataSource(file, MaxRows: limit)], MaxLength: model.MaxLength);
        return new DatasetReader(section, Encoder(section, model), null, CancellationToken.None).Read(section.Train).Rows;
    }

    // A prompt as the suite puts it, and its first reference as what follows.
    private static TokenRow[] RowsOf(Suite suite, LanguageModel model)
    {
        var encoder = Encoder(new DataSection([], TemplateVariables: suite.TemplateVariables), model);
        return [.. suite.Prompts.Select(prompt =>
        {
            Example row = suite.Style == PromptStyle.Chat
                ? Messages.Turn(prompt.Text, prompt.References[0], suite.System ?? "")
                : new TextExample(RenderedPrompt.Of(model, suite, prompt).Text, prompt.References[0], Raw: true);
            var tokens = encoder.Encode(row, $"{suite.Name}:{prompt.Id}");
            return tokens.Length <= model.MaxLength ? tokens
                : throw new DataException($"{tokens.Source}: has {tokens.Length} tokens, the model takes {model.MaxLength}; filter the prompt out");
        })];
    }

    private static RowEncoder Encoder(DataSection section, LanguageModel model) => new(section, model.Tokenizer, model.Template, model.Model.Config.VocabSize);
}
