using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Ballast.Evaluation;

/// <summary>How evaluation files are written and read: snake_case names, letters as they are.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, UseStringEnumConverter = true,
    RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(Sample))]
[JsonSerializable(typeof(EvaluationSummary))]
internal sealed partial class EvaluationJson : JsonSerializerContext
{
    private static EvaluationJson? s_line;
    private static EvaluationJson? s_page;

    /// <summary>One line per value.</summary>
    public static EvaluationJson Line => s_line ??= new(new JsonSerializerOptions(Default.Options) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });

    /// <summary>Indented, for people.</summary>
    public static EvaluationJson Page => s_page ??= new(new JsonSerializerOptions(Line.Options) { WriteIndented = true });
}
