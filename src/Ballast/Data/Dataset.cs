using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Ballast.Data;

/// <summary>Rows as tokens, and where they come from.</summary>
/// <param name="Rows">The rows, in the order of their files; each has at least one target.</param>
/// <param name="Sources">What was found in each file.</param>
public sealed record Dataset(IReadOnlyList<TokenRow> Rows, IReadOnlyList<SourceSummary> Sources)
{
    /// <summary>All tokens.</summary>
    public long Tokens => Rows.Sum(row => (long)row.Length);

    /// <summary>Tokens that are predicted.</summary>
    public long Targets => Rows.Sum(row => (long)row.Targets);

    /// <summary>The share of tokens that are trained on, in [0, 1].</summary>
    public double TrainedShare => (double)Targets / Math.Max(1, Tokens);

    /// <summary>Tokens of the longest row.</summary>
    public int LongestRow => Rows.Select(row => row.Length).DefaultIfEmpty().Max();

    /// <summary>The SHA-256 of what the model will see: for each row its length, ids and labels as little-endian 32-bit numbers; in lower-case hexadecimal.</summary>
    public string RowsSha256()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (TokenRow row in Rows)
        {
            foreach (int[] numbers in new[] { [row.Length], row.InputIds, row.Labels })
            {
                int[] ordered = BitConverter.IsLittleEndian ? numbers : [.. numbers.Select(BinaryPrimitives.ReverseEndianness)];
                hash.AppendData(MemoryMarshal.AsBytes(ordered.AsSpan()));
            }
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
