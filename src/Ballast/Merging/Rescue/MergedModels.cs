using System.Globalization;
using Ballast.Chat;
using Ballast.Checkpoints;
using Ballast.Evaluation.Suites;
using Ballast.Generation;
using Ballast.Models;
using Ballast.Tensors;
using Ballast.Tokenizers;

namespace Ballast.Merging.Rescue;

/// <summary>The merges of two model folders. Memory: one model; the folders are read anew, piece by piece, for every point, mostly from the page cache.</summary>
internal sealed class MergedModels : RescuePath
{
    private readonly Checkpoint _aligned;
    private readonly Checkpoint _tuned;
    private readonly MergePlan _plan;

    private MergedModels(Checkpoint aligned, Checkpoint tuned, MergePlan plan, LanguageModel model) =>
        (_aligned, _tuned, _plan, Model) = (aligned, tuned, plan, model);

    public override LanguageModel Model { get; }

    public override long WeightBytes => _plan.Pairs.Sum(pair => pair.Output.ByteCount);

    public override string Types =>
        $"{string.Join(" and ", _plan.Pairs.Select(pair => pair.Output.DType.SafetensorsName).Distinct())}, computed in {Model.Model.Weights.DType.SafetensorsName}";

    public override IEnumerable<string> Warnings
    {
        get
        {
            if (TemplateOf(_aligned.Folder) != TemplateOf(_tuned.Folder))
            {
                yield return "The chat templates of the two models differ: every point, the aligned weights too, was asked with the tuned model's.";
            }

            if (_plan.Pairs.Any(pair => pair.Aligned.DType != pair.Output.DType))
            {
                yield return "The aligned weights are stored in another type than the output: at lambda 0 they are rounded to it.";
            }
        }
    }

    /// <summary>Opens both models and finds every mismatch.</summary>
    /// <exception cref="BallastException">A folder is no model, or architectures, tokenizers or shapes differ.</exception>
    public static MergedModels Open(string alignedFolder, string tunedFolder, IReadOnlyList<string> methods, CancellationToken cancellationToken = default)
    {
        string[] names = [.. methods.Distinct()];
        foreach (string method in names)
        {
            RescueMethod.Parse(method);
        }

        var opened = new Stack<IDisposable>();
        try
        {
            Checkpoint aligned = Opened(Checkpoint.Open(alignedFolder)), tuned = Opened(Checkpoint.Open(tunedFolder));
            var plan = MergePlan.Create(aligned, tuned, null);
            var tokenizer = SameTokenizer(alignedFolder, tunedFolder);
            string config = Path.Combine(tunedFolder, ModelFolder.ConfigFile);
            var decoder = Opened(plan.HeadUntied ? Decoder.Create(DecoderConfig.Parse(plan.Config, config), 0) : Decoder.Load(tunedFolder, cancellationToken: cancellationToken));
            var template = ChatTemplate.TryLoad(tunedFolder);
            var model = new LanguageModel(
                Path.GetFileName(Path.GetFullPath(tunedFolder)), decoder, tokenizer, template, LanguageModel.EndTokens(tunedFolder, decoder.Config, tokenizer, template));
            string alignedHash = ModelFolder.HashWeights(aligned, cancellationToken), tunedHash = ModelFolder.HashWeights(tuned, cancellationToken);
            if (alignedHash == tunedHash)
            {
                throw new ConfigException($"{tunedFolder}: holds the same weights as {alignedFolder}; there is nothing between them");
            }

            return new MergedModels(aligned, tuned, plan, model)
            {
                Methods = names,
                AlignedHash = alignedHash,
                TunedHash = tunedHash,
                FormHash = Suite.HashOf(ModelFolder.Sidecars.Select(file => Path.Combine(tunedFolder, file)).Where(File.Exists).Select(file => ModelFolder.HashFile(file, cancellationToken))),
            };
        }
        catch
        {
            while (opened.TryPop(out var item))
            {
                item.Dispose();
            }

            throw;
        }

        T Opened<T>(T item)
            where T : IDisposable
        {
            opened.Push(item);
            return item;
        }
    }

    public override bool IsEnd(string method, double lambda) => lambda == 0 || (lambda == 1 && RescueMethod.Parse(method).ReachesTuned);

    public override string Formula(string method) => RescueMethod.Parse(method).Formula;

    protected override void Make(string method, double lambda, CancellationToken cancellationToken)
    {
        using var sink = new WeightSink(Model.Model.Weights);
        if (Merge(method, lambda) is { } merge)
        {
            using (merge)
            {
                merge.Stream(new MergeOptions(), sink.Write, cancellationToken);
            }
        }
        else
        {
            LinearMerge.Stream(_plan, _aligned, _tuned, lambda, sink.Write, null, cancellationToken);
        }

        sink.Complete(_tuned.Folder);
    }

    public override void Write(string method, double lambda, string folder, string card, CancellationToken cancellationToken = default)
    {
        using var merge = Merge(method, lambda);
        using var writer = new CheckpointWriter(folder, merge?.Outputs ?? _plan.Pairs.Select(pair => pair.Output), replace: true);
        void Sink(TensorEntry entry, long offset, ReadOnlySpan<byte> bytes) => writer.Write(entry.Name, offset, bytes);
        if (merge is not null)
        {
            merge.Stream(new MergeOptions(), Sink, cancellationToken);
            writer.WriteText("mergekit_config.yml", RescueMethod.Parse(method).File(_aligned.Folder, _tuned.Folder, lambda, OutputType));
        }
        else
        {
            LinearMerge.Stream(_plan, _aligned, _tuned, lambda, Sink, null, cancellationToken);
        }

        writer.CopySidecars(_tuned.Folder);
        writer.WriteText(ModelFolder.ConfigFile, JsonFile.Indented(_plan.Config));
        writer.WriteText("README.md", card);
        writer.Complete();
    }

    public override void Dispose()
    {
        Model.Dispose();
        _tuned.Dispose();
        _aligned.Dispose();
    }

    // The type of the tuned floats; null where there are several.
    private DType? OutputType => _plan.Pairs.Select(pair => pair.Output.DType).Where(type => type.IsFloat).Distinct().ToArray() is [var only] ? only : null;

    // Null for the linear merge and for the ends, which copy bits.
    private ModelMerge? Merge(string method, double lambda) => method is "" or RescueMethod.Linear || IsEnd(method, lambda) ? null
        : ModelMerge.Parse(RescueMethod.Parse(method).File(_aligned.Folder, _tuned.Folder, lambda, OutputType), $"--methods {method}");

    // One token under two numbers would average rows of different tokens.
    private static Tokenizer SameTokenizer(string alignedFolder, string tunedFolder)
    {
        Tokenizer aligned = Tokenizer.Load(alignedFolder), tuned = Tokenizer.Load(tunedFolder);
        for (int id = 0; id < Math.Max(aligned.VocabSize, tuned.VocabSize); id++)
        {
            if (aligned.TokenText(id) != tuned.TokenText(id))
            {
                throw new CheckpointException(string.Create(CultureInfo.InvariantCulture,
                    $"{tunedFolder}: expected token {id} to be '{aligned.TokenText(id)}' as in {alignedFolder}, found '{tuned.TokenText(id)}'; the models must share a tokenizer"));
            }
        }

        return tuned;
    }

    private static string TemplateOf(string folder) => string.Join('\n', TemplateFolder.Read(folder).Templates.Select(template => $"{template.Key}\n{template.Value.Source}"));
}
