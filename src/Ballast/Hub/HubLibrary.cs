namespace Ballast.Hub;

/// <summary>Models and data sets by name: out of Hugging Face's cache, or fetched into it.</summary>
/// <remarks>
/// The cache has huggingface_hub's layout and is shared with it. What is complete there is used without asking the hub, so a run does not change under one's feet;
/// <see cref="Download"/> always asks. Files are checked against the hub's checksums, and pickles are never fetched.
/// </remarks>
/// <param name="settings">Where hub and cache are.</param>
/// <param name="progress">Told how a download goes.</param>
/// <param name="cancellationToken">Ends a download; what has arrived is kept for the next one.</param>
public sealed class HubLibrary(HubSettings settings, IProgress<HubProgress>? progress = null, CancellationToken cancellationToken = default)
{
    /// <summary>The folder of a model.</summary>
    /// <exception cref="BallastException">It is not there and cannot be fetched.</exception>
    public string Model(HubName name)
    {
        var cache = new HubCache(settings, HubKind.Model, name.Repository);
        string? commit = cache.CommitOf(name.RevisionOrMain);
        string folder = commit is not null && (settings.Offline || ModelFiles.AreComplete(cache.Snapshot(commit))) ? cache.Snapshot(commit) : Download(HubKind.Model, name with { Path = "" });
        return Path.Combine(folder, name.Path);
    }

    /// <summary>The files of a data set's train split, or the ones that the name's path leads to.</summary>
    /// <exception cref="BallastException">They are not there and cannot be fetched, or it is open which are meant.</exception>
    public IReadOnlyList<string> DataFiles(HubName name)
    {
        var cache = new HubCache(settings, HubKind.Dataset, name.Repository);
        string? cached = cache.CommitOf(name.RevisionOrMain) is { } commit ? cache.Snapshot(commit) : null;
        if (cached is not null && (settings.Offline || File.Exists(Path.Combine(cached, name.Path))))
        {
            return Chosen(cached, name);
        }

        return Chosen(Download(HubKind.Dataset, name), name);
    }

    /// <summary>Fetches what is missing of a repository and gives the folder of its files.</summary>
    /// <param name="kind">What it holds.</param>
    /// <param name="name">Its name; of a data set, a path limits what is fetched.</param>
    /// <exception cref="BallastException">It cannot be fetched.</exception>
    public string Download(HubKind kind, HubName name)
    {
        if (settings.Offline)
        {
            throw new ConfigException($"{name}: is not in the cache ({settings.CacheFolder}), and HF_HUB_OFFLINE forbids to fetch it");
        }

        using var http = new HubHttp(settings);
        var cache = new HubCache(settings, kind, name.Repository);
        var listing = List(http, kind, name);
        string folder = cache.Snapshot(listing.Commit);
        string[] names = [.. listing.Files.Select(file => file.Name)];
        if (kind is HubKind.Model)
        {
            Fetch(ModelFiles.Small(names));
            Fetch(ModelFiles.Weights(folder, names, name.ToString()));
        }
        else
        {
            Fetch(Hub.DataFiles.Choose(names, name.Path, name.ToString()));
        }

        cache.SetCommit(name.RevisionOrMain, listing.Commit);
        return folder;

        void Fetch(IEnumerable<string> wanted)
        {
            HubFile[] files = [.. listing.Files.Where(file => wanted.Contains(file.Name))];
            CheckSpace(files.Where(file => !File.Exists(cache.Blob(file.Checksum))).Sum(file => file.Size), name);
            var download = new HubDownload(http, cache, cancellationToken);
            long total = files.Sum(file => file.Size), done = 0;
            foreach (var file in files)
            {
                string path = string.Join('/', file.Name.Split('/').Select(Uri.EscapeDataString));
                string address = $"{settings.Endpoint}/{(kind is HubKind.Dataset ? "datasets/" : "")}{name.Repository}/resolve/{listing.Commit}/{path}";
                download.Fetch(file, address, $"{name.Repository}: {file.Name}", bytes => progress?.Report(new HubProgress(name.Repository, file.Name, done + bytes, total)));
                cache.Link(listing.Commit, file.Name, file.Checksum);
                done += file.Size;
            }
        }
    }

    private HubListing List(HubHttp http, HubKind kind, HubName name)
    {
        string address = $"{settings.Endpoint}/api/{(kind is HubKind.Model ? "models" : "datasets")}/{name.Repository}/revision/{Uri.EscapeDataString(name.RevisionOrMain)}?blobs=true";
        try
        {
            using var response = http.Get(address, name.ToString(), 0, cancellationToken);
            using var body = response.Content.ReadAsStream(cancellationToken);
            return HubListing.Parse(Read(body, name), name.ToString());
        }
        catch (Exception fault) when (fault is HttpRequestException or IOException || fault is OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            throw new ConfigException($"{name}: is neither a local path (they count from {Directory.GetCurrentDirectory()}) nor in the cache ({settings.CacheFolder}), and {settings.Endpoint} cannot be reached: {fault.Message.ReplaceLineEndings(" ")}", fault);
        }
    }

    private static byte[] Read(Stream body, HubName name)
    {
        const int MaxBytes = 64 << 20;
        using var buffer = new MemoryStream();
        byte[] part = new byte[1 << 16];
        while (body.Read(part) is > 0 and int count)
        {
            buffer.Write(part, 0, count);
            if (buffer.Length > MaxBytes)
            {
                throw new RunException($"{name}: the hub's list of files is larger than {MaxBytes >> 20} MiB; refused");
            }
        }

        return buffer.ToArray();
    }

    private void CheckSpace(long bytes, HubName name)
    {
        Directory.CreateDirectory(settings.CacheFolder);
        long free = new DriveInfo(Path.GetFullPath(settings.CacheFolder)).AvailableFreeSpace;
        if (bytes > free)
        {
            throw new ConfigException($"{name}: {bytes} bytes are to be fetched and the disk of {settings.CacheFolder} has {free} free; free some space or set HF_HOME to another disk");
        }
    }

    private static string[] Chosen(string folder, HubName name)
    {
        var files = Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(folder, file));
        return [.. Hub.DataFiles.Choose(files, name.Path, name.ToString()).Select(file => Path.Combine(folder, file))];
    }
}
