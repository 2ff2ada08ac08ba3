using System.Diagnostics.CodeAnalysis;
using System.Text.RegularExpressions;

namespace Ballast.Hub;

/// <summary>A repository of the hub as a user writes it: <c>owner/name</c>, <c>owner/name@revision</c>, <c>owner/name@revision/folder/file</c>.</summary>
/// <param name="Repository">Owner and name.</param>
/// <param name="Revision">A branch, tag or commit; null: the main branch.</param>
/// <param name="Path">A file or folder inside it; empty: the whole.</param>
public sealed partial record HubName(string Repository, string? Revision = null, string Path = "")
{
    /// <summary>The branch that is meant where no revision is given.</summary>
    public const string MainBranch = "main";

    /// <summary>The revision that is asked for.</summary>
    public string RevisionOrMain => Revision ?? MainBranch;

    /// <summary>Whether the revision names one commit for ever.</summary>
    public bool IsPinned => Revision is not null && IsCommit(Revision);

    /// <summary>Reads a name; false when the text cannot be one.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out HubName? name)
    {
        var match = Form().Match(text);
        string path = match.Groups["path"].Value;
        bool fits = match.Success && !path.Split('/').Any(part => part is "." or "..") && !text.Contains("--", StringComparison.Ordinal);
        name = fits ? new HubName(match.Groups["repo"].Value, match.Groups["rev"] is { Success: true, Value: var revision } ? revision : null, path) : null;
        return fits;
    }

    /// <summary>Whether a text that is no local path should be asked of the hub: with a revision always, else unless its first folder exists here, since then a
    /// path was misspelt.</summary>
    public static bool Means(string text, [NotNullWhen(true)] out HubName? name) =>
        TryParse(text, out name) && (name.Revision is not null || !Directory.Exists(text[..text.IndexOf('/', StringComparison.Ordinal)]));

    /// <summary>The portable name of a path inside the hub's cache, pinned to its commit; any other path as it is.</summary>
    public static string Shown(string path)
    {
        var match = Snapshot().Match(path.Replace('\\', '/'));
        string below = match.Groups["path"].Value.TrimEnd('/');
        return match.Success ? $"{match.Groups["owner"].Value}/{match.Groups["name"].Value}@{match.Groups["commit"].Value}{below}" : path;
    }

    /// <summary>The commit of a path inside the hub's cache; null for any other path.</summary>
    public static string? CommitOf(string path) => Snapshot().Match(path.Replace('\\', '/')) is { Success: true } match ? match.Groups["commit"].Value : null;

    /// <summary>Whether a revision is a full commit hash.</summary>
    public static bool IsCommit(string revision) => revision.Length == 40 && revision.All(char.IsAsciiHexDigitLower);

    /// <inheritdoc/>
    public override string ToString() => Repository + (Revision is null ? "" : "@" + Revision) + (Path.Length == 0 ? "" : "/" + Path);

    [GeneratedRegex(@"^(?<repo>[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*)(@(?<rev>[A-Za-z0-9][\w.-]*))?(/(?<path>[^/\\@:*?<>|""\x00-\x1f]+(/[^/\\@:*?<>|""\x00-\x1f]+)*)/?)?\z", RegexOptions.CultureInvariant)]
    private static partial Regex Form();

    [GeneratedRegex(@"/(models|datasets)--(?<owner>[^/]+?)--(?<name>[^/]+)/snapshots/(?<commit>[0-9a-f]{40})(?<path>/.*)?\z", RegexOptions.CultureInvariant)]
    private static partial Regex Snapshot();
}
