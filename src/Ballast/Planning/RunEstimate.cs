using Ballast.Configs;
using Ballast.Tensors;
using Ballast.Training;

namespace Ballast.Planning;

/// <summary>What a run will take, from its recipe, config.json, the weights' headers and the lengths of the rows; no weight is loaded.</summary>
/// <param name="Parameters">All parameters of the model.</param>
/// <param name="Trained">Parameters that training changes.</param>
/// <param name="Precision">Element type of the passes.</param>
/// <param name="Device">Where it would run.</param>
/// <param name="LargestPass">Token places of the largest pass.</param>
/// <param name="Memory">The tensors at the moment when they take the most.</param>
/// <param name="Process">Bytes that the process takes beside its tensors: runtime, libraries and the rows.</param>
/// <param name="Disk">Bytes of models and checkpoints, at most.</param>
/// <param name="Steps">Optimizer steps.</param>
/// <param name="Tokens">Tokens over the whole run, without padding.</param>
/// <param name="Flops">Floating-point operations over the whole run.</param>
/// <param name="GemmPeak">Measured matrix products of the model's own sizes, operations per second.</param>
public sealed record RunEstimate(
    long Parameters, long Trained, DType Precision, Device Device, long LargestPass, MemoryEstimate Memory, long Process, long Disk, int Steps, long Tokens, double Flops, double GemmPeak)
{
    /// <summary>The share of the measured peak that a step is assumed to reach; docs/performance.md measures 0.72.</summary>
    public const double AssumedShare = 0.7;

    // Measured: what the code for steps, checkpoints and reports adds to a process that has only read.
    private const long WritingAndReporting = 48 << 20;

    /// <summary>Seconds of training at <see cref="AssumedShare"/> of the measured peak; reading, probes and writing come on top.</summary>
    public double Seconds => Flops / (AssumedShare * GemmPeak);

    /// <summary>Main memory in bytes, process and tensors.</summary>
    public long PeakMemory => Process + (Device.IsCpu ? Memory.Total : 0);

    /// <summary>Reads configuration, tokenizer and rows and measures the matrix product for a second.</summary>
    /// <param name="recipe">The recipe, with its files found.</param>
    /// <param name="dataFolder">Where suites named in the recipe are looked for; null: nowhere.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="BallastException">Something that it reads is wrong.</exception>
    public static RunEstimate Of(Recipe recipe, string? dataFolder = null, CancellationToken cancellationToken = default) =>
        Of(recipe, TuneInput.Read(recipe, dataFolder, cancellationToken));

    /// <summary>The same from what has been read already.</summary>
    internal static RunEstimate Of(Recipe recipe, TuneInput input)
    {
        var training = recipe.Training;
        var config = input.Config;
        var rows = input.Data.Train.Rows;
        var device = TorchLibrary.DefaultDevice;
        var dtype = ComputeType.Of(training.Precision, device, config);
        double peak = Training.GemmPeak.Measure(dtype, device, 2, 4, config.HiddenSize, config.IntermediateSize);
        long process = Environment.WorkingSet - TorchLibrary.BytesInUse + WritingAndReporting;
        double epochs = (double)input.TotalSteps / input.Loader.StepsPerEpoch;
        return new RunEstimate(
            config.ParameterCount, input.TrainedParameters, dtype, device, input.Loader.Largest().InputIds.Length, MemoryPlan.Of(recipe, input, dtype), process, DiskUse.Of(recipe, input.TrainedParameters, dtype).Total,
            input.TotalSteps, (long)(epochs * input.Data.Train.Tokens), epochs * EpochFlops.Of(config, rows, input.Loader.PaddingShare(), training.ActivationCheckpointing, recipe.Lora is not null), peak);
    }
}
