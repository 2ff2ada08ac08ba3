using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Ballast.Configs;
using Ballast.Hub;
using Ballast.Tensors;
using Ballast.Training;

namespace Ballast.Planning;

/// <summary>Writes a commented recipe for a model and a data set: format, lengths and what fits into memory are looked up, the rest are careful defaults.</summary>
/// <param name="model">The model, as the user names it.</param>
/// <param name="data">The data, as the user names them.</param>
/// <param name="hub">Where names are looked for; null: nowhere.</param>
/// <param name="cancellationToken">Ends the reading.</param>
public sealed partial class StarterRecipe(string model, string data, HubLibrary? hub = null, CancellationToken cancellationToken = default)
{
    private const double Share = 0.99;      // of the rows that max_length holds whole
    private const double MemoryShare = 0.8; // of the memory available now
    private const int LengthStep = 32;

    private static readonly CultureInfo s_culture = CultureInfo.InvariantCulture;

    private string Name => Path.GetFileNameWithoutExtension(Path.TrimEndingDirectorySeparator(data)).Split('@')[0];

    /// <summary>A recipe of its own.</summary>
    /// <exception cref="BallastException">Model or data cannot be read.</exception>
    public string Write()
    {
        var (recipe, input) = Read(new Recipe(model, $"runs/{Name}", new DataSection([new DataSource(data)], MaxLength: int.MaxValue, MaxBadRows: int.MaxValue)));
        var lengths = new RowLengths(input.Data.Train.Rows);
        int fitting = (lengths.Quantile(Share) + LengthStep - 1) / LengthStep * LengthStep, maxLength = Math.Min(fitting, input.Config.MaxSeqLen);
        string format = input.Data.Train.Sources[0].Format;
        string[] bad = [.. input.Data.Train.Sources.SelectMany(source => source.BadRows)];
        int batch = lengths.Count switch { >= 5000 => 128, >= 2000 => 64, >= 1000 => 32, _ => Math.Min(16, lengths.Count) };
        recipe = recipe with { Data = recipe.Data with { MaxLength = maxLength, MaxBadRows = int.MaxValue }, Training = new TrainingSection(BatchSize: batch, MicroBatchSize: 1, WarmupRatio: 0.03), Ema = new EmaSection(HalfLife: 1) };
        input = TuneInput.Read(recipe, null, cancellationToken);
        int steps = input.TotalSteps, halfLife = Math.Max(1, steps / 4);
        var chosen = Fit(recipe, input);
        double covered = Covered(recipe.Training, steps, Math.Pow(0.5, 1.0 / halfLife));
        string badRows = bad.Length == 0 ? "" : $"  max_bad_rows: {bad.Length,-12}# left out: {bad[0]}\n";
        string again = chosen.Recipe.Training.ActivationCheckpointing ? "  activation_checkpointing: true  # without it not even one row of this length fits\n" : "";
        return string.Create(s_culture, $"""
            # Written by `ballast init` for {model} ({input.Config.Family}, {input.Config.ParameterCount:N0} parameters) and {data} ({lengths.Count:N0} rows).
            # `ballast validate` checks it, `ballast estimate` tells memory, disk and time, `ballast tune` runs it; every key is in docs/design.md and in `ballast schema`.
            model: {Scalar(model)}
            output: {Scalar($"runs/{Name}")}
            data:
              train:
                - path: {Scalar(data)}
                  format: {format}  # detected
              # {Share:P0} of the rows have at most {lengths.Quantile(Share):N0} tokens (median {lengths.Quantile(0.5):N0}, longest {lengths.Longest:N0}); {(fitting > maxLength ? $"the model takes {maxLength:N0}; " : "")}longer rows are cut.
              max_length: {maxLength}
              too_long: truncate
            {badRows}training:
              # Large rates and small batches cost safety (Qi et al. 2023, Kim et al. 2025): change them one at a time and measure with `ballast eval`.
              learning_rate: 2.0e-05
              batch_size: {batch}
              # Rows per pass; it does not change what is learned. {Told(chosen)}
              micro_batch_size: {chosen.Recipe.Training.MicroBatchSize}
            {again}  epochs: 1
              schedule: cosine
              warmup_ratio: 0.03
            # An average of the weights keeps more of the aligned model (Kim et al. 2025, reconstructed). Of {steps} steps' way this one covers about {covered:0.00} on a straight path.
            ema:
              mode: shadow
              half_life: {halfLife}  # steps; a quarter of the run
            # Harmful prompts asked during the run, and where to stop:
            # probe:
            #   suite: advbench
            #   every: {Math.Max(1, steps / 10)}
            #   stop_above: 0.2

            """);
    }

    /// <summary>A shipped recipe with this model and data in the place of its own.</summary>
    /// <param name="text">The shipped recipe.</param>
    /// <param name="name">Its name.</param>
    /// <exception cref="BallastException">Model or data cannot be read.</exception>
    public string Adapt(string text, string name)
    {
        string adapted = Replace(Replace(Replace(text, Model(), model), Output(), $"runs/{Name}"), Data(), data);
        adapted = Format().Replace(adapted, match => match.Groups[1].Value + "auto", 1);
        adapted = $"# Written by `ballast init` from the recipe {name}; model and data are yours, so its figures need not hold.\n" + Modeline().Replace(adapted, "", 1);
        var parsed = Recipe.Parse(adapted, name);
        var (recipe, input) = Read(parsed with { Data = parsed.Data with { MaxBadRows = int.MaxValue } });
        var chosen = Fit(recipe, input);
        adapted = MicroBatchSize().Replace(adapted, match => $"{match.Groups[1].Value}{chosen.Recipe.Training.MicroBatchSize}", 1);
        return chosen.Recipe.Training.ActivationCheckpointing && !parsed.Training.ActivationCheckpointing
            ? MicroBatchSize().Replace(adapted, match => $"  activation_checkpointing: true\n{match.Value}", 1) : adapted;
    }

    private (Recipe Recipe, TuneInput Input) Read(Recipe recipe)
    {
        var paths = new RecipePaths(Directory.GetCurrentDirectory(), hub);
        recipe = paths.Resolve(recipe with { Probe = null });
        return paths.Problems.Count == 0 ? (recipe, TuneInput.Read(recipe, null, cancellationToken))
            : throw new ConfigException(string.Join('\n', paths.Problems.Select(problem => problem.Message)));
    }

    private static MicroBatch Fit(Recipe recipe, TuneInput input)
    {
        var dtype = ComputeType.Of(recipe.Training.Precision, TorchLibrary.DefaultDevice, input.Config);
        return MicroBatch.Choose(recipe, input, dtype, (long)(MemoryShare * Machine.AvailableMemory) - Environment.WorkingSet);
    }

    private static string Told(MicroBatch chosen) => chosen.Fits
        ? $"All tensors take about {ByteSize.Text(chosen.Memory.Total)} at the longest rows, {ByteSize.Text(Machine.AvailableMemory)} were available."
        : $"NOT ENOUGH MEMORY here: {ByteSize.Text(chosen.Memory.Total)} are needed, {ByteSize.Text(Machine.AvailableMemory)} were available; lower max_length, or use a smaller model.";

    // The share of the way that a shadow covers when each step is as long as its learning rate.
    private static double Covered(TrainingSection training, int steps, double decay)
    {
        var rates = LearningRate.Of(training, steps);
        double moved = 0, all = 0;
        for (int step = 0; step < steps; step++)
        {
            moved += rates.At(step) * (1 - Math.Pow(decay, steps - step));
            all += rates.At(step);
        }

        return all == 0 ? 0 : moved / all;
    }

    private static string Replace(string text, Regex line, string value) => line.Replace(text, match => match.Groups[1].Value + Scalar(value), 1);

    private static string Scalar(string text) => YamlWriter.Write(JsonDocument.Parse(JsonValue.Create(text).ToJsonString()).RootElement).Trim();

    [GeneratedRegex(@"^(model: ).*$", RegexOptions.Multiline)]
    private static partial Regex Model();

    [GeneratedRegex(@"^(output: ).*$", RegexOptions.Multiline)]
    private static partial Regex Output();

    [GeneratedRegex(@"^( +- path: ).*$", RegexOptions.Multiline)]
    private static partial Regex Data();

    [GeneratedRegex(@"^( +format: ).*$", RegexOptions.Multiline)]
    private static partial Regex Format();

    [GeneratedRegex(@"^( +micro_batch_size: )\d+", RegexOptions.Multiline)]
    private static partial Regex MicroBatchSize();

    [GeneratedRegex(@"^# yaml-language-server:.*\n", RegexOptions.Multiline)]
    private static partial Regex Modeline();
}
