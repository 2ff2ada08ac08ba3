using System.Globalization;
using System.Text.RegularExpressions;
using Ballast.Data.Readers;

namespace Ballast.Hub;

/// <summary>Which files of a data set's folder hold the rows to train on.</summary>
public static partial class DataFiles
{
    private static readonly string[] s_notRows = ["dataset_infos.json", "dataset_dict.json", "dataset_info.json", "state.json", "config.json"];

    /// <summary>The one file that is named; else the files of the train split, as datasets recognizes it by name; else the only file with rows.</summary>
    /// <param name="files">Every file, with paths inside the folder.</param>
    /// <param name="path">A file or folder among them; empty: the whole.</param>
    /// <param name="shown">What messages call the folder.</param>
    /// <exception cref="DataException">No file fits, a shard is missing, or it is open which are meant.</exception>
    public static IReadOnlyList<string> Choose(IEnumerable<string> files, string path, string shown)
    {
        string[] all = [.. files.Order(StringComparer.Ordinal)];
        if (all.Contains(path))
        {
            return [path];
        }

        string[] rows = [.. all.Where(file => (path.Length == 0 || file.StartsWith(path.TrimEnd('/') + "/", StringComparison.Ordinal))
            && RowReader.Endings.Contains(Path.GetExtension(file).ToLowerInvariant()) && !s_notRows.Contains(Path.GetFileName(file)))];
        string[] train = [.. rows.Where(file => TrainSplit().IsMatch(path.Length == 0 ? file : file[path.TrimEnd('/').Length..]))];
        string[] chosen = train.Length > 0 ? train : rows;
        if (chosen.Length == 0)
        {
            throw new DataException($"{shown}: holds no file of rows ({string.Join(", ", RowReader.Endings)}){(path.Length == 0 ? "" : $" below '{path}'")}");
        }

        bool one = chosen.Length == 1 || train.Length > 0
            && chosen.Select(file => (Path.GetDirectoryName(file), Path.GetExtension(file), Shard().Replace(Path.GetFileName(file), ""))).Distinct().Count() == 1;
        if (!one)
        {
            throw new DataException($"{shown}: it is open which of its {chosen.Length} files are meant; name one as {shown}/FILE: {Checkpoints.PrintableName.QuoteSome(chosen)}");
        }

        var shard = Shard().Match(chosen[0]);
        return !shard.Success || int.Parse(shard.Groups["of"].Value, CultureInfo.InvariantCulture) == chosen.Length
            ? chosen : throw new DataException($"{shown}: {chosen.Length} of {int.Parse(shard.Groups["of"].Value, CultureInfo.InvariantCulture)} parts of '{chosen[0]}' are there; fetch the data set again");
    }

    [GeneratedRegex(@"(^|[/._ -])(train|training)([/._ -]|$)", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex TrainSplit();

    [GeneratedRegex(@"-\d{5}-of-(?<of>\d{5})", RegexOptions.CultureInvariant)]
    private static partial Regex Shard();
}
