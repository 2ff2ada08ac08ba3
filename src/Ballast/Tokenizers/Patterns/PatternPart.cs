namespace Ballast.Tokenizers.Patterns;

/// <summary>The "pattern" of a tokenizer file: {"String": text} or {"Regex": expression}.</summary>
internal static class PatternPart
{
    public static Pattern Read(JsonPart part)
    {
        try
        {
            return part.OptionalText("Regex") is string source ? new Pattern(source) : Pattern.Literal(part.Text("String"));
        }
        catch (TokenizerException e) when (!e.Message.StartsWith(part.File, StringComparison.Ordinal))
        {
            throw part.Fault(e.Message);
        }
    }
}
