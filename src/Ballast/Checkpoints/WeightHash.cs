using System.Security.Cryptography;
using System.Text;
using Ballast.Tensors;

namespace Ballast.Checkpoints;

/// <summary>Hashes of weights that are made in parts and so on all cores.</summary>
internal static class WeightHash
{
    private const int PartBytes = 1 << 22;

    /// <summary>BLAKE3 of a tensor's data.</summary>
    /// <exception cref="CheckpointException">A value is not finite, and <paramref name="checkFinite"/> asks for that.</exception>
    public static byte[] OfTensor(Checkpoint model, TensorEntry entry, int threads, bool checkFinite, CancellationToken cancellationToken)
    {
        int parts = checked((int)((entry.ByteCount + PartBytes - 1) / PartBytes));
        uint[][] tops = new uint[parts][];
        byte[] small = entry.ByteCount <= Blake3.ChunkBytes ? new byte[entry.ByteCount] : [];
        ParallelOptions options = new() { MaxDegreeOfParallelism = threads, CancellationToken = cancellationToken };
        try
        {
            Parallel.For(0, parts, options, () => (Bytes: new byte[PartBytes / 16], Values: new uint[PartBytes / Blake3.ChunkBytes * 8]), (part, _, own) =>
            {
                long start = (long)part * PartBytes, end = Math.Min(entry.ByteCount, start + PartBytes);
                int used = 0;
                for (long at = start; at < end; at += own.Bytes.Length)
                {
                    Span<byte> bytes = own.Bytes.AsSpan(0, (int)Math.Min(own.Bytes.Length, end - at));
                    model.Read(entry.Name, at, bytes);
                    int bad = checkFinite ? FiniteCheck.FirstNonFinite(entry.DType, bytes) : -1;
                    if (bad >= 0)
                    {
                        throw FiniteCheck.Fault(model.FileOf(entry.Name), entry.Name, at * 8 / entry.DType.BitSize + bad);
                    }

                    int chunks = (bytes.Length + Blake3.ChunkBytes - 1) / Blake3.ChunkBytes;
                    Blake3.Chunks(bytes, at / Blake3.ChunkBytes, own.Values.AsSpan(used * 8, chunks * 8));
                    used += chunks;
                    if (small.Length > 0)
                    {
                        bytes.CopyTo(small);
                    }
                }

                tops[part] = own.Values[..(Blake3.Reduce(own.Values, used) * 8)];
                return own;
            }, _ => { });
        }
        catch (AggregateException faults)
        {
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(faults.InnerExceptions[0]);
        }

        return parts == 0 ? Blake3.Hash([]) : Blake3.Digest(tops, small);
    }

    /// <summary>SHA-256 over the tensors in ordinal order of their names: "NAME\0BF16\0[32, 64]\0" in UTF-8, then the hash of the data.</summary>
    public static string OfModel(Checkpoint model, Func<TensorEntry, byte[]> hashOf)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (TensorEntry entry in model.Entries.Values.OrderBy(e => e.Name, StringComparer.Ordinal))
        {
            hash.AppendData(Encoding.UTF8.GetBytes($"{entry.Name}\0{entry.DType.SafetensorsName}\0{TensorEntry.ShapeText(entry.Shape)}\0"));
            hash.AppendData(hashOf(entry));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
