using System.Globalization;
using Ballast.Checkpoints;
using Ballast.Models;
using Ballast.Tensors;

namespace Ballast.Adapters;

/// <summary>Makes an adapter out of two models: of every matrix that differs a low-rank part, of every vector the tuned one whole. One matrix is in memory at a time.</summary>
public static class AdapterExtract
{
    private const string Suffix = ".weight";

    /// <summary>Writes the adapter that turns base into tuned, as nearly as the rank allows.</summary>
    /// <param name="baseFolder">The model before.</param>
    /// <param name="tunedFolder">The model after; the same tensors.</param>
    /// <param name="rank">Rank, at least 1; smaller matrices get their full rank.</param>
    /// <param name="folder">The adapter folder to create.</param>
    /// <param name="replace">Whether a folder that holds files is replaced.</param>
    /// <param name="progress">Told the share done, in [0, 1].</param>
    /// <param name="cancellationToken">Ends the work; nothing stays behind.</param>
    /// <returns>The share of the squared norm that each module keeps.</returns>
    /// <exception cref="BallastException">The models do not fit each other or are equal, or the disk fails.</exception>
    public static IReadOnlyList<ExtractedModule> Run(
        string baseFolder, string tunedFolder, int rank, string folder, bool replace = false, IProgress<double>? progress = null, CancellationToken cancellationToken = default)
    {
        if (rank < 1)
        {
            throw new ConfigException($"the rank must be at least 1, got {rank}");
        }

        using Checkpoint first = Checkpoint.Open(baseFolder), last = Checkpoint.Open(tunedFolder);
        bool tied = DecoderConfig.Parse(ModelFolder.ReadConfig(baseFolder), Path.Combine(baseFolder, ModelFolder.ConfigFile)).TieWordEmbeddings;
        if (last.Entries.Keys.FirstOrDefault(name => name != Head && !first.Entries.ContainsKey(name)) is { } unknown)
        {
            throw new CheckpointException($"{last.FileOf(unknown)}: tensor {PrintableName.Quote(unknown)} is not in {baseFolder}; the models must have one architecture");
        }

        string[] names = [.. first.Entries.Keys.Where(name => first.Entries[name].DType.IsFloat && !(tied && name == Head)), .. tied ? [Head] : Array.Empty<string>()];
        var modules = new List<ExtractedModule>();
        var whole = new List<string>();
        using DurableFolder parts = new(folder, replace);   // holds the factors until all are known, and is removed
        var files = new Dictionary<string, (string File, long[] Shape)>(StringComparer.Ordinal);
        for (int i = 0; i < names.Length; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Extract(names[i], first, last, rank, (key, tensor) => files[key] = (Park(parts.Working, files.Count, tensor), tensor.Shape), modules, whole);
            progress?.Report((i + 1.0) / names.Length);
        }

        if (modules.Count == 0)
        {
            throw new ConfigException($"{tunedFolder}: no matrix differs from {baseFolder}: there is nothing to extract");
        }

        string[] keys = [.. files.Keys.Order(StringComparer.Ordinal)];
        AdapterWriter.Save(
            keys.Select(key => TensorEntry.Create(key, DType.F32, files[key].Shape)), keys.Select(key => (key, Fetch(files[key].File, files[key].Shape))),
            Config(baseFolder, rank, modules, whole), baseFolder, folder, Card(baseFolder, tunedFolder, modules), replace);
        return modules;
    }

    private const string Head = Decoder.HeadName + Suffix, Embedding = Decoder.EmbeddingName + Suffix;

    private static void Extract(string name, Checkpoint first, Checkpoint last, int rank, Action<string, Tensor> put, List<ExtractedModule> modules, List<string> whole)
    {
        string Stored(Checkpoint checkpoint) => name == Head && !checkpoint.Entries.ContainsKey(name) ? Embedding : name;
        using Tensor before = Read(first, Stored(first)), after = Read(last, Stored(last));
        if (!before.Shape.AsSpan().SequenceEqual(after.Shape))
        {
            throw new CheckpointException($"{last.FileOf(Stored(last))}: tensor {PrintableName.Quote(name)}: expected shape {TensorEntry.ShapeText(before.Shape)} as in the base, found {TensorEntry.ShapeText(after.Shape)}");
        }

        using var difference = after.To(Device.Cpu);
        difference.Add(before, -1);
        if (difference.SquareSum() == 0)
        {
            return;
        }

        if (before.Shape.Length != 2)
        {
            whole.Add(name);
            put(AdapterPlan.Prefix + name, after);
            return;
        }

        string module = name[..^Suffix.Length], key = AdapterPlan.Prefix + module;
        int own = (int)Math.Min(rank, Math.Min(before.Shape[0], before.Shape[1]));
        using var turned = name == Embedding ? difference.Transposed() : null;
        using var matrix = (turned ?? difference).To(Device.Cpu);
        using var best = LowRankApproximation.Of(matrix, own, Hash.Of(name));
        put(key + (turned is null ? ".lora_A.weight" : ".lora_embedding_A"), best.A);
        put(key + (turned is null ? ".lora_B.weight" : ".lora_embedding_B"), best.B);
        modules.Add(new ExtractedModule(module, own, best.Kept));
    }

    private static AdapterConfig Config(string baseFolder, int rank, List<ExtractedModule> modules, List<string> whole) => new()
    {
        BaseModel = baseFolder,
        Rank = rank,
        Alpha = rank,
        RankPattern = [.. modules.Where(module => module.Rank != rank).Select(module => KeyValuePair.Create(System.Text.RegularExpressions.Regex.Escape(module.Name), module.Rank))],
        AlphaPattern = [.. modules.Where(module => module.Rank != rank).Select(module => KeyValuePair.Create(System.Text.RegularExpressions.Regex.Escape(module.Name), (double)module.Rank))],
        TargetModules = new ModuleNames([.. modules.Select(module => module.Name)], null),
        ModulesToSave = [.. whole.Where(name => name.EndsWith(Suffix, StringComparison.Ordinal)).Select(name => name[..^Suffix.Length])],
        Bias = whole.Any(name => name.EndsWith(".bias", StringComparison.Ordinal)) ? AdapterBias.All : AdapterBias.None,
    };

    private static Tensor Read(Checkpoint checkpoint, string name)
    {
        if (!checkpoint.Entries.TryGetValue(name, out var entry) || !entry.DType.IsFloat)
        {
            throw new CheckpointException($"{checkpoint.Folder}: there is no tensor {PrintableName.Quote(name)} of floats; the models must have one architecture");
        }

        var tensor = Tensor.Empty(DType.F32, Device.Cpu, entry.Shape);
        WeightStore.Fill(tensor, checkpoint.Content(name), entry);
        return tensor;
    }

    // Factors wait on the disk until all shapes are known.
    private static string Park(string folder, int number, Tensor tensor)
    {
        string file = Path.Combine(folder, number.ToString(CultureInfo.InvariantCulture));
        using var writer = new SafetensorsWriter(file, [TensorEntry.Create("part", DType.F32, tensor.Shape)]);
        writer.Write("part", System.Runtime.InteropServices.MemoryMarshal.AsBytes(tensor.Span<float>()));
        writer.Complete();
        return file;
    }

    private static Tensor Fetch(string file, long[] shape)
    {
        using var source = SafetensorsFile.Open(file);
        var tensor = Tensor.Empty(DType.F32, Device.Cpu, shape);
        WeightStore.Fill(tensor, source.Content("part"), source.Entries["part"]);
        return tensor;
    }

    private static string Card(string baseFolder, string tunedFolder, List<ExtractedModule> modules) => string.Create(CultureInfo.InvariantCulture, $"""
        # {Path.GetFileName(Path.GetFullPath(tunedFolder))} as an adapter on {Path.GetFileName(Path.GetFullPath(baseFolder))}

        Truncated singular value decompositions of the differences, by Ballast. Share of the squared norm that is kept: {modules.Min(module => module.Kept):P1} to {modules.Max(module => module.Kept):P1} per module.

        """);
}

/// <summary>A matrix that became a low-rank part.</summary>
/// <param name="Name">Module path.</param>
/// <param name="Rank">Its rank.</param>
/// <param name="Kept">Share of the difference's squared norm that is kept, in [0, 1].</param>
public sealed record ExtractedModule(string Name, int Rank, double Kept);
