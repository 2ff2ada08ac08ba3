namespace Ballast.Hub;

/// <summary>One repository in the cache, laid out as huggingface_hub does: refs/ (branch to commit), blobs/ (contents by checksum), snapshots/COMMIT/ (links).</summary>
internal sealed class HubCache(HubSettings settings, HubKind kind, string repository)
{
    /// <summary>The repository's folder.</summary>
    public string Folder { get; } = Path.Combine(settings.CacheFolder, (kind is HubKind.Model ? "models--" : "datasets--") + repository.Replace("/", "--", StringComparison.Ordinal));

    /// <summary>The folder of one commit's files.</summary>
    public string Snapshot(string commit) => Path.Combine(Folder, "snapshots", commit);

    /// <summary>The file that holds contents of this checksum.</summary>
    public string Blob(string checksum) => Path.Combine(Folder, "blobs", checksum);

    /// <summary>The commit that a revision had when it was last fetched; null when it never was.</summary>
    public string? CommitOf(string revision)
    {
        string file = Path.Combine(Folder, "refs", revision);
        string? commit = HubName.IsCommit(revision) ? revision : File.Exists(file) ? File.ReadAllText(file).Trim() : null;
        return commit is not null && HubName.IsCommit(commit) && Directory.Exists(Snapshot(commit)) ? commit : null;
    }

    /// <summary>Remembers a revision's commit.</summary>
    public void SetCommit(string revision, string commit)
    {
        if (HubName.IsCommit(revision))
        {
            return;
        }

        string file = Path.Combine(Folder, "refs", revision);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file + ".new", commit);
        File.Move(file + ".new", file, overwrite: true);
    }

    /// <summary>Puts contents that are there under their name into a snapshot; a link appears whole or not at all.</summary>
    public void Link(string commit, string name, string checksum)
    {
        string link = Path.Combine(Snapshot(commit), name);
        if (File.Exists(link))
        {
            return;
        }

        Directory.CreateDirectory(Path.GetDirectoryName(link)!);
        string working = $"{link}.{Guid.NewGuid():n}.new";
        File.CreateSymbolicLink(working, Path.GetRelativePath(Path.GetDirectoryName(link)!, Blob(checksum)));
        File.Move(working, link, overwrite: true);
    }

    /// <summary>Holds the right to write contents of this checksum; waits while another process has it.</summary>
    public FileStream Lock(string checksum, CancellationToken cancellationToken)
    {
        string file = Path.Combine(settings.CacheFolder, ".locks", Path.GetFileName(Folder), checksum + ".lock");
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        while (true)
        {
            try
            {
                return new FileStream(file, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException fault) when (fault is not (PathTooLongException or DirectoryNotFoundException or FileNotFoundException) && File.Exists(file))
            {
                cancellationToken.WaitHandle.WaitOne(TimeSpan.FromMilliseconds(100));
                cancellationToken.ThrowIfCancellationRequested();
            }
        }
    }
}
