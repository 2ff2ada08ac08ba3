using System.Globalization;
using Ballast.Checkpoints;
using Ballast.Models;
using Ballast.Tensors;

namespace Ballast.Adapters;

/// <summary>Writes a base with an adapter merged into it as a model folder, tensor by tensor, and measures what the rounding changed.</summary>
public static class AdapterMergeWriter
{
    private const int Part = 1 << 26;

    /// <summary>Merges.</summary>
    /// <param name="model">FOLDER+ADAPTER.</param>
    /// <param name="folder">The model folder to create; configuration, tokenizer and template come from the base, as do the element types.</param>
    /// <param name="options">Factor, direction, replacing.</param>
    /// <param name="progress">Told the share done, in [0, 1].</param>
    /// <param name="cancellationToken">Ends the work; nothing stays behind.</param>
    /// <exception cref="BallastException">Base and adapter do not fit, the change cannot be taken back, or the disk fails.</exception>
    public static AdapterMergeSummary Run(ModelName model, string folder, AdapterMergeOptions? options = null, IProgress<double>? progress = null, CancellationToken cancellationToken = default)
    {
        options ??= new AdapterMergeOptions();
        using var merge = AdapterMerge.Open(model, options.Undo ? -1 : options.Scale);
        if (options.Undo && (merge.Adapter.Whole.Count > 0 || merge.Adapter.Config.UseDora))
        {
            throw new ConfigException($"{merge.Adapter.Folder}: its merge cannot be taken back from the merged weights: {(merge.Adapter.Config.UseDora ? "the norms of DoRA" : "tensors that were replaced whole")} are lost; keep the base");
        }

        int changed = Write(merge, model.Folder, folder, Card(model, options, merge), options.Replace, merge.Merged, progress, cancellationToken);
        long parameters = merge.Entries.Values.Sum(entry => entry.ElementCount);
        bool measure = options.Measure && !options.Undo && sizeof(float) * parameters < Machine.AvailableMemory;
        return new AdapterMergeSummary(changed, parameters, merge.HeadUntied, measure ? LogitChange(model, folder, options.Scale, cancellationToken) : null);
    }

    /// <summary>Writes a model folder: the tensors that change as they are given, the others and all other files as in the base.</summary>
    internal static int Write(
        AdapterMerge merge, string source, string folder, string card, bool replace, Func<string, Tensor> merged, IProgress<double>? progress = null, CancellationToken cancellationToken = default)
    {
        using var trunk = Checkpoint.Open(source);
        using var writer = new CheckpointWriter(folder, merge.Entries.Values, replace: replace);
        long done = 0, total = merge.Entries.Values.Sum(entry => entry.ByteCount);
        int changed = 0;
        foreach (var entry in merge.Entries.Values)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (merge.Changes(entry.Name) || !trunk.Entries.ContainsKey(entry.Name))
            {
                using var value = merged(entry.Name);
                using var rounded = value.To(Device.Cpu, entry.DType);
                Write(writer, entry, rounded);
                changed++;
            }
            else
            {
                Copy(writer, entry, trunk);
            }

            done += entry.ByteCount;
            progress?.Report((double)done / total);
        }

        writer.CopySidecars(source);
        if (merge.HeadUntied)
        {
            var config = ModelFolder.ReadConfig(source);
            config["tie_word_embeddings"] = false;
            writer.WriteText(ModelFolder.ConfigFile, JsonFile.Indented(config));
        }

        writer.WriteText("README.md", card);
        writer.Complete();
        return changed;
    }

    /// <summary>
    /// The largest absolute difference between the logits of base + adapter and those of the merged model, over a few tokens. Each form is held whole in turn;
    /// null where there is no room for one: the merge itself, which takes one tensor at a time, is done then.
    /// </summary>
    private static double? LogitChange(ModelName model, string merged, double scale, CancellationToken cancellationToken)
    {
        float[] Logits(string folder, string? adapter)
        {
            using var decoder = Decoder.Load(folder, cancellationToken: cancellationToken);
            if (adapter is not null)
            {
                Adapter.Load(decoder, adapter, scale: scale);
            }

            int[] ids = [.. Enumerable.Range(1, Math.Min(16, decoder.Config.MaxSeqLen)).Select(i => (int)(7919L * i % decoder.Config.VocabSize))];
            using var logits = decoder.Logits(new TokenBatch(ids, 1));
            return logits.ToArray<float>();
        }

        try
        {
            return Logits(model.Folder, model.Adapter).Zip(Logits(merged, null), (a, b) => Math.Abs((double)a - b)).Max();
        }
        catch (TorchException fault) when (fault.OutOfMemory)
        {
            return null;
        }
    }

    private static unsafe void Write(CheckpointWriter writer, TensorEntry entry, Tensor tensor)
    {
        for (long offset = 0; offset < entry.ByteCount; offset += Part)
        {
            writer.Write(entry.Name, offset, new ReadOnlySpan<byte>((byte*)tensor.Data + offset, (int)Math.Min(Part, entry.ByteCount - offset)));
        }
    }

    private static void Copy(CheckpointWriter writer, TensorEntry entry, Checkpoint from)
    {
        byte[] buffer = new byte[Math.Min(Part, entry.ByteCount)];
        for (long offset = 0; offset < entry.ByteCount; offset += Part)
        {
            var part = buffer.AsSpan(0, (int)Math.Min(Part, entry.ByteCount - offset));
            from.Read(entry.Name, offset, part);
            writer.Write(entry.Name, offset, part);
        }
    }

    private static string Card(ModelName model, AdapterMergeOptions options, AdapterMerge merge) => string.Create(CultureInfo.InvariantCulture, $"""
        # {Path.GetFileName(Path.GetFullPath(model.Folder))} {(options.Undo ? "without" : "with")} {Path.GetFileName(Path.GetFullPath(model.Adapter!))}

        The adapter `{model.Adapter}` was {(options.Undo ? "taken out of" : $"merged (scale {options.Scale}) into")} `{model.Folder}` by Ballast: in float32, rounded once to each tensor's type.
        {(merge.HeadUntied ? "Embedding and head were one tensor in the base and are two here.\n" : "")}
        Safety and utility are not implied by merging: measure them with `ballast eval`.

        """);
}

/// <summary>How an adapter is merged.</summary>
/// <param name="Scale">Factor on the adapter's scaling; 1 is the adapter itself. Magnitudes (DoRA) and tensors that were trained whole are taken as they are.</param>
/// <param name="Undo">Subtracts what a merge with scale 1 added, up to rounding.</param>
/// <param name="Replace">Whether an output folder that holds files is replaced.</param>
/// <param name="Measure">Whether the logits of both forms are compared afterwards: two forward passes.</param>
public sealed record AdapterMergeOptions(double Scale = 1, bool Undo = false, bool Replace = false, bool Measure = true);

/// <summary>What a merge wrote.</summary>
/// <param name="Changed">Tensors that differ from the base's.</param>
/// <param name="Parameters">Elements written.</param>
/// <param name="HeadUntied">Whether embedding and head became two.</param>
/// <param name="LargestLogitChange">Largest absolute difference of the logits, merged against applied, on 16 tokens in F32; null where it was not measured or the model does not fit in memory.</param>
public sealed record AdapterMergeSummary(int Changed, long Parameters, bool HeadUntied, double? LargestLogitChange);
