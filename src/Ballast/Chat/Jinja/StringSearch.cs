using System.Numerics;
using System.Text;

namespace Ballast.Chat.Jinja;

/// <summary>Finding, counting and replacing in strings, as Python's methods do.</summary>
internal static class StringSearch
{
    public static object Find(string function, string text, Arguments arguments, Budget budget, bool last, bool raise)
    {
        BoundArguments args = arguments.Bind(function, 1, "sub", "start", "end");
        string sought = args.Text(0);
        (int start, int end)? range = Range(text, args);
        int at = -1;
        if (range is (int start, int end))
        {
            ReadOnlySpan<char> part = text.AsSpan(start, end - start);
            at = last ? part.LastIndexOf(sought, StringComparison.Ordinal) : part.IndexOf(sought, StringComparison.Ordinal);
            at = at < 0 ? at : CodePoints.Count(text.AsSpan(0, start + at));
        }

        budget.Read(text.Length);
        return at < 0 && raise ? throw new JinjaException("substring not found") : new BigInteger(at);
    }

    public static int Count(string text, Arguments arguments, Budget budget)
    {
        BoundArguments args = arguments.Bind("count", 1, "sub", "start", "end");
        string sought = args.Text(0);
        budget.Read(text.Length);
        return Range(text, args) is not (int start, int end) ? 0
            : sought.Length == 0 ? CodePoints.Count(text.AsSpan(start, end - start)) + 1
            : text.AsSpan(start, end - start).Count(sought);
    }

    public static object Affix(string function, string text, Arguments arguments, Budget budget, Func<string, string, bool> test)
    {
        BoundArguments args = arguments.Bind(function, 1, "affix", "start", "end");
        if (Range(text, args) is not (int start, int end))
        {
            return false;
        }

        string part = text[start..end];
        return args[0] is TupleValue options
            ? options.Items.Any(option => test(part, option as string ?? throw new JinjaException($"{function}() expects strings in its tuple")))
            : test(part, args.Text(0));
    }

    public static string Replace(string text, string old, string replacement, int count, Budget budget)
    {
        budget.Read(text.Length);
        int found = old.Length == 0 ? CodePoints.Count(text) + 1 : text.AsSpan().Count(old);
        found = count < 0 ? found : Math.Min(found, count);
        budget.Make(text.Length + (found * ((long)replacement.Length - old.Length)));
        var replaced = new StringBuilder(text.Length);
        int from = 0;
        for (int i = 0; i < found; i++)
        {
            if (old.Length == 0)
            {
                int units = i == 0 ? 0 : CodePoints.UnitsAt(text, from);
                replaced.Append(text, from, units).Append(replacement);
                from += units;
                continue;
            }

            int at = text.IndexOf(old, from, StringComparison.Ordinal);
            replaced.Append(text, from, at - from).Append(replacement);
            from = at + old.Length;
        }

        return replaced.Append(text, from, text.Length - from).ToString();
    }

    // The part of the text that start and end, in code points, choose; null where start lies beyond its end.
    private static (int Start, int End)? Range(string text, BoundArguments args)
    {
        if (!args.Has(1))
        {
            return (0, text.Length);
        }

        List<int> starts = CodePoints.Starts(text);
        int length = starts.Count - 1;
        int start = Clamp(args.Number(1, 0), length);
        int end = Clamp(args.Number(2, length), length);
        return start > end || args.Number(1, 0) > length ? null : (starts[start], starts[end]);
    }

    private static int Clamp(int index, int length) => Math.Clamp(index < 0 ? index + length : index, 0, length);
}
