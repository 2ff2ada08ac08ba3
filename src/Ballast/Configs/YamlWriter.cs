using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Ballast.Configs;

/// <summary>Writes values as YAML that every reader takes the same way: floats such as <c>2.0e-05</c>, doubtful text in quotes.</summary>
internal static partial class YamlWriter
{
    /// <summary>The text of a document, ending in a line feed.</summary>
    public static string Write(JsonElement root)
    {
        using var text = new StringWriter(CultureInfo.InvariantCulture) { NewLine = "\n" };
        var emitter = new Emitter(text, new EmitterSettings().WithBestWidth(int.MaxValue).WithIndentedSequences());
        emitter.Emit(new StreamStart());
        emitter.Emit(new DocumentStart());
        Node(emitter, root);
        emitter.Emit(new DocumentEnd(isImplicit: true));
        emitter.Emit(new StreamEnd());
        return text.ToString();
    }

    private static void Node(Emitter emitter, JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                emitter.Emit(new MappingStart(AnchorName.Empty, TagName.Empty, true, value.EnumerateObject().Any() ? MappingStyle.Block : MappingStyle.Flow));
                foreach (JsonProperty property in value.EnumerateObject())
                {
                    Text(emitter, property.Name);
                    Node(emitter, property.Value);
                }

                emitter.Emit(new MappingEnd());
                break;
            case JsonValueKind.Array:
                emitter.Emit(new SequenceStart(AnchorName.Empty, TagName.Empty, true, value.GetArrayLength() > 0 ? SequenceStyle.Block : SequenceStyle.Flow));
                foreach (JsonElement item in value.EnumerateArray())
                {
                    Node(emitter, item);
                }

                emitter.Emit(new SequenceEnd());
                break;
            case JsonValueKind.String:
                Text(emitter, value.GetString()!);
                break;
            case JsonValueKind.Number:
                Plain(emitter, Number(value.GetRawText()));
                break;
            default:
                Plain(emitter, value.GetRawText());
                break;
        }
    }

    private static void Text(Emitter emitter, string text)
    {
        if (SafePlain().IsMatch(text) && !OtherMeaning().IsMatch(text) && PlainScalar.Read(text)?.GetValueKind() == JsonValueKind.String)
        {
            Plain(emitter, text);
        }
        else
        {
            emitter.Emit(new Scalar(AnchorName.Empty, TagName.Empty, text, ScalarStyle.DoubleQuoted, false, true));
        }
    }

    private static void Plain(Emitter emitter, string text) => emitter.Emit(new Scalar(AnchorName.Empty, TagName.Empty, text, ScalarStyle.Plain, true, false));

    /// <summary>JSON's <c>2E-05</c> as <c>2.0e-05</c>: other readers take an exponent without a dot or a sign for text.</summary>
    private static string Number(string raw)
    {
        int exponent = raw.IndexOfAny(['e', 'E']);
        if (exponent < 0)
        {
            return raw;
        }

        string mantissa = raw[..exponent];
        string power = raw[(exponent + 1)..];
        return (mantissa.Contains('.', StringComparison.Ordinal) ? mantissa : mantissa + ".0") + "e" + (power[0] is '-' or '+' ? power : "+" + power);
    }

    [GeneratedRegex(@"^[A-Za-z_./][A-Za-z0-9_./-]*\z", RegexOptions.CultureInvariant)]
    private static partial Regex SafePlain();

    /// <summary>Words and forms that some YAML 1.1 reader takes for a boolean or a number.</summary>
    [GeneratedRegex(@"^(y|n|yes|no|on|off|\.inf|\.nan|[.0-9_]+)\z", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex OtherMeaning();
}
