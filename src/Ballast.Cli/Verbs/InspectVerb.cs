using System.CommandLine;

namespace Ballast.Cli.Verbs;

/// <summary>inspect: shows files as Ballast sees them.</summary>
internal static class InspectVerb
{
    public static Command Create(Terminal terminal) => new("inspect", "Show a model, tokens, a chat prompt or training rows as Ballast sees them.")
    {
        InspectModelVerb.Create(terminal),
        InspectTokensVerb.Create(terminal),
        InspectChatVerb.Create(terminal),
        InspectDataVerb.Create(terminal),
        InspectLogitsVerb.Create(terminal),
    };
}
