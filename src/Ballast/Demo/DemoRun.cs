using System.Diagnostics;
using Ballast.Checkpoints;
using Ballast.Evaluation;
using Ballast.Evaluation.Suites;
using Ballast.Generation;
using Ballast.Merging.Rescue;
using Ballast.Tensors;
using Ballast.Training;

namespace Ballast.Demo;

/// <summary>Breaks a tiny aligned model by aggressive tuning, keeps it aligned in several ways, and measures all of them.</summary>
/// <remarks>
/// Everything is an ordinary run: the world's files, the recipes of configs/demo, the evaluator. After Kim et al. 2025 (arXiv 2508.12531) and Farn et al.
/// 2025 (arXiv 2412.19512), in a toy: it shows the effect and its controls, and says nothing about the size of the effect on a real model.
/// </remarks>
/// <param name="options">What to run and where.</param>
/// <param name="progress">Told, in a few words, what begins.</param>
public sealed class DemoRun(DemoOptions options, Action<string>? progress = null)
{
    /// <summary>Makes the world, tunes, evaluates and writes report.html, demo.json (the table's rows) and findings.json into the output folder.</summary>
    /// <exception cref="BallastException">The folders are not there or hold files already, or a run had to stop.</exception>
    public DemoResult Run(CancellationToken cancellationToken = default)
    {
        options.Check();
        // An earlier demo, told by its own file, makes room for this one; anything else is left alone.
        if (File.Exists(Path.Combine(options.Output, ResultFile)))
        {
            Directory.Delete(options.Output, recursive: true);
        }

        RunFolder.CheckFree(options.Output);

        // Threads cost so small a model more than they give, above all where other programs are busy; and one thread gives the same bits for any number of cores.
        int threads = TorchLibrary.Threads;
        TorchLibrary.Threads = 1;
        try
        {
            return Measure(cancellationToken);
        }
        finally
        {
            TorchLibrary.Threads = threads;
        }
    }

    private const string ResultFile = "demo.json";

    private static readonly string[] s_suites = ["harmful", "look-alikes", "new-task", "old-tasks"];

    private DemoResult Measure(CancellationToken cancellationToken)
    {
        var clock = Stopwatch.StartNew();
        string world = Path.Combine(options.Output, "world");
        progress?.Invoke(world);
        WorldFolder.Write(new World(DemoOptions.WorldSeed), world);
        var runs = new DemoModels(options, world, progress);
        string aligned = options.RebuildModel ? runs.Rebuild(cancellationToken) : options.Model;
        Suite[] suites = [.. s_suites.Select(name => SuiteLoader.Load(Path.Combine(world, $"{name}.yaml"))[0])];

        List<DemoEvaluation> evaluations = [], curves = [];
        foreach (int seed in Enumerable.Range(DemoOptions.FirstSeed, options.Seeds))
        {
            string folder = Path.Combine(options.Output, $"seed-{seed}");
            var tuned = runs.Tuned(aligned, folder, (ulong)seed, cancellationToken);
            EvaluatedModel[] models = [.. tuned.Select(model => EvaluatedModel.FromFolder(model.Name, model.Folder, () => LanguageModel.Load(model.Folder, cancellationToken: cancellationToken), cancellationToken))];
            evaluations.Add(Evaluate(models, suites, Path.Combine(folder, "eval"), cancellationToken));
            using var path = MergedModels.Open(aligned, tuned.Single(model => model.Name == DemoModels.Aggressive).Folder, ["linear"], cancellationToken);
            curves.Add(Evaluate(DemoModels.MergeCurve(path, cancellationToken), [suites[0], suites[2]], Path.Combine(folder, "merge-curve"), cancellationToken));
        }

        var table = new DemoTable(evaluations);
        bool? same = options.RebuildModel && Directory.Exists(options.Model) ? ModelFolder.HashWeights(aligned, cancellationToken) == ModelFolder.HashWeights(options.Model, cancellationToken) : null;
        string report = Path.Combine(options.Output, "report.html");
        DemoReport.Page(table, evaluations[0], curves, clock.Elapsed).Save(report);
        var result = new DemoResult(table.Rows, table.Findings, report, clock.Elapsed, same);
        DurableFile.Write(Path.Combine(options.Output, "findings.json"), JsonFile.Indented(result.ToJson()));
        DurableFile.Write(Path.Combine(options.Output, ResultFile), JsonFile.Indented(result.RowsJson()));
        return result;
    }

    private DemoEvaluation Evaluate(IReadOnlyList<EvaluatedModel> models, Suite[] suites, string folder, CancellationToken cancellationToken)
    {
        progress?.Invoke(folder);
        var summary = Evaluator.Run(models, suites, folder, null, cancellationToken);
        return new DemoEvaluation(summary, SampleLog.Read(Path.Combine(folder, SampleLog.FileName)));
    }
}
