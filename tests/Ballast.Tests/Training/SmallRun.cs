using System.Text.Json.Nodes;
using Ballast.Checkpoints;
using Ballast.Configs;
using Ballast.Tests.Cli;
using Ballast.Tests.Support;
using Ballast.Training;
using Xunit;

namespace Ballast.Tests.Training;

/// <summary>A run of nine steps over three epochs of a tiny model, with accumulation: rows of 4, 4 and 2 in passes of 2.</summary>
internal sealed class SmallRun : IDisposable
{
    public const int Total = 9;

    /// <summary>In the middle of the second epoch.</summary>
    public const int Middle = 5;

    private readonly string _more;

    /// <summary>A run with further sections of the recipe.</summary>
    public SmallRun(string more = "", string training = "")
    {
        Folder = Shared.TemporaryFolder();
        TinyModel.Create(Path.Combine(Folder, "model"));
        File.WriteAllLines(Path.Combine(Folder, "rows.jsonl"), Enumerable.Range(0, 10).Select(i => $$"""{"prompt": "Say {{i * i}}.", "completion": "{{i}} and {{i * 7}}"}"""));
        (_more, Training) = (more, training);
    }

    public string Folder { get; }

    public string Training { get; set; }

    public string Model => Path.Combine(Folder, "model");

    public string Rows => Path.Combine(Folder, "rows.jsonl");

    public string Text(string name) => $"""
        model: {Model}
        output: {At(name)}
        data:
          train:
            - path: {Rows}
          max_length: 64
        training:
          learning_rate: 1.0e-02
          batch_size: 4
          micro_batch_size: 2
          epochs: 3
          warmup_steps: 2
          weight_decay: 0.1
          {(Training.Length == 0 ? "precision: float32" : Training)}
        {_more}
        """;

    public string At(params string[] parts) => Path.Combine([Folder, .. parts]);

    public Recipe Recipe(string name) => Ballast.Configs.Recipe.Parse(Text(name), "recipe.yaml");

    /// <summary>Runs to the end, or to where the watcher cancels.</summary>
    public TuneResult Run(string name, Action<JsonObject>? progress = null, Resume? resume = null, Action<string>? say = null, CancellationToken? cancellation = null) =>
        new TuneRun(Recipe(name), null, null, progress, resume, say).Run(cancellation ?? TestContext.Current.CancellationToken);

    /// <summary>Interrupts a run after one of its steps and gives the message.</summary>
    public string Interrupt(string name, int step)
    {
        using var source = new CancellationTokenSource();
        return Assert.ThrowsAny<OperationCanceledException>(() => Run(name, metrics => Cancel(metrics, step, source), cancellation: source.Token)).Message;
    }

    public string Hash(string name, string model = "model") => ModelFolder.HashWeights(At(name, model));

    /// <summary>The metrics that do not tell the time.</summary>
    public IReadOnlyList<string> Metrics(string name) =>
    [
        .. File.ReadLines(At(name, "metrics.jsonl")).Select(line =>
        {
            var metrics = JsonNode.Parse(line)!.AsObject();
            foreach (string clock in (string[])["tokens_per_second", "mfu", "peak_mem"])
            {
                metrics.Remove(clock);
            }

            return metrics.ToJsonString();
        }),
    ];

    public JsonObject Facts(string name) => JsonFile.ReadObject(At(name, "run.json"));

    public IEnumerable<string> Checkpoints(string name) => Directory.EnumerateDirectories(At(name, "checkpoints")).Select(path => Path.GetFileName(path)!).Order(StringComparer.Ordinal);

    public void Dispose() => Directory.Delete(Folder, recursive: true);

    private static void Cancel(JsonObject metrics, int step, CancellationTokenSource source)
    {
        if ((int)metrics["step"]! == step)
        {
            source.Cancel();
        }
    }
}
