using Ballast.Tokenizers.Patterns;

namespace Ballast.Tokenizers.Normalizers;

/// <summary>Rewrites a stretch of text before it is split into words; the published names are those of tokenizer.json.</summary>
internal abstract class Normalizer
{
    public abstract AlignedText Apply(AlignedText text);

    /// <summary>Reads a "normalizer" section; null means that text stays as it is.</summary>
    public static Normalizer? Read(JsonPart part) => part.IsNull ? null : part.TypeName switch
    {
        "Sequence" => new Sequence([.. part["normalizers"].Items().Select(Read).OfType<Normalizer>()]),
        "NFC" => new UnicodeForm(false, true),
        "NFD" => new UnicodeForm(false, false),
        "NFKC" => new UnicodeForm(true, true),
        "NFKD" => new UnicodeForm(true, false),
        "Lowercase" => new Lowercase(),
        "StripAccents" => new StripAccents(),
        "Strip" => new Strip(part.Flag("strip_left", true), part.Flag("strip_right", true)),
        "Prepend" => new Prepend(part.Text("prepend")),
        "Replace" => new Replace(PatternPart.Read(part["pattern"]), part.Text("content")),
        string other => throw part.Unsupported($"the normalizer \"{other}\""),
    };

    internal sealed class Sequence(IReadOnlyList<Normalizer> steps) : Normalizer
    {
        public override AlignedText Apply(AlignedText text) => steps.Aggregate(text, (current, step) => step.Apply(current));
    }

    private sealed class UnicodeForm(bool compatibility, bool compose) : Normalizer
    {
        public override AlignedText Apply(AlignedText text) => UnicodeNormalization.Normalize(text, compatibility, compose);
    }

    private sealed class Lowercase : Normalizer
    {
        private const int CapitalDottedI = 0x130, DotAbove = 0x307;

        public override AlignedText Apply(AlignedText text)
        {
            AlignedTextBuilder lower = new(text.Length);
            for (int i = 0; i < text.Length; i++)
            {
                int codePoint = text[i] == CapitalDottedI ? 'i' : System.Text.Rune.ToLowerInvariant(new System.Text.Rune(text[i])).Value;
                lower.Add(codePoint, text.Start(i), text.End(i));
                if (text[i] == CapitalDottedI)
                {
                    lower.Add(DotAbove, text.Start(i), text.End(i));
                }
            }

            return lower.Build();
        }
    }

    private sealed class StripAccents : Normalizer
    {
        public override AlignedText Apply(AlignedText text)
        {
            AlignedTextBuilder plain = new(text.Length);
            for (int i = 0; i < text.Length; i++)
            {
                if (!UnicodeNormalization.IsMark(text[i]))
                {
                    plain.Add(text[i], text.Start(i), text.End(i));
                }
            }

            return plain.Build();
        }
    }

    private sealed class Strip(bool left, bool right) : Normalizer
    {
        public override AlignedText Apply(AlignedText text)
        {
            (int from, int to) = (0, text.Length);
            while (left && from < to && CodePointText.IsWhiteSpace(text[from]))
            {
                from++;
            }

            while (right && to > from && CodePointText.IsWhiteSpace(text[to - 1]))
            {
                to--;
            }

            return text.Slice(from, to);
        }
    }

    /// <summary>Puts a text before every stretch that is not empty; it has the offsets of the first character.</summary>
    internal sealed class Prepend(string prefix) : Normalizer
    {
        private readonly int[] _prefix = CodePointText.FromText(prefix);

        public override AlignedText Apply(AlignedText text)
        {
            if (text.IsEmpty)
            {
                return text;
            }

            AlignedTextBuilder longer = new(text.Length + _prefix.Length);
            foreach (int codePoint in _prefix)
            {
                longer.Add(codePoint, text.Start(0), text.End(0));
            }

            longer.Add(text);
            return longer.Build();
        }
    }

    /// <summary>Replaces every match; the new text has the offsets of the last character it replaces.</summary>
    internal sealed class Replace(Pattern pattern, string content) : Normalizer
    {
        private readonly int[] _content = CodePointText.FromText(content);

        public override AlignedText Apply(AlignedText text)
        {
            List<(int Start, int End)> matches = pattern.Matches(text.CodePoints);
            if (matches.Count == 0)
            {
                return text;
            }

            AlignedTextBuilder replaced = new(text.Length);
            int done = 0;
            foreach ((int start, int end) in matches)
            {
                replaced.Add(text.Slice(done, start));
                foreach (int codePoint in _content)
                {
                    replaced.Add(codePoint, text.Start(end - 1), text.End(end - 1));
                }

                done = end;
            }

            replaced.Add(text.Slice(done, text.Length));
            return replaced.Build();
        }
    }
}
