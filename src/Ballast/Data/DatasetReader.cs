using System.Security.Cryptography;
using Ballast.Configs;
using Ballast.Data.Formats;
using Ballast.Data.Readers;

namespace Ballast.Data;

/// <summary>Reads sources into one data set: finds each file's format, encodes its rows, counts what cannot be used.</summary>
internal sealed class DatasetReader(DataSection section, RowEncoder encoder, IProgress<int>? progress, CancellationToken cancellationToken)
{
    private readonly List<TokenRow> _rows = [];
    private readonly List<SourceSummary> _sources = [];
    private int _badRows;
    private int _seen;

    /// <summary>All rows of the sources, in order.</summary>
    /// <exception cref="DataException">A file is broken, too many rows are, or no row is left.</exception>
    public Dataset Read(IReadOnlyList<DataSource> sources)
    {
        foreach (DataSource source in sources)
        {
            _sources.Add(Read(source));
        }

        return _rows.Count > 0 ? new Dataset(_rows, _sources)
            : throw new DataException($"{string.Join(", ", sources.Select(source => source.Path))}: no row is left to train on{(_sources.SelectMany(source => source.BadRows).FirstOrDefault() is { } bad ? $"; {bad}" : "")}");
    }

    private SourceSummary Read(DataSource source)
    {
        DataFormat? format = source.Format == DataFormats.Auto ? null : DataFormats.Named(source.Format);
        int first = _rows.Count;
        int truncated = 0;
        int dropped = 0;
        var bad = new List<string>();
        foreach (SourceRow row in RowReader.Read(source.Path).Take(source.MaxRows ?? int.MaxValue))
        {
            cancellationToken.ThrowIfCancellationRequested();
            progress?.Report(++_seen);
            try
            {
                if (row.Fields is null)
                {
                    throw new BadRowException(row.Fault!);
                }

                format ??= DataFormats.Detect(row.Fields, row.Source);
                TokenRow whole = encoder.Encode(format.Convert(row.Fields), row.Source);
                TokenRow? kept = Fit(whole);
                dropped += kept is null ? 1 : 0;
                truncated += kept is not null && kept.Length < whole.Length ? 1 : 0;
                if (kept is not null)
                {
                    _rows.Add(kept);
                }
            }
            catch (Exception fault) when (fault is BadRowException or TemplateException)
            {
                bad.Add($"{row.Source}: {fault.Message}");
                Count(bad[^1], fault);
            }
        }

        return new SourceSummary(source.Path, Sha256(source.Path), format?.Name ?? DataFormats.Auto, _rows.Count - first, truncated, dropped, bad);
    }

    /// <summary>The row within the maximum length, or null when it is to be dropped.</summary>
    private TokenRow? Fit(TokenRow row)
    {
        if (row.Targets == 0)
        {
            throw new BadRowException("has no target token, so nothing would be learned from it");
        }

        if (row.Length <= section.MaxLength)
        {
            return row;
        }

        switch (section.TooLong)
        {
            case TooLong.Drop:
                return null;
            case TooLong.Error:
                throw new BadRowException($"has {row.Length} tokens, above data.max_length of {section.MaxLength}; raise it, or set data.too_long to truncate or drop");
            default:
                TokenRow cut = row with { InputIds = row.InputIds[..section.MaxLength], Labels = row.Labels[..section.MaxLength] };
                return cut.Targets > 0 ? cut : throw new BadRowException(
                    $"has no target token within the first {section.MaxLength} of its {row.Length} tokens; raise data.max_length, or set data.too_long to drop");
        }
    }

    private void Count(string message, Exception fault)
    {
        if (++_badRows > section.MaxBadRows)
        {
            string limit = section.MaxBadRows == 0 ? "mend the row, or let data.max_bad_rows leave some out" : $"bad row {_badRows}, data.max_bad_rows is {section.MaxBadRows}";
            throw new DataException($"{message} ({limit})", fault);
        }
    }

    private static string Sha256(string path)
    {
        using FileStream file = File.OpenRead(path);
        return Convert.ToHexStringLower(SHA256.HashData(file));
    }
}
