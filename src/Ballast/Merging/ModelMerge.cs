using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Ballast.Checkpoints;
using Ballast.Hub;
using Ballast.Merging.Config;
using Ballast.Merging.Methods;
using Ballast.Merging.Streaming;
using Ballast.Merging.Vocabularies;

namespace Ballast.Merging;

/// <summary>A merge as a file describes it: planned when it is opened, carried out by <see cref="Run"/>.</summary>
/// <remarks>
/// Files are mergekit's. Weights are streamed: buffers of some MiB for each core, whatever the model's size. A merge that was killed goes on where it
/// stopped when it is run again with the same file, inputs and options. docs/merging.md describes methods and departures.
/// </remarks>
public sealed class ModelMerge : IDisposable
{
    private readonly MergeConfig _config;
    private readonly Dictionary<ModelReference, InputModel> _models = [];
    private readonly List<InputModel> _inputs;
    private readonly VocabularyPlan? _vocabulary;
    private readonly IReadOnlyList<PlannedTensor> _tensors;
    private readonly string? _template;

    private ModelMerge(MergeConfig config)
    {
        _config = config;
        try
        {
            foreach (ModelReference model in config.Models)
            {
                _models.Add(model, InputModel.Open(model));
            }

            _inputs = [.. config.Slices.SelectMany(s => MergeLayout.InputsOf(s, config)).Select(i => _models[i.Model]).Distinct()];
            InputModel? origin = config.Base is { } reference ? _models[reference] : null;
            _template = config.ChatTemplate is { } wanted ? TemplateChoice.Of(wanted, _inputs) : null;
            _vocabulary = config.Vocabulary is { } options ? VocabularyPlan.Create(options, _inputs, origin, _models) : null;
            _tensors = MergeLayout.Create(config, _models, _vocabulary);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>What people should know before the merge.</summary>
    public IReadOnlyList<string> Notes => [.. _config.Notes, .. _vocabulary?.Notes ?? [], .. _tensors.Select(t => Method.Remark(t.Numbers)).OfType<string>().Distinct()];

    private MergeMethod Method => NamedMethod.Find(_config.Method)!.Method;

    /// <summary>The model that gives configuration and, without a tokenizer key, the tokenizer: the base, else the first.</summary>
    private InputModel Donor => _config.Base is { } origin ? _models[origin] : _inputs[0];

    /// <summary>Reads a merge file and the headers of its models, and finds every mismatch.</summary>
    /// <param name="configFile">The file.</param>
    /// <param name="hub">Gives the folders of models named as on the hub; null: only paths are read.</param>
    /// <exception cref="BallastException">The file or a model is at fault; one line says where.</exception>
    public static ModelMerge Open(string configFile, HubLibrary? hub = null) => new(MergeConfigReader.Read(configFile, hub));

    /// <summary>The same from text; <paramref name="file"/> names it in messages, and paths count from its folder too.</summary>
    public static ModelMerge Parse(string text, string file, HubLibrary? hub = null) => new(MergeConfigReader.Parse(text, file, hub));

    /// <summary>What <see cref="Run"/> would do.</summary>
    public MergePreview Preview(MergeOptions options)
    {
        int threads = options.Threads ?? Environment.ProcessorCount;
        long buffers = _tensors.Max(t => MergeTensor.BufferBytes(t, Method.NeedsRows(t.Numbers)));
        return new MergePreview(
            _config.Method,
            _tensors.SelectMany(t => t.Inputs).Select(i => (i.Model.Weights, i.Entry)).Distinct().Sum(i => i.Entry.ByteCount),
            _tensors.Sum(t => t.Output.ByteCount),
            threads * buffers,
            ShardPlan.Split(_tensors.Select(t => t.Output), options.MaxShardBytes).Count,
            [.. _tensors.Select(t => MergeCards.Preview(t, Method))],
            Notes);
    }

    /// <summary>Merges into a folder, which appears complete or not at all.</summary>
    /// <param name="outputFolder">The folder to create.</param>
    /// <param name="options">Seed, threads, shards.</param>
    /// <param name="progress">Receives the share of the elements written so far, in [0, 1].</param>
    /// <param name="cancellationToken">Stops the merge; what is complete stays beside the target for the next run.</param>
    /// <exception cref="ConfigException">The folder holds files, or another process merges into it.</exception>
    /// <exception cref="CheckpointException">Weights are damaged or not finite.</exception>
    /// <exception cref="RunException">The disk is full or fails.</exception>
    public MergeResult Run(string outputFolder, MergeOptions options, IProgress<double>? progress = null, CancellationToken cancellationToken = default)
    {
        DurableFolder.CheckTarget(outputFolder, options.Replace);
        InputHashes hashes = new();
        StreamContext context = new(options.Seed, options.Threads ?? Environment.ProcessorCount, hashes, cancellationToken);
        using MergeJournal journal = MergeJournal.Open(DurableFolder.ResumePath(outputFolder), Fingerprint(options));
        using CheckpointWriter writer = new(outputFolder, _tensors.Select(t => t.Output), options.MaxShardBytes, options.Replace, resumable: true);
        try
        {
            Dictionary<string, string> notes = Recall(journal, writer, hashes);
            int resumed = notes.Count;
            long total = _tensors.Sum(t => t.Output.ElementCount), done = 0;
            TensorMerge merge = new(Method, _config.DType, _vocabulary, (entry, offset, bytes) => writer.Write(entry.Name, offset, bytes), context);
            for (int i = 0; i < _tensors.Count; i++)
            {
                PlannedTensor tensor = _tensors[i];
                if (!notes.ContainsKey(tensor.Output.Name))
                {
                    foreach (PlannedInput input in i + 1 < _tensors.Count ? _tensors[i + 1].Inputs : [])
                    {
                        input.Model.Weights.Prefetch(input.Entry.Name);
                    }

                    notes.Add(tensor.Output.Name, merge.Run(tensor));
                    journal.Add(Entry(tensor, notes[tensor.Output.Name], hashes));
                }

                done += tensor.Output.ElementCount;
                progress?.Report(total == 0 ? 1 : (double)done / total);
            }

            MergeInputHash[] inputs =
            [
                .. _models.Values.Select(m => new MergeInputHash(m.Reference.Written, hashes.OfModel(m.Weights, context))),
                .. _models.Values.Select(m => m.AdapterFile).OfType<string>().Select(f => new MergeInputHash(f, ModelFolder.HashFile(f, cancellationToken))),
            ];
            MergeResult result = new(_config.Method, _tensors.Count, total, _tensors.Sum(t => t.Output.ByteCount), resumed, inputs, Notes);
            WriteSidecars(writer);
            writer.WriteText("README.md", MergeCards.Write(outputFolder, _config, options, result, notes));
            writer.WriteText("mergekit_config.yml", _config.Text);
            journal.Dispose();
            writer.DeleteText(MergeJournal.FileName);
            writer.Complete();
            return result;
        }
        catch (OperationCanceledException)
        {
            writer.Keep();
            throw;
        }
    }

    /// <summary>The tensors of the output, in its order.</summary>
    internal IEnumerable<TensorEntry> Outputs => _tensors.Select(tensor => tensor.Output);

    /// <summary>Merges and hands over the bytes of the output instead of writing them: the same ones.</summary>
    internal void Stream(MergeOptions options, TensorSink sink, CancellationToken cancellationToken)
    {
        TensorMerge merge = new(Method, _config.DType, _vocabulary, sink, new StreamContext(options.Seed, options.Threads ?? Environment.ProcessorCount, new InputHashes(), cancellationToken));
        foreach (PlannedTensor tensor in _tensors)
        {
            merge.Run(tensor);
        }
    }

    /// <summary>Closes the models.</summary>
    public void Dispose()
    {
        foreach (InputModel model in _models.Values)
        {
            model.Dispose();
        }
    }

    private Dictionary<string, string> Recall(MergeJournal journal, CheckpointWriter writer, InputHashes hashes)
    {
        Dictionary<string, string> notes = new(StringComparer.Ordinal);
        InputModel[] models = [.. _models.Values];
        foreach (JsonObject entry in journal.Entries)
        {
            string name = entry["tensor"]!.GetValue<string>();
            if (!writer.IsResumed(name))
            {
                continue;
            }

            writer.MarkWritten(name);
            notes[name] = entry["notes"]!.GetValue<string>();
            foreach (JsonNode? hash in entry["hashes"]!.AsArray())
            {
                hashes.Add(models[hash!["model"]!.GetValue<int>()].Weights, hash["tensor"]!.GetValue<string>(), Convert.FromHexString(hash["blake3"]!.GetValue<string>()));
            }
        }

        return notes;
    }

    private JsonObject Entry(PlannedTensor tensor, string notes, InputHashes hashes)
    {
        InputModel[] models = [.. _models.Values];
        IEnumerable<PlannedInput> read = tensor.Inputs.DistinctBy(i => i with { Name = i.Entry.Name });
        return new JsonObject
        {
            ["tensor"] = tensor.Output.Name,
            ["notes"] = notes,
            ["hashes"] = new JsonArray([.. read.Where(r => hashes.Knows(r.Model.Weights, r.Entry.Name)).Select(r => new JsonObject
            {
                ["model"] = Array.IndexOf(models, r.Model), ["tensor"] = r.Entry.Name, ["blake3"] = Convert.ToHexStringLower(hashes[r.Model.Weights, r.Entry.Name]),
            })]),
        };
    }

    /// <summary>Changes with everything that the output depends on.</summary>
    private string Fingerprint(MergeOptions options)
    {
        StringBuilder text = new();
        text.Append(typeof(ModelMerge).Assembly.GetName().Version).Append('\n').Append(options.Seed).Append('\n').Append(options.MaxShardBytes).Append('\n').Append(_config.Text).Append('\n');
        foreach (InputModel model in _models.Values)
        {
            foreach (string file in model.Weights.Entries.Keys.Select(model.Weights.FileOf).Append(model.AdapterFile).OfType<string>().Distinct())
            {
                FileInfo info = new(file);
                text.Append(file).Append('\n').Append(info.Length).Append('\n').Append(info.LastWriteTimeUtc.Ticks).Append('\n');
            }
        }

        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())));
    }

    private void WriteSidecars(CheckpointWriter writer)
    {
        writer.CopySidecars(Donor.Reference.Folder, SidecarKind.Others);
        string tokenizer = (_vocabulary?.Donor ?? Donor).Reference.Folder;
        writer.CopySidecars(tokenizer, SidecarKind.Tokenizer);
        if (_vocabulary?.Tokenizer is { IsChanged: true } changed)
        {
            writer.WriteText("tokenizer.json", changed.Write());
            foreach (string stale in (string[])["tokenizer.model", "vocab.json", "merges.txt", "added_tokens.json"])
            {
                writer.DeleteText(stale);
            }
        }

        if (_template is not null)
        {
            writer.WriteText("chat_template.jinja", _template);
            string config = Path.Combine(tokenizer, "tokenizer_config.json");
            if (File.Exists(config) && JsonFile.ReadObject(config) is { } settings && settings.Remove("chat_template"))
            {
                writer.WriteText("tokenizer_config.json", JsonFile.Indented(settings));
            }
        }

        writer.WriteText(ModelFolder.ConfigFile, JsonFile.Indented(OutputConfig.Of(_config, Donor, _models, _tensors, _vocabulary)));
    }
}
