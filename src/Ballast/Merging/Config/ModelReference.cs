using Ballast.Hub;

namespace Ballast.Merging.Config;

/// <summary>A model as a merge file names it: a folder, perhaps with a LoRA adapter's folder behind a plus sign.</summary>
/// <param name="Folder">The model's folder.</param>
/// <param name="Adapter">The adapter's folder, or null.</param>
/// <param name="Written">As it stands in the file.</param>
public sealed record ModelReference(string Folder, string? Adapter, string Written)
{
    /// <summary>Two references are one model when the folders agree, however they are written.</summary>
    public bool Equals(ModelReference? other) => other is not null && Folder == other.Folder && Adapter == other.Adapter;

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Folder, Adapter);

    /// <inheritdoc/>
    public override string ToString() => Written;

    /// <summary>Reads a reference; paths count from the current folder and, where that has none, from the file's folder.</summary>
    /// <param name="text">PATH or PATH+ADAPTER; a path that exists as it stands may hold plus and at signs.</param>
    /// <param name="file">The merge file.</param>
    /// <param name="place">Where the text stands, for messages.</param>
    /// <param name="hub">Gives the folders of names such as owner/name@revision; null: only paths are read.</param>
    /// <exception cref="ConfigException">There is neither such a folder nor such a name.</exception>
    internal static ModelReference Parse(string text, string file, string place, HubLibrary? hub)
    {
        if (Local(text, file) is { } whole)
        {
            return new ModelReference(whole, null, text);
        }

        string[] parts = text.Split('+');
        if (parts.Length > 2)
        {
            throw new ConfigException($"{place}: '{text}' has more than one '+'; a model reference is a folder, or a folder, '+' and an adapter's folder");
        }

        string[] folders = [.. parts.Select(part => Local(part, file) ?? Remote(part, hub) ?? throw Missing(part, file, place))];
        return new ModelReference(folders[0], folders.Length == 2 ? folders[1] : null, text);
    }

    private static string? Local(string path, string file)
    {
        if (path.Length == 0)
        {
            return null;
        }

        string here = Path.GetFullPath(path), beside = Path.GetFullPath(path, Path.GetDirectoryName(Path.GetFullPath(file))!);
        return Directory.Exists(here) ? here : Directory.Exists(beside) ? beside : null;
    }

    private static string? Remote(string text, HubLibrary? hub) =>
        hub is not null && HubName.Means(text, out HubName? name) && name.Path.Length == 0 ? hub.Model(name) : null;

    private static ConfigException Missing(string path, string file, string place)
    {
        string where = Path.GetDirectoryName(Path.GetFullPath(file)) == Directory.GetCurrentDirectory() ? "" : " nor beside the merge file";
        return new ConfigException($"{place}: there is no folder '{path}' here{where}");
    }
}
