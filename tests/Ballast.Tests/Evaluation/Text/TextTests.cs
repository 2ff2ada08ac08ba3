using Ballast.Evaluation.Text;
using Xunit;

namespace Ballast.Tests.Evaluation.Text;

public class TextTests
{
    [Fact]
    public void Rouge_l_of_a_hand_worked_pair()
    {
        // Common subsequence "police the gunman": 3 of 4 predicted and 3 of 4 wanted words.
        RougeScore score = Rouge.L("police kill the gunman", "police killed the gunman");
        Assert.Equal(new RougeScore(0.75, 0.75, 0.75), score);
    }

    [Fact]
    public void Letters_beyond_ASCII_are_lower_cased_as_Python_does()
    {
        // The Kelvin sign becomes k; the dotted capital I becomes i and a combining dot, which separates words.
        Assert.Equal(1, Rouge.N("\u212Aey", "key", 1).F);
        Assert.Equal(1, Rouge.N("\u0130stanbul", "i stanbul", 1).F);
    }

    [Fact]
    public void A_hostile_word_is_stemmed_in_linear_time()
    {
        Assert.Equal(new string('y', 1_000_000).Length, PorterStemmer.Stem(new string('y', 1_000_000)).Length);
        Assert.Equal(1, Rouge.N(new string('y', 1_000_000), new string('y', 1_000_000), 1, stem: true).F);
    }

    [Fact]
    public void Rouge_l_refuses_texts_whose_product_of_lengths_would_hang()
    {
        string text = string.Join(' ', Enumerable.Repeat("a", Rouge.MaxWords + 1));
        var fault = Assert.Throws<DataException>(() => Rouge.L(text, "a"));
        Assert.Contains("20000 words", fault.Message);
        Assert.Throws<DataException>(() => Rouge.Lsum("a", text));
    }

    [Fact]
    public void Articles_end_where_Python_ends_a_word()
    {
        // A combining mark is no part of a word in Python, so the a before it is an article; an underscore is part of a word.
        Assert.Equal("\u0301 b", Squad.Normalize("a\u0301 b"));
        Assert.Equal("ab", Squad.Normalize("a_b"));
    }

    [Fact]
    public void An_unknown_metric_is_refused_with_the_known_ones()
    {
        var fault = Assert.Throws<ConfigException>(() => TextMetric.Named("rouge"));
        Assert.StartsWith("there is no text metric 'rouge'; use one of exact-match,", fault.Message);
    }
}
