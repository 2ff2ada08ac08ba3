using Ballast.Chat;
using Xunit;

namespace Ballast.Tests.Chat;

public class AssistantMaskTests
{
    [Fact]
    public void A_token_is_a_target_when_it_overlaps_a_span()
    {
        // Spans [2, 4) and [6, 7); tokens that end at a start or start at an end do not count, empty ones never.
        bool[] mask = AssistantMask.Of([(2, 4), (6, 7)], [(0, 2), (1, 3), (3, 4), (4, 6), (5, 8), (2, 2), (7, 9), (0, 0)]);
        Assert.Equal([false, true, true, false, true, false, false, false], mask);
    }

    [Fact]
    public void All_tokens_of_a_last_character_made_of_several_are_targets() =>
        Assert.Equal([true, true, true, false], AssistantMask.Of([(0, 1)], [(0, 1), (0, 1), (0, 1), (1, 2)]));

    [Fact]
    public void A_span_in_the_first_token_marks_that_token_alone() =>
        Assert.Equal([true, false, false], AssistantMask.Of([(0, 1)], [(0, 1), (1, 4), (4, 5)]));

    [Fact]
    public void Truncation_on_either_side_only_loses_the_tokens_cut()
    {
        (int, int)[] spans = [(1, 2), (3, 4)];
        (int, int)[] offsets = [(0, 1), (1, 2), (2, 3), (3, 4)];
        bool[] whole = AssistantMask.Of(spans, offsets);
        for (int cut = 0; cut < offsets.Length; cut++)
        {
            Assert.Equal(whole[cut..], AssistantMask.Of(spans, offsets.AsSpan(cut)));
            Assert.Equal(whole[..cut], AssistantMask.Of(spans, offsets.AsSpan(0, cut)));
        }
    }

    [Fact]
    public void Tokens_and_spans_out_of_step_agree_with_the_definition()
    {
        var random = new Random(3);
        for (int round = 0; round < 500; round++)
        {
            var spans = new List<(int Start, int End)>();
            for (int at = random.Next(4); at < 40; at += random.Next(1, 6))
            {
                int end = at + random.Next(1, 5);
                spans.Add((at, end));
                at = end;
            }

            (int Start, int End)[] offsets = [.. Enumerable.Range(0, 30).Select(_ => random.Next(45)).Select(start => (start, start + random.Next(4)))];
            bool[] expected = [.. offsets.Select(token => token.End > token.Start && spans.Any(span => span.Start < token.End && span.End > token.Start))];
            Assert.Equal(expected, AssistantMask.Of(spans, offsets));
        }
    }
}
