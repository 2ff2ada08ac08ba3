namespace Ballast.Checkpoints;

/// <summary>The weights of a model folder: one safetensors file, or shards joined by an index.</summary>
/// <remarks>Opening reads and checks every header and compares the shards with the index; no weight is read yet.</remarks>
public sealed class Checkpoint : IDisposable
{
    private readonly Dictionary<string, SafetensorsFile> _fileOf = new(StringComparer.Ordinal);
    private readonly Dictionary<string, TensorEntry> _entries = new(StringComparer.Ordinal);
    private readonly List<SafetensorsFile> _files = [];

    private Checkpoint(string folder) => Folder = folder;

    /// <summary>The folder it was opened from.</summary>
    public string Folder { get; }

    /// <summary>All tensors by name, in the order of the files and of the data inside them.</summary>
    public IReadOnlyDictionary<string, TensorEntry> Entries => _entries;

    /// <summary>Opens the weights of a folder.</summary>
    /// <exception cref="CheckpointException">
    /// No weights, pickles only, a missing or damaged shard, or index and shards that disagree; the message names file and tensor.
    /// </exception>
    public static Checkpoint Open(string folder)
    {
        string single = Path.Combine(folder, CheckpointIndex.SingleFileName);
        string index = Path.Combine(folder, CheckpointIndex.FileName);
        if (File.Exists(single) && File.Exists(index))
        {
            throw new CheckpointException($"{folder}: holds both {CheckpointIndex.SingleFileName} and {CheckpointIndex.FileName}; "
                + "remove the one that does not belong to the model");
        }

        Checkpoint checkpoint = new(folder);
        try
        {
            if (File.Exists(index))
            {
                checkpoint.AddShards(index);
            }
            else
            {
                checkpoint.Register(SafetensorsFile.Open(File.Exists(single) ? single : throw NoWeights(folder)));
            }

            return checkpoint;
        }
        catch
        {
            checkpoint.Dispose();
            throw;
        }
    }

    /// <summary>The bytes of a tensor below 2^31 bytes.</summary>
    /// <exception cref="CheckpointException">There is no such tensor.</exception>
    /// <exception cref="InvalidOperationException">The tensor is too large for a span; use <see cref="Content"/> or <see cref="Read"/>.</exception>
    public ReadOnlySpan<byte> Bytes(string name) => Owner(name).Bytes(name);

    /// <summary>The bytes of a tensor of any size, valid until <see cref="Dispose"/>.</summary>
    /// <exception cref="CheckpointException">There is no such tensor.</exception>
    public TensorBytes Content(string name) => Owner(name).Content(name);

    /// <summary>Copies part of a tensor by reading the file; the process does not grow by what was read.</summary>
    /// <param name="name">The tensor.</param>
    /// <param name="offset">First byte within the tensor.</param>
    /// <param name="destination">Filled completely.</param>
    /// <exception cref="CheckpointException">There is no such tensor.</exception>
    public void Read(string name, long offset, Span<byte> destination) => Owner(name).Read(name, offset, destination);

    /// <summary>Tells the system that a tensor will be read soon, so that the disk can begin.</summary>
    internal void Prefetch(string name) => Owner(name).Prefetch(name);

    /// <summary>The path of the file that holds a tensor.</summary>
    /// <exception cref="CheckpointException">There is no such tensor.</exception>
    public string FileOf(string name) => Owner(name).Path;

    /// <summary>Closes all files; views handed out before must not be used any more.</summary>
    public void Dispose() => _files.ForEach(f => f.Dispose());

    private SafetensorsFile Owner(string name) => _fileOf.TryGetValue(name, out SafetensorsFile? file)
        ? file
        : throw new CheckpointException($"{Folder}: there is no tensor {PrintableName.Quote(name)}");

    private void AddShards(string index)
    {
        Dictionary<string, string> map = CheckpointIndex.Read(index);
        string[] shards = [.. map.Values.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        string[] missing = [.. shards.Where(s => !File.Exists(Path.Combine(Folder, s)))];
        if (missing.Length > 0)
        {
            throw new CheckpointException($"{index}: {missing.Length} of {shards.Length} shards are missing: "
                + $"{PrintableName.QuoteSome(missing)}; download the model again");
        }

        foreach (string shard in shards)
        {
            SafetensorsFile file = SafetensorsFile.Open(Path.Combine(Folder, shard));
            Register(file);
            string[] strangers = [.. file.Entries.Keys.Where(name => !map.TryGetValue(name, out string? owner) || owner != shard)];
            if (strangers.Length > 0)
            {
                throw new CheckpointException($"{file.Path}: holds tensors that the index does not place there: {PrintableName.QuoteSome(strangers)}");
            }
        }

        string[] absent = [.. map.Keys.Where(name => !_fileOf.ContainsKey(name))];
        if (absent.Length > 0)
        {
            throw new CheckpointException($"{Path.Combine(Folder, map[absent[0]])}: lacks tensors that the index places there: {PrintableName.QuoteSome(absent)}");
        }
    }

    private void Register(SafetensorsFile file)
    {
        _files.Add(file);
        foreach ((string name, TensorEntry entry) in file.Entries)
        {
            _fileOf[name] = file;
            _entries[name] = entry;
        }
    }

    private static CheckpointException NoWeights(string folder)
    {
        if (!Directory.Exists(folder))
        {
            return new CheckpointException(File.Exists(folder)
                ? $"{folder}: expected the model's folder, found a file"
                : $"{folder}: no such folder");
        }

        string[] names = [.. Directory.EnumerateFiles(folder).Select(f => Path.GetFileName(f)!)];
        string? pickle = names.Order(StringComparer.Ordinal).FirstOrDefault(n => ForeignFile.PickleExtensions.Contains(Path.GetExtension(n)) && n != "training_args.bin");
        string what = names.Contains("adapter_model.safetensors")
            ? "holds an adapter (adapter_model.safetensors), not a whole model; name it with its base, as BASE+ADAPTER"
            : pickle is not null
                ? $"holds {PrintableName.Quote(pickle)}, a PyTorch pickle, and no safetensors; {ForeignFile.PickleFolderAdvice(folder)}"
                : $"holds neither {CheckpointIndex.SingleFileName} nor {CheckpointIndex.FileName}";
        return new CheckpointException($"{folder}: {what}");
    }
}
