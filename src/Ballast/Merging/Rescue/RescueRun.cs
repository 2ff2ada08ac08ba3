using System.Globalization;
using System.Text.Json;
using Ballast.Checkpoints;
using Ballast.Evaluation;
using Ballast.Evaluation.Suites;

namespace Ballast.Merging.Rescue;

/// <summary>Looks for the share of a tuned model that keeps the task and the safety: sweeps lambda in memory, measures, picks by a rule, writes the pick.</summary>
/// <remarks>
/// Farn et al., "Safeguard Fine-Tuned LLMs Through Pre- and Post-Tuning Model Merging", Findings of EMNLP 2025 (arXiv 2412.19512), choose lambda on the
/// downstream validation set. No checkpoint is written for a point. Run again, it goes on: points are in points.jsonl, replies in samples.jsonl.
/// </remarks>
/// <param name="options">What to sweep and how.</param>
/// <param name="progress">Told each point when it has been measured.</param>
public sealed class RescueRun(RescueOptions options, Action<RescuePoint>? progress = null)
{
    /// <summary>The measured points, one per line.</summary>
    public const string PointsFile = "points.jsonl";

    /// <summary>The summary.</summary>
    public const string SummaryFile = "summary.json";

    /// <summary>The page.</summary>
    public const string ReportFile = "report.html";

    /// <summary>The folder of the pick.</summary>
    public const string ModelFolderName = "model";

    private const string AlignedName = "aligned", TunedName = "tuned";

    private readonly string _points = Path.Combine(options.Output, PointsFile);
    private readonly string _log = Path.Combine(options.Output, SampleLog.FileName);
    private readonly List<RescuePoint> _measured = [];
    private readonly Dictionary<string, IReadOnlyList<Sample>> _samples = [];

    /// <summary>Sweeps, picks and writes.</summary>
    /// <param name="cancellationToken">Ends the work; what was measured stays.</param>
    /// <exception cref="BallastException">Options, models, suites or data do not fit, the folder holds something else, or the disk fails.</exception>
    public RescueSummary Run(CancellationToken cancellationToken = default)
    {
        options.Check();
        CheckFolder();
        using var path = RescuePath.Open(options, cancellationToken);
        var task = RescueTask.Load(options.Validation, options.Utility, options.DataFolder, options.Limit, path.Model);
        Suite[] suites = [.. options.Safety.Select(suite => options.Limit is int count ? suite.Take(count) : suite), .. task.Suite is null ? [] : new[] { task.Suite }];
        if (suites.GroupBy(suite => suite.Name).FirstOrDefault(group => group.Count() > 1) is { } twice)
        {
            throw new ConfigException($"two suites are called '{twice.Key}'; give them different names");
        }

        foreach (var suite in suites)
        {
            foreach (var prompt in suite.Prompts)
            {
                RenderedPrompt.Of(path.Model, suite, prompt);   // a prompt that does not fit shows now, not after hours
            }
        }

        DiskSpace.Check(options.Output, path.WeightBytes, "the weights of the pick");
        Directory.CreateDirectory(options.Output);
        DurableFolder.Sweep(options.Output);
        SampleLog.AppendLines(_points, "");   // marks the folder as a rescue's, whenever it is killed
        var meter = new PointMeter(path, task, suites, _points, _log);
        var wanted = new HashSet<double>(options.Lambdas);
        Measure(meter, AlignedName, null, 0, cancellationToken);
        Measure(meter, TunedName, null, 1, cancellationToken);
        foreach (string method in path.Methods)
        {
            foreach (double lambda in options.Lambdas.Where(lambda => !path.IsEnd(method, lambda)))
            {
                Measure(meter, NameOf(method, lambda), method, lambda, cancellationToken);
            }
        }

        for (int round = 0; round < options.Refinements && Picked(wanted) is { } pick; round++)
        {
            Refine(meter, path, _measured.Single(point => point.Name == pick.Name), wanted, cancellationToken);
        }

        return Finish(path, task, suites, wanted, cancellationToken);
    }

    private void Measure(PointMeter meter, string name, string? method, double lambda, CancellationToken cancellationToken)
    {
        if (_measured.All(point => point.Name != name))
        {
            var (point, samples) = meter.Measure(name, method, lambda, cancellationToken);
            _measured.Add(point);
            _samples[name] = samples;
            progress?.Invoke(point);
        }
    }

    // Halves the gaps on both sides of the pick and, under a limit, the one in which the limit is crossed; where the pick is an end, of every method.
    private void Refine(PointMeter meter, RescuePath path, RescuePoint pick, HashSet<double> wanted, CancellationToken cancellationToken)
    {
        foreach (string method in pick.Method is { } own ? [own] : path.Methods)
        {
            RescuePoint[] line = [.. _measured.Where(point => point.Method is null || point.Method == method).OrderBy(point => point.Lambda).ThenBy(point => point.Method is null).DistinctBy(point => point.Lambda)];
            double? border = options.ActiveRule == RescueRule.AsrLimit ? line.Last(point => point.Asr!.High <= options.AsrLimit).Lambda : null;
            foreach (double middle in LambdaGrid.Middles([.. line.Select(point => point.Lambda)], pick.Lambda, border))
            {
                wanted.Add(middle);
                Measure(meter, NameOf(method, middle), method, middle, cancellationToken);
            }
        }
    }

    private RescueSummary Finish(RescuePath path, RescueTask task, Suite[] suites, HashSet<double> wanted, CancellationToken cancellationToken)
    {
        RescueCandidate[] candidates = [.. Candidates(wanted)];
        var pick = Picked(wanted) is { } found ? _measured.Single(point => point.Name == found.Name) : null;
        string[] shown = [.. new[] { AlignedName, pick?.Name, TunedName }.OfType<string>().Distinct()];
        var evaluation = EvaluationSummary.Of(
            [.. shown.Select(name => _measured.Single(point => point.Name == name)).Select(point => new ModelEntry(point.Name, path.Hash(point.Method ?? "", point.Lambda)))],
            [.. suites.Select(SuiteEntry.Of)], [.. shown.SelectMany(name => _samples[name])]);
        var ordered = _measured.OrderBy(point => point.Name switch { AlignedName => 0, TunedName => 2, _ => 1 }).ThenBy(point => point.Method, StringComparer.Ordinal).ThenBy(point => point.Lambda);
        string folder = Path.Combine(options.Output, ModelFolderName);
        var summary = new RescueSummary(
            evaluation.Ballast, options.Aligned, path.AlignedHash, options.Tuned, path.TunedHash, path.Types, task.Suite is null ? $"{task.Name}/{task.Measure}" : $"{task.Suite.Name}/{task.Measure}",
            task.LowerIsBetter, options.ActiveRule, options.AsrLimit, pick?.Name, pick?.Lambda, pick is null ? null : folder,
            RescueRules.BestUtility(candidates)?.Name, RescueRules.UnderLimit(candidates, options.AsrLimit)?.Name, RescueRules.Safest(candidates)?.Name,
            [.. ordered.Select(point => point with { Rows = null })],
            [.. evaluation.Comparisons, .. task.Rows is null ? [] : RowComparisons(shown)],
            [.. path.Warnings, .. Remarks(pick), .. evaluation.Warnings]);

        // A model of an earlier run under another limit must not stand beside a summary that picks nothing.
        if (pick is null && Directory.Exists(folder))
        {
            DurableFolder.Remove(folder);
        }
        else if (pick is not null)
        {
            path.Write(pick.Method ?? "", pick.Lambda, folder, RescueCard.Write(summary, path.Formula(pick.Method ?? path.Methods[0])), cancellationToken);
        }

        DurableFile.Write(Path.Combine(options.Output, SummaryFile), JsonSerializer.Serialize(summary, RescueJson.Page.RescueSummary) + "\n");
        RescueReport.Page(summary, evaluation, [.. shown.SelectMany(name => _samples[name])], path.Formula(pick?.Method ?? path.Methods[0])).Save(Path.Combine(options.Output, ReportFile));
        return summary;
    }

    private IEnumerable<RescueCandidate> Candidates(HashSet<double> wanted) => _measured.Where(point => wanted.Contains(point.Lambda)).Select(point => point.Candidate);

    private RescueCandidate? Picked(HashSet<double> wanted) => options.ActiveRule == RescueRule.AsrLimit
        ? RescueRules.UnderLimit(Candidates(wanted), options.AsrLimit)
        : RescueRules.BestUtility(Candidates(wanted));

    private IEnumerable<Comparison> RowComparisons(string[] names) =>
        names.SelectMany((first, i) => names.Skip(i + 1).Select(second => RescuePoint.Compare(Measured(first), Measured(second))));

    private RescuePoint Measured(string name) => _measured.Single(point => point.Name == name);

    private IEnumerable<string> Remarks(RescuePoint? pick)
    {
        if (options.ActiveRule == RescueRule.BestUtility && pick?.Asr is null)
        {
            yield return "Safety was not measured: this pick is the most useful merge, not a safe one. Name suites with --safety.";
        }

        if (pick is { Lambda: 0 })
        {
            yield return "The pick is the aligned model itself: no share of the tuning under the limit is of more use.";
        }

        if (pick is { Name: TunedName })
        {
            yield return "The pick is the tuned model itself: it is under the limit as it is.";
        }
    }

    private void CheckFolder()
    {
        if (Directory.Exists(options.Output) && !File.Exists(_points) && Directory.EnumerateFileSystemEntries(options.Output).Any())
        {
            throw new ConfigException($"{options.Output}: holds files that no rescue wrote; name a new folder, or the one of a rescue to go on with it");
        }
    }

    private static string NameOf(string method, double lambda) => string.Create(CultureInfo.InvariantCulture, $"{method}-{lambda:0.######}");
}
