using System.Collections;
using System.Globalization;

namespace Ballast.Tokenizers.Patterns;

/// <summary>A set of code points: ranges, general categories and other sets, or the complement of all that. Letters beyond the BMP count as letters.</summary>
internal sealed class CharSet
{
    private readonly List<(int First, int Last)> _ranges = [];
    private readonly List<CharSet> _sets = [];
    private uint _categories;
    private bool _complement;
    private BitArray? _ascii;

    public static CharSet WhiteSpace { get; } = new CharSet().AddRange(9, 13).AddRange(' ', ' ').AddRange(0x85, 0x85).AddRange(0xA0, 0xA0)
        .AddRange(0x1680, 0x1680).AddRange(0x2000, 0x200A).AddRange(0x2028, 0x2029).AddRange(0x202F, 0x202F).AddRange(0x205F, 0x205F)
        .AddRange(0x3000, 0x3000);

    /// <summary>\w: alphabetic, marks, decimal digits and connectors.</summary>
    public static CharSet Word { get; } = new CharSet().AddCategories("L").AddCategories("M").AddCategories("Nd").AddCategories("Nl").AddCategories("Pc")
        .AddRange(0x24B6, 0x24E9).AddRange(0x1F130, 0x1F149).AddRange(0x1F150, 0x1F169).AddRange(0x1F170, 0x1F189);

    public static CharSet Digit { get; } = Category("Nd")!;

    public static CharSet Any { get; } = new CharSet().AddRange('\n', '\n').Complement();

    public static CharSet Of(int codePoint) => new CharSet().AddRange(codePoint, codePoint);

    /// <summary>A general category ("Lu") or group of categories ("L"); null for a name that is neither.</summary>
    public static CharSet? Category(string name) => CategoryMask(name) is uint mask and not 0 ? new CharSet { _categories = mask } : null;

    public CharSet AddRange(int first, int last)
    {
        _ranges.Add((first, last));
        return this;
    }

    public CharSet AddCategories(string name)
    {
        _categories |= CategoryMask(name);
        return this;
    }

    public CharSet Add(CharSet set)
    {
        _sets.Add(set);
        return this;
    }

    public CharSet Complement()
    {
        _complement = !_complement;
        _ascii = null;
        return this;
    }

    public CharSet Copy()
    {
        CharSet copy = new() { _categories = _categories, _complement = _complement };
        copy._ranges.AddRange(_ranges);
        copy._sets.AddRange(_sets);
        return copy;
    }

    public bool Contains(int codePoint) => codePoint < 128 ? (_ascii ??= Ascii())[codePoint] : Find(codePoint);

    /// <summary>Adds the other case of every ASCII letter, and the two letters beyond ASCII that fold to one; null if another letter would need folding.</summary>
    public CharSet? IgnoreCase()
    {
        CharSet result = Copy();
        foreach ((int first, int last) in _ranges)
        {
            if (last >= 128)
            {
                return null;
            }

            for (int c = first; c <= last; c++)
            {
                int other = c is (>= 'a' and <= 'z') or (>= 'A' and <= 'Z') ? c ^ 0x20 : c;
                result.AddRange(other, other);
                _ = (c | 0x20) switch
                {
                    's' => result.AddRange(0x17F, 0x17F),
                    'k' => result.AddRange(0x212A, 0x212A),
                    _ => result,
                };
            }
        }

        return _complement || _sets.Count > 0 || _categories != 0 ? null : result;
    }

    private BitArray Ascii()
    {
        BitArray ascii = new(128);
        for (int c = 0; c < 128; c++)
        {
            ascii[c] = Find(c);
        }

        return ascii;
    }

    private bool Find(int codePoint)
    {
        bool found = _categories != 0 && (_categories & (1u << (int)CharUnicodeInfo.GetUnicodeCategory(codePoint))) != 0;
        for (int i = 0; !found && i < _ranges.Count; i++)
        {
            found = codePoint >= _ranges[i].First && codePoint <= _ranges[i].Last;
        }

        for (int i = 0; !found && i < _sets.Count; i++)
        {
            found = _sets[i].Contains(codePoint);
        }

        return found != _complement;
    }

    private static uint CategoryMask(string name)
    {
        // The order of System.Globalization.UnicodeCategory.
        ReadOnlySpan<string> names = ["Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Me", "Nd", "Nl", "No", "Zs", "Zl", "Zp", "Cc", "Cf", "Cs", "Co", "Pc", "Pd",
            "Ps", "Pe", "Pi", "Pf", "Po", "Sm", "Sc", "Sk", "So", "Cn"];
        uint mask = 0;
        for (int i = 0; i < names.Length; i++)
        {
            mask |= names[i] == name || (name.Length == 1 && names[i][0] == name[0]) ? 1u << i : 0;
        }

        return mask;
    }
}
