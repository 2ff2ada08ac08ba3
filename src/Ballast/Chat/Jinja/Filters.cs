using System.Numerics;

namespace Ballast.Chat.Jinja;

/// <summary>The filters by name. Left out of Jinja's own, for want of use in chat templates: filesizeformat, pprint, random, striptags, urlencode, urlize, wordwrap, xmlattr.</summary>
internal static class Filters
{
    public delegate object? Filter(object? value, Arguments arguments, Budget budget);

    private static readonly Dictionary<string, Filter> s_filters = new(
        [.. TextFilters.All, .. SequenceFilters.All, .. SelectionFilters.All,
        new("abs", (value, args, budget) => Numbers.Compare(value, BigInteger.Zero) < 0 ? Operators.Negate(value) : value is bool ? Numbers.AsInt(value) : value),
        new("attr", (value, args, budget) => Members.Attribute(value, args.Bind("attr", 1, "name").Text(0), budget)),
        new("default", Default),
        new("d", Default),
        new("float", (value, args, budget) => ToFloat(value, args.Bind("float", 0, "default"))),
        new("int", (value, args, budget) => ToInt(value, args.Bind("int", 0, "default", "base"))),
        new("round", (value, args, budget) => Round(value, args.Bind("round", 0, "precision", "method"))),
        new("tojson", JsonPrinter.Print)],
        StringComparer.Ordinal);

    public static Filter? Find(string name) => s_filters.GetValueOrDefault(name);

    private static object? Default(object? value, Arguments arguments, Budget budget)
    {
        BoundArguments args = arguments.Bind("default", 0, "default_value", "boolean");
        return value is Undefined || (args.Flag(1, false) && !Values.Truth(value)) ? args.Or(0, "") : value;
    }

    private static object? ToFloat(object? value, BoundArguments args) => value switch
    {
        string text => Numbers.ParseFloat(text) ?? args.Or(0, 0.0),
        Undefined undefined => throw undefined.Used(),
        _ => Numbers.IsNumber(value) ? Numbers.ToDouble(value) : args.Or(0, 0.0),
    };

    private static object? ToInt(object? value, BoundArguments args)
    {
        switch (value)
        {
            case string text:
                double? number = null;
                return Numbers.ParseInt(text, Math.Clamp(args.Number(1, 10), 2, 36)) is { } integer ? integer
                    : (number = Numbers.ParseFloat(text)) is { } parsed && double.IsFinite(parsed) ? Numbers.FromDouble(parsed) : args.Or(0, BigInteger.Zero);
            case Undefined undefined:
                throw undefined.Used();
            case double real:
                return Numbers.FromDouble(real);
            default:
                return Numbers.AsInt(value) ?? args.Or(0, BigInteger.Zero);
        }
    }

    private static object Round(object? value, BoundArguments args)
    {
        int places = args.Number(0, 0);
        string method = args.Text(1, "common");
        double number = Numbers.ToDouble(value);
        if (Math.Abs((long)places) > 300)
        {
            throw new JinjaException("round: the precision must lie between -300 and 300");
        }

        double scale = Math.Pow(10, places);
        return method switch
        {
            "common" => value is double ? Rounding.Round(number, places) : Numbers.FromDouble(Rounding.Round(number, Math.Min(places, 0))),
            "ceil" => Math.Ceiling(number * scale) / scale,
            "floor" => Math.Floor(number * scale) / scale,
            _ => throw new JinjaException("method must be common, ceil or floor"),
        };
    }
}
