using System.Text;

namespace Ballast.Tokenizers;

/// <summary>Text as code points, each with the range [Start, End) of the original text that it stands for. Slices share their arrays.</summary>
internal readonly struct AlignedText(int[] codePoints, int[] starts, int[] ends, int offset, int length)
{
    public int Length => length;

    public bool IsEmpty => length == 0;

    public ReadOnlySpan<int> CodePoints => codePoints.AsSpan(offset, length);

    public int this[int index] => codePoints[offset + index];

    public int Start(int index) => starts[offset + index];

    public int End(int index) => ends[offset + index];

    public AlignedText Slice(int from, int to) => new(codePoints, starts, ends, offset + from, to - from);

    /// <summary>Each code point of a string stands for itself; an unpaired surrogate becomes U+FFFD.</summary>
    public static AlignedText From(string text)
    {
        AlignedTextBuilder builder = new(text.Length);
        int index = 0;
        foreach (Rune rune in text.EnumerateRunes())
        {
            builder.Add(rune.Value, index, index + 1);
            index++;
        }

        return builder.Build();
    }

    /// <summary>
    /// Rewrites the text. A step with Change 0 replaces the next code point, one with -n also removes the n that follow it, and one with 1 is new
    /// and shares the range of the code point before it.
    /// </summary>
    public AlignedText Transform(IReadOnlyCollection<(int CodePoint, int Change)> steps)
    {
        AlignedTextBuilder builder = new(steps.Count);
        int position = 0;
        foreach ((int codePoint, int change) in steps)
        {
            if (change > 0)
            {
                int previous = Math.Max(position - 1, 0);
                builder.Add(codePoint, Start(previous), End(previous));
            }
            else
            {
                builder.Add(codePoint, Start(position), End(position));
                position += 1 - change;
            }
        }

        return builder.Build();
    }

    public override string ToString() => CodePointText.ToText(CodePoints);
}

/// <summary>Collects the code points of an <see cref="AlignedText"/>.</summary>
internal sealed class AlignedTextBuilder(int capacity)
{
    private int[] _codePoints = new int[Math.Max(capacity, 4)];
    private int[] _starts = new int[Math.Max(capacity, 4)];
    private int[] _ends = new int[Math.Max(capacity, 4)];

    public int Length { get; private set; }

    public void Add(int codePoint, int start, int end)
    {
        if (Length == _codePoints.Length)
        {
            Array.Resize(ref _codePoints, Length * 2);
            Array.Resize(ref _starts, Length * 2);
            Array.Resize(ref _ends, Length * 2);
        }

        _codePoints[Length] = codePoint;
        _starts[Length] = start;
        _ends[Length] = end;
        Length++;
    }

    public void Add(AlignedText text)
    {
        for (int i = 0; i < text.Length; i++)
        {
            Add(text[i], text.Start(i), text.End(i));
        }
    }

    public AlignedText Build() => new(_codePoints, _starts, _ends, 0, Length);
}
