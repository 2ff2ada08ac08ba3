using System.Globalization;
using System.Text.Json;
using Ballast.Configs;
using Ballast.Merging.Methods;
using Ballast.Tensors;

namespace Ballast.Merging.Rescue;

/// <summary>A merge method between two models with one coefficient, the share of the tuned one.</summary>
/// <param name="Text">As the user writes it: NAME, or NAME:KEY=VALUE:... for further numbers, such as ties:density=0.2.</param>
/// <param name="Method">The method.</param>
/// <param name="Coefficient">What lambda is in the method: t, lambda (on the task vector) or weight (1 - lambda and lambda).</param>
/// <param name="Numbers">Further numbers.</param>
internal sealed record RescueMethod(string Text, NamedMethod Method, string Coefficient, IReadOnlyList<(string Key, double Value)> Numbers)
{
    /// <summary>Linear interpolation, which <c>ballast merge --lambda</c> does.</summary>
    public const string Linear = "linear";

    /// <summary>The names of the methods that have one coefficient.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. NamedMethod.All.Where(method => CoefficientOf(method) is not null).Select(method => method.Name)];

    /// <summary>Whether lambda 1 gives the tuned model; a method that leaves out entries or rounds a sum does not reach it.</summary>
    public bool ReachesTuned => Coefficient != "lambda";

    /// <summary>The method in words, for card and report.</summary>
    public string Formula => Text == Linear
        ? "W = (1 - lambda) aligned + lambda tuned, per tensor, computed in single precision (double for F64 inputs) and rounded once"
        : $"{Text}: {Method.About} ({Method.Origin}), with {(Coefficient == "weight" ? "the weights 1 - lambda and lambda" : $"{Coefficient} = lambda")}, computed in single precision and rounded once, seed 0";

    /// <summary>Reads what the user wrote.</summary>
    /// <exception cref="ConfigException">There is no such method, it has no single coefficient, or a number is none of it.</exception>
    public static RescueMethod Parse(string text)
    {
        string[] parts = text.Split(':', StringSplitOptions.TrimEntries);
        var method = NamedMethod.Find(parts[0]);
        string? coefficient = method is null ? null : CoefficientOf(method);
        if (method is null || coefficient is null)
        {
            string what = method is null ? $"there is no '{parts[0]}'{Suggestion.For(parts[0], Names)}" : $"'{parts[0]}' has no single coefficient between two models";
            throw new ConfigException($"--methods: {what}; use {string.Join(", ", Names)}");
        }

        return new RescueMethod(text, method, coefficient, [.. parts.Skip(1).Select(part => Number(method, coefficient, part))]);
    }

    /// <summary>The merge as a merge file.</summary>
    /// <param name="aligned">The aligned model's folder.</param>
    /// <param name="tuned">The tuned model's folder.</param>
    /// <param name="lambda">Share of the tuned model.</param>
    /// <param name="type">Type of the output; null: that which holds those of both inputs.</param>
    public string File(string aligned, string tuned, double lambda, DType? type)
    {
        string a = JsonSerializer.Serialize(Path.GetFullPath(aligned), RescueJson.Default.String), t = JsonSerializer.Serialize(Path.GetFullPath(tuned), RescueJson.Default.String);
        string word = type switch { DType.F32 => "float32", DType.F16 => "float16", DType.BF16 => "bfloat16", DType.F64 => "float64", _ => "" };
        string weights = Coefficient == "weight"
            ? string.Create(CultureInfo.InvariantCulture, $"models:\n  - model: {a}\n    parameters: {{weight: {1 - (decimal)lambda}}}\n  - model: {t}\n    parameters: {{weight: {lambda}}}\n")
            : $"base_model: {a}\nmodels:\n  - model: {t}\n{(Coefficient == "lambda" ? "    parameters: {weight: 1}\n" : "")}";
        var shared = Numbers.Select(number => string.Create(CultureInfo.InvariantCulture, $"  {number.Key}: {number.Value}\n"));
        string parameters = Coefficient == "weight" ? string.Concat(shared) : string.Create(CultureInfo.InvariantCulture, $"  {Coefficient}: {lambda}\n") + string.Concat(shared);
        return $"merge_method: {Method.Name}\n{weights}{(parameters.Length == 0 ? "" : $"parameters:\n{parameters}")}{(word.Length == 0 ? "" : $"out_dtype: {word}\n")}";
    }

    // nearswap's t is a distance between weights, not a share.
    private static string? CoefficientOf(NamedMethod method)
    {
        var names = method.Method.Parameters.ToLookup(parameter => parameter.Name);
        return method.Name == "nearswap" ? null
            : names.Contains("t") ? "t"
            : names.Contains("lambda") ? "lambda"
            : method.Method.Base != BaseRule.Required && names["weight"].Any(parameter => parameter.PerModel) ? "weight"
            : null;
    }

    private static (string, double) Number(NamedMethod method, string coefficient, string part)
    {
        string[] pair = part.Split('=', StringSplitOptions.TrimEntries);
        string[] known = [.. method.Method.Parameters.Select(parameter => parameter.Name).Where(name => name != coefficient && name != "weight")];
        return pair.Length == 2 && known.Contains(pair[0]) && double.TryParse(pair[1], NumberStyles.Float, CultureInfo.InvariantCulture, out double value) && double.IsFinite(value)
            ? (pair[0], value)
            : throw new ConfigException($"--methods: {method.Name}: expected KEY=NUMBER with a key of {(known.Length == 0 ? "none" : string.Join(", ", known))}, got '{part}'{Suggestion.For(pair[0], known)}");
    }
}
