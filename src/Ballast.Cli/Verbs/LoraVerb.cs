using System.CommandLine;

namespace Ballast.Cli.Verbs;

/// <summary>lora: merges, extracts and combines adapters.</summary>
internal static class LoraVerb
{
    public static Command Create(Terminal terminal) => new("lora", "Merge an adapter into its base, extract one from two models, or combine several.")
    {
        LoraMergeVerb.Create(terminal),
        LoraExtractVerb.Create(terminal),
        LoraCombineVerb.Create(terminal),
    };
}
