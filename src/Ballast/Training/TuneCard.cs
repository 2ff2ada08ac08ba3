using System.Globalization;
using Ballast.Adapters;
using Ballast.Configs;
using Ballast.Hub;

namespace Ballast.Training;

/// <summary>The model card of a tuned model.</summary>
internal static class TuneCard
{
    public static string Write(Recipe recipe, int steps, EmaCheck? check)
    {
        var culture = CultureInfo.InvariantCulture;
        string average = check is null
            ? "The weights are those of the last step."
            : string.Create(culture, $"The weights are the exponential moving average (decay {check.Decay}, {check.Updates} updates, effective lambda {check.EffectiveLambda:0.000}).");
        return string.Create(culture, $"""
            # Tuned with Ballast

            Base: `{ModelName.Map(recipe.Model, HubName.Shown)}`. {steps} optimizer steps. {average}

            Safety and utility are not implied by tuning: measure them with `ballast eval`.

            ```yaml
            {recipe.ToYaml()}```
            """);
    }
}
