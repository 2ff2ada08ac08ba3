using System.Net;
using System.Security.Cryptography;
using System.Text;
using Ballast.Checkpoints;

namespace Ballast.Hub;

/// <summary>Brings one file's contents into the cache: resumed where an earlier attempt ended, checked against its checksum, renamed when whole.</summary>
internal sealed class HubDownload(HubHttp http, HubCache cache, CancellationToken cancellationToken)
{
    private static readonly TimeSpan s_stall = TimeSpan.FromSeconds(60);

    /// <summary>Makes the contents exist in the cache.</summary>
    /// <param name="file">The file.</param>
    /// <param name="address">Where it is.</param>
    /// <param name="what">What messages call it.</param>
    /// <param name="arrived">Told how many of its bytes are there.</param>
    /// <exception cref="RunException">The connection keeps breaking, the contents do not fit their checksum, or the disk is full.</exception>
    public void Fetch(HubFile file, string address, string what, Action<long> arrived)
    {
        string blob = cache.Blob(file.Checksum), partial = blob + ".incomplete";
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(blob)!);
            using var held = cache.Lock(file.Checksum, cancellationToken);
            for (bool again = false; !File.Exists(blob); again = true)
            {
                Fill(file, partial, address, what, arrived);
                string found = Hash(partial, file.IsLarge);
                if (found == file.Checksum)
                {
                    File.Move(partial, blob);
                    break;
                }

                // What was resumed may stem from elsewhere: once more from the start.
                File.Delete(partial);
                if (again)
                {
                    throw new RunException($"{what}: the contents have the checksum {found}, the hub says {file.Checksum}; the download was removed, try again later");
                }
            }

            arrived(file.Size);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw WriteFault.Explain(blob, fault);
        }
    }

    private void Fill(HubFile file, string partial, string address, string what, Action<long> arrived)
    {
        using var output = new FileStream(partial, FileMode.OpenOrCreate, FileAccess.Write, FileShare.Read, bufferSize: 0);
        for (int attempt = 1; output.Length != file.Size || file.Size == 0; attempt++)
        {
            if (output.Length > file.Size)
            {
                output.SetLength(0);
            }

            long before = output.Length;
            try
            {
                Receive(file, output, address, what, arrived);
                if (output.Length == file.Size)
                {
                    break;
                }
            }
            catch (Exception fault) when (IsConnection(fault) && attempt < HubHttp.Attempts)
            {
            }
            catch (Exception fault) when (IsConnection(fault))
            {
                throw new RunException($"{what}: the connection broke {HubHttp.Attempts} times in a row at byte {output.Length} of {file.Size}; the same command continues there", fault);
            }

            attempt = output.Length > before ? 0 : attempt;
            if (attempt >= HubHttp.Attempts)
            {
                throw new RunException($"{what}: the hub ends the file at byte {output.Length} of {file.Size}");
            }

            http.Wait(Math.Max(1, attempt), cancellationToken);
        }

        DiskFlush.File(output.SafeFileHandle, output.Name);
    }

    private void Receive(HubFile file, FileStream output, string address, string what, Action<long> arrived)
    {
        using var response = http.Get(address, what, output.Length, cancellationToken);
        bool resumed = response.StatusCode == HttpStatusCode.PartialContent && response.Content.Headers.ContentRange?.From == output.Length;
        if (!resumed)
        {
            output.SetLength(0);
        }

        if (response.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable)
        {
            return;
        }

        output.Position = output.Length;
        using var body = response.Content.ReadAsStream(cancellationToken);
        byte[] buffer = new byte[1 << 18];
        using var stalled = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        while (output.Length <= file.Size)
        {
            stalled.CancelAfter(s_stall);
            int count = body.ReadAsync(buffer, stalled.Token).AsTask().GetAwaiter().GetResult();
            if (count == 0)
            {
                return;
            }

            Write(output, buffer.AsSpan(0, count));
            arrived(output.Length);
        }
    }

    // A full disk is no broken connection, though both are IOExceptions.
    private static void Write(FileStream output, ReadOnlySpan<byte> bytes)
    {
        try
        {
            output.Write(bytes);
        }
        catch (IOException fault)
        {
            throw WriteFault.Explain(output.Name, fault);
        }
    }

    private bool IsConnection(Exception fault) =>
        fault is HttpRequestException or HttpIOException or IOException || fault is OperationCanceledException && !cancellationToken.IsCancellationRequested;

    private string Hash(string path, bool large)
    {
#pragma warning disable CA5350 // git's own name for the contents
        using var hash = IncrementalHash.CreateHash(large ? HashAlgorithmName.SHA256 : HashAlgorithmName.SHA1);
#pragma warning restore CA5350
        if (!large)
        {
            hash.AppendData(Encoding.ASCII.GetBytes($"blob {FileSize.Of(path)}\0"));
        }

        return ModelFolder.HashFile(path, hash, cancellationToken);
    }
}
