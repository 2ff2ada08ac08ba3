using System.Text.Json.Nodes;
using Ballast.Chat;
using Xunit;

namespace Ballast.Tests.Chat;

public class ChatTemplateTests
{
    private static readonly JsonArray s_hi = [Message("user", "hi")];

    [Fact]
    public void The_clock_is_pinned_and_can_be_set_for_a_template_or_by_a_variable()
    {
        const string Source = "{{ strftime_now('%Y-%m-%d %H:%M') }}";
        Assert.Equal("2024-07-06 15:04", ChatTemplate.Parse(Source).Render(s_hi).Text);
        Assert.Equal("2030-01-02 03:04", ChatTemplate.Parse(Source, now: new DateTimeOffset(2030, 1, 2, 3, 4, 5, TimeSpan.Zero)).Render(s_hi).Text);
        Assert.Equal("1999-12-31 00:00", ChatTemplate.Parse(Source).Render(s_hi, variables: new JsonObject { ["now"] = "1999-12-31" }).Text);
        Assert.Contains("ISO 8601", Assert.Throws<TemplateException>(() => ChatTemplate.Parse(Source).Render(s_hi, variables: new JsonObject { ["now"] = "soon" })).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("%a %A %b %B %d %e %-d %_d %j %-j", "Tue Tuesday Jan January 02  2 2  2 002 2")]
    [InlineData("%H %I %-I %l %k %M %S %p %P %f", "15 03 3  3 15 04 05 PM pm 000006")]
    [InlineData("%y %Y %C %G %V %U %W %u %w", "24 2024 20 2024 01 00 01 2 2")]
    [InlineData("%F %T %D %R %x %X %r|%c|%n%t%%|%z%Z", "2024-01-02 15:04:05 01/02/24 15:04 01/02/24 15:04:05 03:04:05 PM|Tue Jan  2 15:04:05 2024|\n\t%|")]
    public void Dates_are_those_of_the_C_library(string format, string expected)
    {
        // Expected values: Python 3.11, datetime(2024, 1, 2, 15, 4, 5, 6).strftime.
        var time = new DateTimeOffset(2024, 1, 2, 15, 4, 5, TimeSpan.Zero).AddMicroseconds(6);
        Assert.Equal(expected, ChatTemplate.Parse($"{{{{ strftime_now('{format}') }}}}", now: time).Render(s_hi).Text);
    }

    [Fact]
    public void A_fault_names_the_template_and_the_line()
    {
        Assert.StartsWith("x.jinja:3: chat template: No filter named 'nope'.", Assert.Throws<TemplateException>(() => ChatTemplate.Parse("a\n\n{{ 1 | nope }}", name: "x.jinja")).Message, StringComparison.Ordinal);
        var template = ChatTemplate.Parse("a\n{% for m in messages %}\n{{ m.content + 1 }}{% endfor %}", name: "x.jinja");
        Assert.Equal("x.jinja:3: chat template: can only concatenate str (not \"int\") to str", Assert.Throws<TemplateException>(() => template.Render(s_hi)).Message);
    }

    [Fact]
    public void The_words_of_raise_exception_reach_the_user_alone() =>
        Assert.Equal("Roles must alternate", Assert.Throws<TemplateException>(() => ChatTemplate.Parse("{{ raise_exception('Roles must ' ~ 'alternate') }}").Render(s_hi)).Message);

    [Fact]
    public void Null_keys_are_dropped_and_reasoning_is_known_under_each_name()
    {
        const string Source = "{% for m in messages %}{{ m.content is defined }} {{ m.reasoning_content }} {{ m.thinking }} {{ m.reasoning is defined }};{% endfor %}";
        JsonArray messages = [new JsonObject { ["role"] = "a", ["content"] = null, ["reasoning"] = "r" }, new JsonObject { ["role"] = "a", ["thinking"] = "t", ["content"] = "" }];
        Assert.Equal("False r r True;True t t False;", ChatTemplate.Parse(Source).Render(messages).Text);
        Assert.Equal(2, messages.Count);
        Assert.True(messages[0]!.AsObject().ContainsKey("content"));
    }

    [Fact]
    public void Numbers_keep_their_kind_from_file_and_code()
    {
        var variables = JsonNode.Parse("""{"a": 1, "b": 1.0, "c": 1e2, "d": 123456789012345678901234567890, "e": -0.5, "now": null}""")!.AsObject();
        variables["f"] = 2;
        variables["g"] = 2.0;
        Assert.Equal("1 1.0 100.0 123456789012345678901234567890 -0.5 2 2.0", ChatTemplate.Parse("{{ a }} {{ b }} {{ c }} {{ d }} {{ e }} {{ f }} {{ g }}").Render(s_hi, variables: variables).Text);
    }

    [Theory]
    [InlineData("[5]", "messages[0] is number; expected an object with a role and a content")]
    [InlineData("[{}, null]", "messages[1] is null; expected an object with a role and a content")]
    [InlineData("[{\"role\": \"a\", \"role\": \"b\"}]", "the messages cannot be read: ")]
    public void Messages_of_another_form_are_refused(string messages, string expected) =>
        Assert.StartsWith(expected, Assert.Throws<TemplateException>(() => ChatTemplate.Parse("x").Render(JsonNode.Parse(messages)!.AsArray())).Message, StringComparison.Ordinal);

    [Fact]
    public void A_generation_prompt_and_a_continuation_exclude_each_other() =>
        Assert.Throws<TemplateException>(() => ChatTemplate.Parse("x").Render(s_hi, addGenerationPrompt: true, continueFinalMessage: true));

    [Fact]
    public void Continuing_cuts_the_marked_spans_too()
    {
        var template = ChatTemplate.Parse("{% for m in messages %}[{% generation %}{{ m.content }}</s>{% endgeneration %}]{% endfor %}");
        RenderedChat chat = template.Render([Message("assistant", "a"), Message("assistant", "bc ")], continueFinalMessage: true);
        Assert.Equal("[a</s>][bc ", chat.Text);
        Assert.Equal([(1, 6), (8, 11)], chat.GenerationSpans);
    }

    [Theory]
    [InlineData("{% set x = 1.5 %}{{ x == x }}{{ x in [x] }}", "TrueTrue")]
    [InlineData("{{ 1e23 }} {{ 5e-324 }} {{ 1.7976931348623157e308 }} {{ 123456.789e3 }} {{ 0.1 + 0.7 }}", "1e+23 5e-324 1.7976931348623157e+308 123456789.0 0.7999999999999999")]
    [InlineData("{{ '  a b  c '.split(none, 1) }}{{ '  a b  c '.rsplit(none, 1) }}{{ 'a,b,c'.rsplit(',', 1) }}{{ ' a '.split(none, 0) }}", "['a', 'b  c ']['  a b', 'c']['a,b', 'c']['a ']")]
    [InlineData("{{ '%e|%.3E|%g|%g|%G|%#x|%o|%+d|% d|%c|%r|%5s|%-5s|' % (12345.678, 0.00012, 1e-5, 123456789.0, 1e100, 255, 8, 3, 3, 'x', 'y', 'ab', 'ab') }}",
        "1.234568e+04|1.200E-04|1e-05|1.23457e+08|1E+100|0xff|10|+3| 3|x|'y'|   ab|ab   |")]
    [InlineData("{{ '{:,}|{:+.1f}|{:08.3f}|{:<5}|{:^5}|{:>5}|{:x}|{:b}|{:.2%}|{{}}|{:*^7}|{:g}'.format(1234567, 2.25, -3.14159, 1, 'a', 'b', 255, 5, 0.125, 'mid', 0.0001) }}",
        "1,234,567|+2.2|-003.142|1    |  a  |    b|ff|101|12.50%|{}|**mid**|0.0001")]
    [InlineData("{{ 2.675 | round(2) }} {{ 1234.5 | round(-2) }} {{ 0.5 | round }} {{ 1.5 | round }} {{ -2.5 | round }}", "2.67 1200.0 0.0 2.0 -2.0")]
    [InlineData("{{ -7 // 2 }} {{ -7 % 2 }} {{ 7 % -3 }} {{ 7.5 // 2 }} {{ -7.5 // 2 }} {{ -7.5 % 2 }} {{ 0.1 % 0.01 }}", "-4 1 -2 3.0 -4.0 0.5 3.469446951953614e-18")]
    [InlineData("{{ 'abc'[-2:] }}{{ 'abc'[::-1] }}{{ 'abcdef'[4:1:-2] }}{{ [1,2,3][-1:0:-1] }}{{ 'ab'[5:] }}", "bccbaec[3, 2]")]
    [InlineData("{% for a, b in {'x': 1}.items() %}{{ a }}{{ b }}{% else %}-{% endfor %}{% for x in [] %}{% else %}none{% endfor %}", "x1none")]
    [InlineData("{% for i in range(3) %}{% for j in range(3) %}{% if j == 1 %}{% break %}{% endif %}{{ i }}{{ j }} {% endfor %}{% if i == 1 %}{% continue %}{% endif %};{% endfor %}", "00 ;10 20 ;")]
    [InlineData("{% macro f(x, y=x ~ '!') %}{{ y }}{% endmacro %}{{ f('a') }}{{ f('a', y='b') }}{{ f(*['c'], **{'y': 'd'}) }}", "a!bd")]
    [InlineData("{{ 'x' is in 'xyz' }}{{ 3 is not divisibleby 2 }}{{ 'a' is eq('a') }}{{ not 1 in [2] }}", "TrueTrueTrueTrue")]
    [InlineData("{% set c = cycler('a', 'b') %}{{ c.next() }}{{ c.next() }}{{ c.current }}{{ c.next() }}", "abaa")]
    [InlineData("{% for g in [{'k': 1, 'v': 2}, {'k': 1, 'v': 3}] | groupby('k') %}{{ g.grouper }}{{ g.list | map(attribute='v') | list }}{% endfor %}", "1[2, 3]")]
    [InlineData("{{ 'a\\x41\\u00e9\\101\\q' }}{{ 'it''s' }}", "aA\u00e9A\\qits")]
    [InlineData("{% if false %}{{ 1 | nofilter }}{% endif %}{{ 'y' if true else 1 | nofilter }}", "y")]
    [InlineData("{{ ['\U0001F600', '\uFF5C'] | sort }}{{ '\U0001F600a'.find('a') }}{{ '\U0001F600' * 2 }}{{ '\U0001F600b' | last }}", "['\uFF5C', '\U0001F600']1\U0001F600\U0001F600b")]
    public void Expressions_follow_Python(string source, string expected) => Assert.Equal(expected, ChatTemplate.Parse(source).Render(s_hi).Text);

    [Fact]
    public void A_request_is_a_list_of_messages_or_an_object_with_variables()
    {
        ChatRequest list = ChatRequest.Parse(JsonNode.Parse("""[{"role": "user", "content": "x"}]"""));
        Assert.Single(list.Messages);
        Assert.Empty(list.Variables);
        ChatRequest map = ChatRequest.Parse(JsonNode.Parse("""{"messages": [{"role": "user"}], "tools": [1], "add_generation_prompt": true}"""));
        Assert.True(map.AddGenerationPrompt);
        Assert.Equal("""{"tools":[1]}""", map.Variables.ToJsonString());
        Assert.Throws<TemplateException>(() => ChatRequest.Parse(JsonNode.Parse("""{"message": []}""")));
        Assert.Throws<TemplateException>(() => ChatRequest.Parse(JsonNode.Parse("""{"messages": [], "add_generation_prompt": "yes"}""")));
        Assert.Throws<TemplateException>(() => ChatRequest.Parse(null));
    }

    private static JsonObject Message(string role, string content) => new() { ["role"] = role, ["content"] = content };
}
