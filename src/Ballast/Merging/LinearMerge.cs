using System.Buffers;
using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.ExceptionServices;
using Ballast.Checkpoints;
using Ballast.Tensors;

namespace Ballast.Merging;

/// <summary>Interpolates two models of one architecture: W = (1 - lambda) aligned + lambda tuned, tensor by tensor.</summary>
/// <remarks>
/// Farn et al., "Safeguard Fine-Tuned LLMs Through Pre- and Post-Tuning Model Merging", Findings of EMNLP 2025 (arXiv 2412.19512), linear merging.
/// Computed as aligned + lambda (tuned - aligned) in float, or in double where an input is F64, and rounded once to the output type, by default
/// the tuned tensor's. A weight that tuning left alone therefore stays bit-identical. Integer tensors must be equal in both and are copied.
/// Where one model ties its head to the embedding and the other does not, the tied one's embedding stands in for its head and the output is untied.
/// Memory: a few buffers of 64 Ki elements per core, however large the models are.
/// </remarks>
public static class LinearMerge
{
    private const int PartElements = 1 << 16;

    private delegate void Load<T>(DType type, ReadOnlySpan<byte> bytes, Span<T> values);

    private delegate void Store<T>(ReadOnlySpan<T> values, DType type, Span<byte> bytes);

    /// <summary>Merges two model folders into a new one: weights, the tuned model's other files, and a model card with recipe and hashes.</summary>
    /// <param name="alignedFolder">The model before fine-tuning.</param>
    /// <param name="tunedFolder">The model after fine-tuning.</param>
    /// <param name="outputFolder">The folder to create.</param>
    /// <param name="options">Lambda, output type, shard size.</param>
    /// <param name="progress">Receives the share of the elements written so far, in [0, 1].</param>
    /// <param name="cancellationToken">Stops the merge; nothing is left behind.</param>
    /// <exception cref="ConfigException">The options are wrong, or the output folder holds files and is not to be replaced.</exception>
    /// <exception cref="CheckpointException">The models do not match, are damaged or hold non-finite values; file and tensor are named.</exception>
    /// <exception cref="RunException">The disk is full or fails.</exception>
    public static MergeSummary Run(
        string alignedFolder,
        string tunedFolder,
        string outputFolder,
        LinearMergeOptions options,
        IProgress<double>? progress = null,
        CancellationToken cancellationToken = default)
    {
        if (options.Problems().FirstOrDefault() is { } problem)
        {
            throw new ConfigException($"merge: {problem}");
        }

        using var aligned = Checkpoint.Open(alignedFolder);
        using var tuned = Checkpoint.Open(tunedFolder);
        var plan = MergePlan.Create(aligned, tuned, options.OutputType);
        using CheckpointWriter writer = new(outputFolder, plan.Pairs.Select(p => p.Output), options.MaxShardBytes, options.Replace);
        var distances = Stream(plan, aligned, tuned, options.Lambda, (entry, offset, bytes) => writer.Write(entry.Name, offset, bytes), progress, cancellationToken);
        MergeSummary summary = new(
            options.Lambda,
            ModelFolder.HashWeights(aligned, cancellationToken),
            ModelFolder.HashWeights(tuned, cancellationToken),
            distances,
            plan.Elements,
            plan.HeadUntied);
        writer.CopySidecars(tunedFolder);
        writer.WriteText(ModelFolder.ConfigFile, JsonFile.Indented(plan.Config));
        writer.WriteText("README.md", MergeCard.Write(alignedFolder, tunedFolder, options, summary));
        writer.Complete();
        return summary;
    }

    /// <summary>Merges tensor by tensor and hands over the bytes of the output; a file's writer and a model in memory take the same ones.</summary>
    /// <returns>How far tuning moved each float tensor.</returns>
    internal static IReadOnlyList<TensorDistance> Stream(
        MergePlan plan, Checkpoint aligned, Checkpoint tuned, double lambda, TensorSink sink, IProgress<double>? progress, CancellationToken cancellationToken)
    {
        List<TensorDistance> distances = [];
        long done = 0;
        foreach (TensorPair pair in plan.Pairs)
        {
            if (pair.Output.DType.IsFloat)
            {
                distances.Add(pair.Aligned.DType == DType.F64 || pair.Tuned.DType == DType.F64
                    ? Merge<double>(pair, aligned, tuned, sink, lambda, FloatConversion.ToDouble, FloatConversion.FromDouble, cancellationToken)
                    : Merge<float>(pair, aligned, tuned, sink, (float)lambda, FloatConversion.ToSingle, FloatConversion.FromSingle, cancellationToken));
            }
            else
            {
                CopyEqual(pair, aligned, tuned, sink, cancellationToken);
            }

            done += pair.Output.ElementCount;
            progress?.Report(plan.Elements == 0 ? 1 : (double)done / plan.Elements);
        }

        return distances;
    }

    private static TensorDistance Merge<T>(
        TensorPair pair, Checkpoint aligned, Checkpoint tuned, TensorSink sink, T lambda, Load<T> load, Store<T> store, CancellationToken cancellationToken)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        long elements = pair.Output.ElementCount;
        int parts = (int)((elements + PartElements - 1) / PartElements);
        (double Aligned, double Task)[] squares = new (double, double)[parts];
        InParallel<T>(parts, (part, buffers) =>
        {
            byte[] bytes = buffers.Bytes;
            long start = (long)part * PartElements;
            int count = (int)Math.Min(PartElements, elements - start);
            Span<T> alignedValues = buffers.Aligned.AsSpan(0, count);
            Span<T> tunedValues = buffers.Tuned.AsSpan(0, count);
            load(pair.Aligned.DType, ReadFinite(aligned, pair.Aligned, start, count, bytes), alignedValues);
            load(pair.Tuned.DType, ReadFinite(tuned, pair.Tuned, start, count, bytes), tunedValues);
            squares[part] = Interpolate(alignedValues, tunedValues, lambda);

            int size = pair.Output.DType.BitSize / 8;
            Span<byte> result = bytes.AsSpan(0, count * size);
            store(tunedValues, pair.Output.DType, result);
            int bad = FiniteCheck.FirstNonFinite(pair.Output.DType, result);
            if (bad >= 0)
            {
                throw new CheckpointException($"{tuned.FileOf(pair.Tuned.Name)}: tensor {PrintableName.Quote(pair.Output.Name)}: element {start + bad} of the merge "
                    + $"is too large for {pair.Output.DType.SafetensorsName}; choose another output type");
            }

            sink(pair.Output, start * size, result);
        }, cancellationToken);
        return new TensorDistance(pair.Output.Name, Math.Sqrt(squares.Sum(s => s.Aligned)), Math.Sqrt(squares.Sum(s => s.Task)));
    }

    /// <summary>Overwrites the tuned values with aligned + lambda (tuned - aligned); gives the squared norms of aligned and of the difference.</summary>
    /// <remarks>At lambda 0 and 1 the values are copied: the formula would turn -0 into 0, and miss the tuned value by a rounding.</remarks>
    internal static (double Aligned, double Task) Interpolate<T>(ReadOnlySpan<T> aligned, Span<T> tuned, T lambda)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        const int Block = 1024;
        Span<T> delta = stackalloc T[Block];
        double alignedSquares = 0;
        double taskSquares = 0;
        for (int i = 0; i < aligned.Length; i += Block)
        {
            int count = Math.Min(Block, aligned.Length - i);
            ReadOnlySpan<T> a = aligned.Slice(i, count);
            Span<T> t = tuned.Slice(i, count);
            Span<T> d = delta[..count];
            TensorPrimitives.Subtract(t, a, d);
            alignedSquares += double.CreateChecked(TensorPrimitives.SumOfSquares(a));
            taskSquares += double.CreateChecked(TensorPrimitives.SumOfSquares<T>(d));
            if (lambda == T.Zero)
            {
                a.CopyTo(t);
            }
            else if (lambda != T.One)
            {
                TensorPrimitives.FusedMultiplyAdd(d, lambda, a, t);
            }
        }

        return (alignedSquares, taskSquares);
    }

    private static void CopyEqual(TensorPair pair, Checkpoint aligned, Checkpoint tuned, TensorSink sink, CancellationToken cancellationToken)
    {
        byte[] expected = new byte[PartElements];
        byte[] found = new byte[PartElements];
        for (long offset = 0; offset < pair.Output.ByteCount; offset += PartElements)
        {
            cancellationToken.ThrowIfCancellationRequested();
            int count = (int)Math.Min(PartElements, pair.Output.ByteCount - offset);
            aligned.Read(pair.Aligned.Name, offset, expected.AsSpan(0, count));
            tuned.Read(pair.Tuned.Name, offset, found.AsSpan(0, count));
            if (!found.AsSpan(0, count).SequenceEqual(expected.AsSpan(0, count)))
            {
                throw new CheckpointException($"{tuned.FileOf(pair.Tuned.Name)}: tensor {PrintableName.Quote(pair.Output.Name)}: {pair.Output.Description} cannot be "
                    + $"averaged and its values differ from those in {aligned.FileOf(pair.Aligned.Name)}");
            }

            sink(pair.Output, offset, found.AsSpan(0, count));
        }
    }

    private static ReadOnlySpan<byte> ReadFinite(Checkpoint model, TensorEntry entry, long start, int count, byte[] buffer)
    {
        int size = entry.DType.BitSize / 8;
        Span<byte> bytes = buffer.AsSpan(0, count * size);
        model.Read(entry.Name, start * size, bytes);
        int bad = FiniteCheck.FirstNonFinite(entry.DType, bytes);
        return bad < 0 ? bytes : throw FiniteCheck.Fault(model.FileOf(entry.Name), entry.Name, start + bad);
    }

    /// <summary>Runs the parts on all cores, each core with its own buffers; the first fault is thrown as it is.</summary>
    private static void InParallel<T>(int parts, Action<int, PartBuffers<T>> work, CancellationToken cancellationToken)
    {
        ParallelOptions options = new() { CancellationToken = cancellationToken, MaxDegreeOfParallelism = Environment.ProcessorCount };
        try
        {
            Parallel.For(0, parts, options, PartBuffers<T>.Rent, (part, _, buffers) =>
            {
                work(part, buffers);
                return buffers;
            }, buffers => buffers.Return());
        }
        catch (AggregateException faults)
        {
            ExceptionDispatchInfo.Throw(faults.InnerExceptions[0]);
        }
    }

    /// <summary>What one core needs to merge a part; pooled, since each tensor asks anew.</summary>
    private sealed record PartBuffers<T>(byte[] Bytes, T[] Aligned, T[] Tuned)
    {
        public static PartBuffers<T> Rent() =>
            new(ArrayPool<byte>.Shared.Rent(PartElements * 8), ArrayPool<T>.Shared.Rent(PartElements), ArrayPool<T>.Shared.Rent(PartElements));

        public void Return()
        {
            ArrayPool<byte>.Shared.Return(Bytes);
            ArrayPool<T>.Shared.Return(Aligned);
            ArrayPool<T>.Shared.Return(Tuned);
        }
    }
}
