using Ballast.Tokenizers;
using Ballast.Tokenizers.Patterns;
using Xunit;

namespace Ballast.Tests.Tokenizers;

public sealed class PatternTests
{
    [Theory]
    [InlineData("a|ab", "abab", "a,a")]
    [InlineData("(?:a|ab)c", "abc", "abc")]
    [InlineData("a+?b", "aab", "aab")]
    [InlineData("a{2,3}", "aaaaaa a", "aaa,aaa")]
    [InlineData("a{2}", "aaaaa", "aa,aa")]
    [InlineData("a{,2}b", "aaab", "aab")]
    [InlineData("a{x", "a{x", "a{x")]
    [InlineData("a++a|b", "aaab", "b")]
    [InlineData("(?>a+)b", "aab", "aab")]
    [InlineData("a*+b", "aab", "aab")]
    [InlineData("\\s+(?!\\S)|\\s+", "a   b ", "  , , ")]
    [InlineData("(?:ab)+", "ababa", "abab")]
    [InlineData("(?:ab){2,}?", "ababab", "abab")]
    [InlineData("(?:a(?=b)|b)+", "abba", "abb")]
    [InlineData("[^a-c\\n]+", "xaby\nz", "x,y,z")]
    [InlineData("[\\]\\-a]+", "]-ab", "]-a")]
    [InlineData("[a-]+", "a-b", "a-")]
    [InlineData("\\u0041\\x42\\x{43}", "ABC", "ABC")]
    [InlineData("\\P{L}+|\\p{^N}", "a12", "a,12")]
    [InlineData(".", "a\nb", "a,b")]
    [InlineData("(?i:'s|'LL)x?", "'S'lL'\u017Fx", "'S,'lL,'\u017Fx")]
    [InlineData("'(?i:[sk]|re)", "'K'\u212A'RE", "'K,'\u212A,'RE")]
    public void Matches_are_those_of_Oniguruma(string pattern, string text, string expected) => Assert.Equal(expected, Matches(pattern, text));

    [Fact]
    public void Letters_beyond_the_BMP_are_letters()
    {
        Assert.Equal("\U00010400\U0001D4D7,\U00020000", Matches("\\p{L}+", "\U00010400\U0001D4D7 \U00020000\U0001F999"));
        Assert.Equal("\U0001F999", Matches("[^\\s\\p{L}\\p{N}]+", "\U00010400\U0001F999\U0001D7D8"));
        Assert.Equal("\U00010400", Matches("[\U00010400-\U00010410]", "\U00010411\U00010400"));
    }

    [Fact]
    public void White_space_is_that_of_Unicode()
    {
        Assert.Equal(7, new Pattern("\\s").Matches(CodePointText.FromText("\t \u0085\u00A0\u1680\u2003\u3000\u200B\u180E\u001C")).Count);
        Assert.Equal("a\u0301_1\u24D0", Matches("\\w+", "a\u0301_1\u24D0-"));
    }

    [Theory]
    [InlineData("(a)\\1", "\\1")]
    [InlineData("^a", "^")]
    [InlineData("a$", "$")]
    [InlineData("\\bword", "\\b")]
    [InlineData("(?<=a)b", "(?<=")]
    [InlineData("(?<!a)b", "(?<!")]
    [InlineData("(?m:a)", "(?m:")]
    [InlineData("[[:alpha:]]", "nested")]
    [InlineData("[a&&b]", "nested")]
    [InlineData("[]", "unclosed")]
    [InlineData("[a", "unclosed")]
    [InlineData("(a", "unclosed")]
    [InlineData("a)", "unmatched")]
    [InlineData("*a", "repeat")]
    [InlineData("(?:a?)*", "empty")]
    [InlineData("\\p{Greek}", "Greek")]
    [InlineData("\\p", "property")]
    [InlineData("\\", "backslash")]
    [InlineData("[z-a]", "range")]
    [InlineData("a{3,2}", "count")]
    [InlineData("a{5000}", "count")]
    [InlineData("(?i:\u00E9)", "beyond ASCII")]
    [InlineData("(?i:st)", "ligature")]
    [InlineData("\\x{110000}", "hexadecimal")]
    public void Syntax_that_is_not_supported_exactly_is_refused(string pattern, string expected)
    {
        TokenizerException fault = Assert.Throws<TokenizerException>(() => new Pattern(pattern));
        Assert.Contains(expected, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Hostile_patterns_are_refused()
    {
        Assert.Throws<TokenizerException>(() => new Pattern(new string('(', 5000)));
        Assert.Throws<TokenizerException>(() => new Pattern(new string('a', 30_000)));
        Assert.Throws<TokenizerException>(() => new Pattern("(?:(?:(?:ab){1000}){1000}){1000}"));
    }

    [Fact]
    public void A_literal_finds_its_text_and_nothing_else() =>
        Assert.Equal([(1, 8)], Pattern.Literal(".*[a]\n\U0001F999").Matches(CodePointText.FromText("x.*[a]\n\U0001F999x")));

    private static string Matches(string pattern, string text)
    {
        int[] codePoints = CodePointText.FromText(text);
        return string.Join(',', new Pattern(pattern).Matches(codePoints).Select(m => CodePointText.ToText(codePoints.AsSpan(m.Start, m.End - m.Start))));
    }
}
