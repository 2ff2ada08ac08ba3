using System.Runtime.InteropServices;
using Ballast.Checkpoints;
using Ballast.Merging.Methods;
using Ballast.Merging.Vocabularies;
using Ballast.Tensors;

namespace Ballast.Merging.Streaming;

/// <summary>Merges one tensor after the other: reads, computes in single precision, rounds once, writes.</summary>
/// <param name="method">The merge method.</param>
/// <param name="rounding">Type to which inputs are rounded before they are merged, as mergekit's dtype does; null keeps them.</param>
/// <param name="vocabulary">The output's vocabulary, or null.</param>
/// <param name="sink">Takes the results.</param>
/// <param name="context">Threads, seed and hashes.</param>
internal sealed class TensorMerge(MergeMethod method, DType? rounding, VocabularyPlan? vocabulary, TensorSink sink, StreamContext context)
{
    private const int CopyBytes = 1 << 20;

    /// <summary>Merges a tensor into its shard.</summary>
    /// <returns>What the method noticed.</returns>
    /// <exception cref="CheckpointException">An input is not finite, integers differ, or the result does not fit its type.</exception>
    public string Run(PlannedTensor planned)
    {
        if (!planned.Output.DType.IsFloat || IsCopy(planned))
        {
            Copy(planned);
            return "";
        }

        MergeTensor tensor = new(planned.Output, [.. planned.Models.Select(Source)], planned.Base is null ? null : Source(planned.Base), planned.Numbers, method.NeedsRows(planned.Numbers), context);
        BlockFunction function = method.Prepare(tensor);
        DType type = planned.Output.DType;
        tensor.ForEach((block, _) =>
        {
            Span<float> result = block.Result;
            function(block, result);
            Span<byte> bytes = block.Output;
            if (!block.IsDone && !Store(result, type, bytes))
            {
                int bad = FiniteCheck.FirstNonFinite(type, bytes);
                throw new CheckpointException($"tensor {PrintableName.Quote(planned.Output.Name)}: element {block.Start + bad} of the merge is too large for {type.SafetensorsName}; choose another dtype");
            }

            if (block.EndsStretch)
            {
                sink(planned.Output, block.Stretch.Offset, block.Stretch.Result);
            }
        });
        return tensor.Notes;
    }

    /// <summary>Rounds the result to its type; false when a value does not fit.</summary>
    private static bool Store(ReadOnlySpan<float> result, DType type, Span<byte> bytes)
    {
        if (type == DType.F16)
        {
            return HalfConversion.FromSingle(result, MemoryMarshal.Cast<byte, ushort>(bytes));
        }

        FloatConversion.FromSingle(result, type, bytes);
        return FiniteCheck.FirstNonFinite(type, bytes) < 0;
    }

    private TensorSource Source(PlannedInput input)
    {
        if (vocabulary is not null && VocabularyPlan.IsVocabulary(input.Name))
        {
            context.Hashes.Verify(vocabulary.Stored(input), context);
            return vocabulary.Source(input, rounding);
        }

        TensorSource source = input.Model.Source(input.Name, rounding);
        if (source is not StoredTensor)
        {
            context.Hashes.Verify(input.Model.Weights, input.Entry, context);
        }

        return source;
    }

    private bool IsCopy(PlannedTensor planned) =>
        method is Passthrough && planned.Models[0].Model.AdapterFile is null && planned.Numbers["scale", 0] == 1 && planned.Output.DType == planned.Models[0].Entry.DType
        && !(vocabulary is not null && VocabularyPlan.IsVocabulary(planned.Models[0].Name));

    /// <summary>Copies bytes; integers cannot be averaged, so they must be the same in all inputs.</summary>
    private void Copy(PlannedTensor planned)
    {
        foreach (PlannedInput input in planned.Inputs)
        {
            context.Hashes.Verify(input.Model.Weights, input.Entry, context);
        }

        PlannedInput first = planned.Models.Count > 0 ? planned.Models[0] : planned.Base!;
        byte[] hash = context.Hashes[first.Model.Weights, first.Entry.Name];
        if (planned.Inputs.FirstOrDefault(i => !context.Hashes[i.Model.Weights, i.Entry.Name].AsSpan().SequenceEqual(hash)) is { } other)
        {
            throw new CheckpointException($"{other.Model.Weights.FileOf(other.Entry.Name)}: tensor {PrintableName.Quote(planned.Output.Name)}: {planned.Output.Description} cannot be "
                + $"averaged and its values differ from those in {first.Model.Weights.FileOf(first.Entry.Name)}");
        }

        byte[] buffer = new byte[CopyBytes];
        for (long at = 0; at < planned.Output.ByteCount; at += CopyBytes)
        {
            context.Cancellation.ThrowIfCancellationRequested();
            Span<byte> bytes = buffer.AsSpan(0, (int)Math.Min(CopyBytes, planned.Output.ByteCount - at));
            first.Model.Weights.Read(first.Entry.Name, at, bytes);
            sink(planned.Output, at, bytes);
        }
    }
}
