using Ballast.Tokenizers;
using Ballast.Tokenizers.Normalizers;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace Ballast.Tests.Tokenizers;

public sealed class NormalizationTests
{
    private static readonly Config s_check = Config.QuickThrowOnFailure.WithMaxTest(1000);
    private static readonly Arbitrary<string> s_texts = Gen.ArrayOf(Gen.OneOf(
        Gen.Elements(0x41, 0x65, 0x301, 0x323, 0x307, 0xAC00, 0x1100, 0x1161, 0x11A8, 0x958, 0x1E9B, 0xFB01, 0x212B, 0x2126, 0x3099, 0x30AB),
        Gen.Choose(0, 0x2FFFF).Where(c => c is < 0xD800 or > 0xDFFF))).Select(cs => CodePointText.ToText(cs)).ToArbitrary();

    /// <summary>The examples of Unicode Standard Annex 15, figures 3 to 6, and composition exclusions.</summary>
    [Theory]
    [InlineData("\u212B", "\u0041\u030A", "\u00C5", "\u0041\u030A", "\u00C5")]
    [InlineData("\u2126", "\u03A9", "\u03A9", "\u03A9", "\u03A9")]
    [InlineData("\u1E69", "s\u0323\u0307", "\u1E69", "s\u0323\u0307", "\u1E69")]
    [InlineData("\u1E0B\u0323", "d\u0323\u0307", "\u1E0D\u0307", "d\u0323\u0307", "\u1E0D\u0307")]
    [InlineData("q\u0307\u0323", "q\u0323\u0307", "q\u0323\u0307", "q\u0323\u0307", "q\u0323\u0307")]
    [InlineData("\uFB01", "\uFB01", "\uFB01", "fi", "fi")]
    [InlineData("2\u2075", "2\u2075", "2\u2075", "25", "25")]
    [InlineData("\u1E9B\u0323", "\u017F\u0323\u0307", "\u1E9B\u0323", "s\u0323\u0307", "\u1E69")]
    [InlineData("\uAC01", "\u1100\u1161\u11A8", "\uAC01", "\u1100\u1161\u11A8", "\uAC01")]
    [InlineData("\u0958", "\u0915\u093C", "\u0915\u093C", "\u0915\u093C", "\u0915\u093C")]
    [InlineData("\U0001D15E", "\U0001D157\U0001D165", "\U0001D157\U0001D165", "\U0001D157\U0001D165", "\U0001D157\U0001D165")]
    public void Forms_are_those_of_the_Unicode_standard(string text, string nfd, string nfc, string nfkd, string nfkc)
    {
        Assert.Equal(nfd, Form(text, false, false));
        Assert.Equal(nfc, Form(text, false, true));
        Assert.Equal(nfkd, Form(text, true, false));
        Assert.Equal(nfkc, Form(text, true, true));
    }

    [Fact]
    public void Every_form_is_stable_and_the_forms_agree() => Prop.ForAll(s_texts, text =>
        Form(Form(text, false, true), false, true) == Form(text, false, true)
        && Form(Form(text, true, true), true, true) == Form(text, true, true)
        && Form(Form(text, false, true), false, false) == Form(text, false, false)
        && Form(Form(text, false, false), false, true) == Form(text, false, true)
        && Form(Form(text, false, true), true, true) == Form(text, true, true)).Check(s_check);

    [Fact]
    public void Offsets_of_composed_characters_are_those_of_the_first()
    {
        AlignedText text = UnicodeNormalization.Normalize(AlignedText.From("ae\u0301x\uFB01"), true, true);
        Assert.Equal("a\u00E9xfi", text.ToString());
        Assert.Equal([(0, 1), (1, 2), (3, 4), (4, 5), (4, 5)], Enumerable.Range(0, text.Length).Select(i => (text.Start(i), text.End(i))));
    }

    private static string Form(string text, bool compatibility, bool compose) =>
        UnicodeNormalization.Normalize(AlignedText.From(text), compatibility, compose).ToString();
}
