namespace Ballast.Checkpoints;

/// <summary>Writes a model folder: weights in one safetensors file or in shards with an index, and the files beside them.</summary>
/// <remarks>
/// Everything goes to a hidden folder beside the target, which takes its name only in <see cref="Complete"/>, after all files have reached the disk.
/// Tensors may be written in any order and from several threads.
/// </remarks>
public sealed class CheckpointWriter : IDisposable
{
    /// <summary>Shard size of huggingface_hub in bytes.</summary>
    public const long DefaultMaxShardBytes = 5_000_000_000;

    private readonly DurableFolder _folder;
    private readonly List<SafetensorsWriter> _files = [];
    private readonly Dictionary<string, SafetensorsWriter> _writerOf = new(StringComparer.Ordinal);

    /// <summary>Reserves the space of all weights on the disk and writes the headers.</summary>
    /// <param name="folder">The model folder to create; its parent is created when absent.</param>
    /// <param name="entries">Every tensor that will be written, in the order in which they fill the shards.</param>
    /// <param name="maxShardBytes">Largest shard; a larger tensor gets its own. The default is that of huggingface_hub.</param>
    /// <param name="replace">True to replace a folder that holds files; the old one is removed after the new one is in its place.</param>
    /// <param name="resumable">True to go on with what a killed process left of the same checkpoint; the caller knows which tensors are complete.</param>
    /// <exception cref="ConfigException">The disk has too little room, or the folder holds files and <paramref name="replace"/> is false, or it is a file.</exception>
    /// <exception cref="RunException">The disk cannot be written.</exception>
    public CheckpointWriter(string folder, IEnumerable<TensorEntry> entries, long maxShardBytes = DefaultMaxShardBytes, bool replace = false, bool resumable = false)
        : this(folder, entries, maxShardBytes, replace, path => new DriveInfo(path).AvailableFreeSpace, resumable)
    {
    }

    internal CheckpointWriter(string folder, IEnumerable<TensorEntry> entries, long maxShardBytes, bool replace, Func<string, long> freeBytes, bool resumable = false)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maxShardBytes, 1);
        TensorEntry[] all = [.. entries];
        _folder = new DurableFolder(folder, replace, resumable);
        try
        {
            long total = all.Sum(e => e.ByteCount);
            long free = freeBytes(_folder.Working) + Directory.EnumerateFiles(_folder.Working).Sum(f => new FileInfo(f).Length);
            DiskSpace.Check(folder, total, "the weights", free);

            Dictionary<string, string> fileOfTensor = new(StringComparer.Ordinal);
            foreach ((string file, IReadOnlyList<TensorEntry> tensors) in ShardPlan.Split(all, maxShardBytes))
            {
                SafetensorsWriter writer = new(Path.Combine(_folder.Working, file), tensors, resumable);
                _files.Add(writer);
                foreach (TensorEntry tensor in tensors)
                {
                    _writerOf.Add(tensor.Name, writer);
                    fileOfTensor.Add(tensor.Name, file);
                }
            }

            if (_files.Count > 1)
            {
                WriteText(CheckpointIndex.FileName, CheckpointIndex.Write(fileOfTensor, total));
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Writes a whole tensor of less than 2^31 bytes.</summary>
    /// <exception cref="ArgumentException">No such tensor was announced, or the size differs from the announced one.</exception>
    /// <exception cref="RunException">The disk is full or fails.</exception>
    public void Write(string name, ReadOnlySpan<byte> bytes) => Writer(name).Write(name, bytes);

    /// <summary>Writes part of a tensor of any size; every byte must be written exactly once.</summary>
    /// <param name="name">The tensor.</param>
    /// <param name="offset">First byte within the tensor.</param>
    /// <param name="bytes">The part.</param>
    /// <exception cref="ArgumentException">No such tensor was announced, or the part reaches beyond its end.</exception>
    /// <exception cref="RunException">The disk is full or fails.</exception>
    public void Write(string name, long offset, ReadOnlySpan<byte> bytes) => Writer(name).Write(name, offset, bytes);

    /// <summary>Copies configuration, tokenizer, chat template and licence files of another model folder and compares the copies' SHA-256.</summary>
    /// <param name="fromFolder">The other folder.</param>
    /// <param name="kind">Which of them.</param>
    /// <exception cref="CheckpointException">A file cannot be read, or its copy differs.</exception>
    /// <exception cref="RunException">The disk is full or fails.</exception>
    public void CopySidecars(string fromFolder, SidecarKind kind = SidecarKind.All) => ModelFolder.CopySidecars(fromFolder, _folder.Working, kind);

    /// <summary>Whether the shard of a tensor was there and is gone on with.</summary>
    internal bool IsResumed(string name) => Writer(name).IsResumed;

    /// <summary>Declares a tensor written by the process that is gone on with.</summary>
    internal void MarkWritten(string name) => Writer(name).MarkWritten(name);

    /// <summary>Leaves the unfinished folder for a later process.</summary>
    internal void Keep() => _folder.Keep();

    /// <summary>Removes a file of the folder.</summary>
    internal void DeleteText(string file) => File.Delete(Path.Combine(_folder.Working, file));

    /// <summary>Writes a text file (UTF-8, no byte order mark) into the folder, over a copy of the same name.</summary>
    /// <param name="file">File name without folder.</param>
    /// <param name="text">Its content.</param>
    /// <exception cref="ArgumentException"><paramref name="file"/> names a folder too.</exception>
    /// <exception cref="RunException">The disk is full or fails.</exception>
    public void WriteText(string file, string text)
    {
        if (file != Path.GetFileName(file))
        {
            throw new ArgumentException($"expected a file name without a folder, got {file}", nameof(file));
        }

        _folder.WriteText(file, text);
    }

    /// <summary>Brings everything to the disk and gives the folder its name.</summary>
    /// <exception cref="InvalidOperationException">A tensor was not written completely.</exception>
    /// <exception cref="RunException">The disk is full or fails, or the place was taken meanwhile.</exception>
    public void Complete()
    {
        foreach (SafetensorsWriter file in _files)
        {
            file.Complete();
            file.Dispose();
        }

        _folder.Complete();
    }

    /// <summary>Removes everything written unless <see cref="Complete"/> succeeded.</summary>
    public void Dispose()
    {
        _files.ForEach(f => f.Dispose());
        _folder.Dispose();
    }

    private SafetensorsWriter Writer(string name) => _writerOf.TryGetValue(name, out SafetensorsWriter? writer)
        ? writer
        : throw new ArgumentException($"tensor {name} was not announced when the writer was created", nameof(name));
}
