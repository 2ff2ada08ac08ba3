using System.Text.Json.Nodes;

namespace Ballast.Configs;

/// <summary>A parsed configuration file that remembers where each value was written.</summary>
/// <remarks>Paths are dotted, list items in brackets: <c>data.train[0].path</c>. The empty path is the whole file.</remarks>
internal sealed class ConfigTree(string file, JsonNode? root, Dictionary<string, string> places, IReadOnlySet<string>? anchored = null)
{
    /// <summary>The file as it was named by the caller; for messages.</summary>
    public string File { get; } = file;

    /// <summary>The values, with overrides applied.</summary>
    public JsonNode? Root { get; private set; } = root;

    /// <summary>Where a path was written, <c>file:line:column</c> or <c>--set key=value</c>; for an absent key the nearest mapping around it.</summary>
    public string PlaceOf(string path)
    {
        string? place;
        while (!places.TryGetValue(path, out place) && path.Length > 0)
        {
            path = path[..Math.Max(0, path.LastIndexOfAny(['.', '[']))];
        }

        return place ?? File;
    }

    /// <summary>Whether an anchor stands at a value, which other places may then repeat.</summary>
    public bool IsAnchored(string path) => anchored?.Contains(path) == true;

    /// <summary>Replaces or adds one value; mappings on the way that are absent are made, list items must exist or be the next one.</summary>
    public void Set(ConfigOverride change)
    {
        Root ??= new JsonObject();
        JsonNode node = Root;
        string path = "";
        for (int i = 0; i < change.Steps.Count; i++)
        {
            ConfigStep step = change.Steps[i];
            bool last = i == change.Steps.Count - 1;
            path = step.After(path);
            JsonNode? child = step.In(node) ? step.Get(node) : throw new ConfigException($"{change.Source}: {path}: {step.Missing(node)}");
            if (last)
            {
                Forget(path);
                step.Put(node, change.Value?.DeepClone());
            }
            else if (child is null)
            {
                child = change.Steps[i + 1].Index is null ? new JsonObject() : new JsonArray();
                step.Put(node, child);
            }

            if (last || !places.ContainsKey(path))
            {
                places[path] = change.Source;
            }

            node = child!;
        }
    }

    /// <summary>Drops the places of a value that is about to be replaced and of everything below it.</summary>
    private void Forget(string path)
    {
        foreach (string below in places.Keys.Where(key => key.StartsWith(path, StringComparison.Ordinal)).ToList())
        {
            if (below.Length == path.Length || below[path.Length] is '.' or '[')
            {
                places.Remove(below);
            }
        }
    }
}
