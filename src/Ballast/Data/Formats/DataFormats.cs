using System.Text.Json.Nodes;
using Ballast.Checkpoints;

namespace Ballast.Data.Formats;

/// <summary>Every format, in the order in which a row is compared with them.</summary>
internal static class DataFormats
{
    /// <summary>The name that stands for looking at the first row.</summary>
    public const string Auto = "auto";

    private static readonly DataFormat[] s_all =
    [
        new TokensFormat(), new PreferredOutputFormat(), new MessagesFormat(), new ShareGptFormat(), new AlpacaFormat(), new AlpacaPromptFormat(),
        new DollyFormat(), new SelfInstructFormat(), new OrcaFormat(), new QuestionAnswerFormat(), new PromptCompletionFormat(), new TextFormat(),
    ];

    /// <summary>The names that a recipe may give.</summary>
    public static IReadOnlyList<string> Names { get; } = [Auto, .. s_all.Select(format => format.Name)];

    /// <summary>The fields of a format's rows.</summary>
    public static string Shape(string name) => name == Auto ? "the first of these that the first row fits" : Named(name).Shape;

    /// <summary>The format of a name other than <see cref="Auto"/>.</summary>
    public static DataFormat Named(string name) => s_all.Single(format => format.Name == name);

    /// <summary>The format that a file's first row has.</summary>
    /// <exception cref="DataException">The row has none of the known shapes.</exception>
    public static DataFormat Detect(JsonObject row, string source) => s_all.FirstOrDefault(format => format.Fits(row)) ?? throw new DataException(
        $"{source}: the row's fields {PrintableName.QuoteSome([.. row.Select(field => field.Key)])} fit no known format; known are "
        + string.Join("; ", s_all.Select(format => $"{format.Name} ({format.Shape})")));
}
