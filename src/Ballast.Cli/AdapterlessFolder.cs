using Ballast.Adapters;

namespace Ballast.Cli;

/// <summary>The folder of a model for what reads whole checkpoints: the model's own, or, of MODEL+ADAPTER, a merged copy that lasts as long as this.</summary>
internal sealed class AdapterlessFolder : IDisposable
{
    private readonly string? _parent;

    /// <summary>Merges where there is an adapter.</summary>
    /// <param name="model">A folder, or MODEL+ADAPTER.</param>
    /// <param name="output">Folder of the result; the copy lies beside it, on the same disk.</param>
    /// <param name="cancellationToken">Ends the merge.</param>
    public AdapterlessFolder(string model, string output, CancellationToken cancellationToken)
    {
        var name = ModelName.Parse(model);
        Path = model;
        if (name.Adapter is null)
        {
            return;
        }

        _parent = $"{System.IO.Path.GetFullPath(output)}.{Guid.NewGuid():N}";
        Path = System.IO.Path.Combine(_parent, ModelName.Map(model, part => System.IO.Path.GetFileName(System.IO.Path.GetFullPath(part))));
        try
        {
            AdapterMergeWriter.Run(name, Path, new AdapterMergeOptions(Measure: false), null, cancellationToken);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>A plain model folder.</summary>
    public string Path { get; }

    public void Dispose()
    {
        if (_parent is not null && Directory.Exists(_parent))
        {
            Directory.Delete(_parent, recursive: true);
        }
    }
}
