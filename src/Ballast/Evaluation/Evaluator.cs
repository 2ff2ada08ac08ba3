using System.Text.Json;
using Ballast.Checkpoints;
using Ballast.Evaluation.Judges;
using Ballast.Evaluation.Suites;
using Ballast.Evaluation.Text;

namespace Ballast.Evaluation;

/// <summary>Runs suites on models and writes samples.jsonl and summary.json. A folder holds one evaluation; running it again continues it.</summary>
public static class Evaluator
{
    /// <summary>The summary's name in an evaluation folder.</summary>
    public const string SummaryFile = "summary.json";

    /// <summary>Answers what is not answered yet, judges everything, and summarizes.</summary>
    /// <param name="models">One or more models with different names; the first is the one the others are compared with.</param>
    /// <param name="suites">One or more suites with different names.</param>
    /// <param name="folder">Where the files go; saved replies with an equal key are reused, others are dropped when the run completes.</param>
    /// <param name="progress">Told after each saved portion.</param>
    /// <param name="cancellationToken">Ends the work; what is saved stays.</param>
    /// <exception cref="BallastException">Names repeat, a prompt does not fit, or the folder cannot be written.</exception>
    public static EvaluationSummary Run(
        IReadOnlyList<EvaluatedModel> models,
        IReadOnlyList<Suite> suites,
        string folder,
        IProgress<EvaluationProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        Distinct(models.Select(model => model.Name), "model");
        Distinct(suites.Select(suite => suite.Name), "suite");
        string log = Path.Combine(Prepared(folder), SampleLog.FileName);
        Dictionary<(string, string), Sample> saved = Saved(log);
        Sample[] samples = [.. models.SelectMany(model => Answered(model, suites, saved, log, progress, cancellationToken))];

        return Save(folder, [.. models.Select(model => new ModelEntry(model.Name, model.Hash))], [.. suites.Select(SuiteEntry.Of)], samples);
    }

    /// <summary>Reads saved replies again, with other judges or newer versions; no model is needed.</summary>
    /// <param name="folder">A folder that <see cref="Run"/> wrote.</param>
    /// <param name="judges">The judges for harmful and benign suites.</param>
    /// <param name="metrics">The text metrics for utility suites.</param>
    /// <exception cref="BallastException">The folder holds no complete evaluation.</exception>
    public static EvaluationSummary Rescore(string folder, IReadOnlyList<IJudge> judges, IReadOnlyList<TextMetric> metrics)
    {
        EvaluationSummary old = ReadSummary(folder);
        IEnumerable<Sample> samples = SampleLog.Read(Path.Combine(folder, SampleLog.FileName)).Select(sample => Judging.Apply(sample, judges, metrics));
        SuiteEntry[] suites =
        [
            .. old.Suites.Select(suite => suite.Kind == SuiteKind.Utility
                ? suite with { Metrics = [.. metrics.Select(metric => metric.Name)] }
                : suite with { Judges = [.. judges.Select(JudgeEntry.Of)] }),
        ];
        return Save(folder, old.Models, suites, [.. samples]);
    }

    /// <summary>Reads the summary of an evaluation folder.</summary>
    /// <exception cref="DataException">There is none, or it is no summary.</exception>
    public static EvaluationSummary ReadSummary(string folder)
    {
        string path = Path.Combine(folder, SummaryFile);
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllText(path), EvaluationJson.Page.EvaluationSummary)!;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new DataException($"{path}: no readable evaluation summary: {fault.Message.ReplaceLineEndings(" ")}", fault);
        }
    }

    /// <summary>The replies of a log by model and key; none when there is no log yet.</summary>
    internal static Dictionary<(string, string), Sample> Saved(string log) => File.Exists(log) ? ByKey(SampleLog.Read(log)) : [];

    /// <summary>One model's judged replies to all suites: saved ones, and those that were missing, which are added to the log.</summary>
    internal static IReadOnlyList<Sample> Answered(
        EvaluatedModel model, IReadOnlyList<Suite> suites, Dictionary<(string, string), Sample> saved, string log,
        IProgress<EvaluationProgress>? progress, CancellationToken cancellationToken)
    {
        Answer(model, suites, saved, log, progress, cancellationToken);
        return [.. suites.SelectMany(suite => suite.Prompts.Select(prompt => Current(model, suite, prompt, saved)))];
    }

    private static void Answer(
        EvaluatedModel model, IReadOnlyList<Suite> suites, Dictionary<(string, string), Sample> saved, string log,
        IProgress<EvaluationProgress>? progress, CancellationToken cancellationToken)
    {
        (Suite Suite, SuitePrompt[] Prompts)[] missing =
        [
            .. suites.Select(suite => (suite, suite.Prompts.Where(prompt => !saved.ContainsKey((model.Name, Questioning.Key(model.Hash, suite, prompt)))).ToArray()))
                .Where(item => item.Item2.Length > 0),
        ];
        if (missing.Length == 0)
        {
            return;
        }

        model.Use(open =>
        {
            foreach ((Suite suite, SuitePrompt[] prompts) in missing)
            {
                int done = suite.Prompts.Count - prompts.Length;
                foreach (IReadOnlyList<Sample> portion in Questioning.Missing(open, model.Hash, suite, prompts, null, cancellationToken))
                {
                    Sample[] named = [.. portion.Select(sample => sample with { Model = model.Name })];
                    SampleLog.Append(log, named);
                    foreach (Sample sample in named)
                    {
                        saved[(sample.Model, sample.Key)] = sample;
                    }

                    done += named.Length;
                    progress?.Report(new EvaluationProgress(model.Name, suite.Name, done, suite.Prompts.Count));
                }
            }
        });
    }

    // A saved reply under today's references, judges and metrics.
    private static Sample Current(EvaluatedModel model, Suite suite, SuitePrompt prompt, Dictionary<(string, string), Sample> saved)
    {
        Sample sample = saved[(model.Name, Questioning.Key(model.Hash, suite, prompt))];
        return Judging.Apply(sample with { Kind = suite.Kind, References = prompt.References }, suite.Judges, suite.Metrics);
    }

    private static EvaluationSummary Save(string folder, IReadOnlyList<ModelEntry> models, IReadOnlyList<SuiteEntry> suites, IReadOnlyList<Sample> samples)
    {
        var summary = EvaluationSummary.Of(models, suites, samples);
        SampleLog.Write(Path.Combine(folder, SampleLog.FileName), samples);
        DurableFile.Write(Path.Combine(folder, SummaryFile), JsonSerializer.Serialize(summary, EvaluationJson.Page.EvaluationSummary) + "\n");
        return summary;
    }

    private static Dictionary<(string, string), Sample> ByKey(IEnumerable<Sample> samples)
    {
        var byKey = new Dictionary<(string, string), Sample>();
        foreach (Sample sample in samples)
        {
            byKey[(sample.Model, sample.Key)] = sample;
        }

        return byKey;
    }

    private static string Prepared(string folder)
    {
        try
        {
            return Directory.CreateDirectory(folder).FullName;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw WriteFault.Explain(folder, fault);
        }
    }

    private static void Distinct(IEnumerable<string> names, string what)
    {
        string[] all = [.. names];
        if (all.Length == 0)
        {
            throw new ConfigException($"an evaluation needs at least one {what}");
        }

        if (all.GroupBy(name => name).FirstOrDefault(group => group.Count() > 1) is { } twice)
        {
            throw new ConfigException($"two {what}s are called '{twice.Key}'; give them different names");
        }
    }
}
