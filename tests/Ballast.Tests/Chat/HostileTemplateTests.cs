using System.Diagnostics;
using System.Text.Json.Nodes;
using Ballast.Chat;
using Xunit;

namespace Ballast.Tests.Chat;

public class HostileTemplateTests
{
    private const string Space = "{% set ns = namespace(x='ab') %}";

    public static TheoryData<string> Endless =>
    [
        "{% for i in range(100000) %}{% for j in range(100000) %}{% endfor %}{% endfor %}",
        "{% for i in range(100000) %}{{ 'x' * 1000 }}{% endfor %}",
        Space + "{% for i in range(100) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}",
        Space + "{% for i in range(100) %}{% set ns.x = ns.x + ns.x %}{% endfor %}",
        Space + "{% for i in range(100) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}{{ ns.x }}",
        Space + "{% for i in range(100) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}{{ ns.x | tojson }}",
        Space + "{% set b = namespace(x='ab') %}{% for i in range(100) %}{% set ns.x = [ns.x, ns.x] %}{% set b.x = [b.x, b.x] %}{% endfor %}{{ ns.x == b.x }}",
        Space + "{% set b = namespace(x='ab') %}{% for i in range(100) %}{% set ns.x = [ns.x, ns.x] %}{% set b.x = [b.x, b.x] %}{% endfor %}{{ ns.x <= b.x }}",
        Space + "{% for i in range(100) %}{% set ns.x = (ns.x, ns.x) %}{% endfor %}{{ {ns.x: 1} }}",
        Space + "{% for i in range(100000) %}{% set ns.x = [ns.x] %}{% endfor %}{{ ns.x }}",
        Space + "{% for i in range(100000) %}{% set ns.x = [ns.x] %}{% endfor %}{{ ns.x | tojson }}",
        Space + "{% set ns.x = [1] %}{% for i in range(100000) %}{% set ns.x = ns.x | map('string') %}{% endfor %}{{ ns.x | list }}",
        Space + "{% set ns.x = ns %}{{ ns }}",
        "{{ 'a' * 1000000000000 }}",
        "{{ [0] * 1000000000000 }}",
        "{{ ('a' * 1000000).replace('a', 'b' * 1000000) }}",
        "{{ ('a' * 1000000) | replace('', 'b' * 1000000) }}",
        "{{ ('b' * 100000).join('a' * 100000) }}",
        "{{ 2 ** 1000000000 }}",
        "{{ 9 ** 9 ** 9 ** 9 ** 9 }}",
        "{% set ns = namespace(x=3) %}{% for i in range(100) %}{% set ns.x = ns.x * ns.x %}{% endfor %}",
        "{{ '%999999999d' % 1 }}",
        "{{ '%999999999999d' % 1 }}",
        "{{ '%.999999f' % 1.5 }}",
        "{{ '{:999999999}'.format(1) }}",
        "{{ '{:99999999999999}'.format(1) }}",
        "{{ 'x'.center(1000000000) }}",
        "{{ 'x'.zfill(1000000000) }}",
        "{{ 'x' | center(1000000000) }}",
        "{{ ('a\n' * 100000) | indent(1000000) }}",
        "{{ [[[1]]] | tojson(indent=1000000000) }}",
        "{{ [1] | batch(1000000000, 0) | list }}",
        "{{ [1] | slice(1000000000) | list }}",
        "{{ 1.5 | round(1000000) }}",
        "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
        "{% macro m() %}{{ m() }}{{ m() }}{% endmacro %}{{ m() }}",
        "{% macro a() %}{{ b() }}{% endmacro %}{% macro b() %}{{ a() }}{% endmacro %}{{ a() }}",
        "{% for x in [1] recursive %}{{ loop([1]) }}{% endfor %}",
        "{% call(x) raise_exception('x') %}",
        "{{ " + new string('(', 100_000) + "1" + new string(')', 100_000) + " }}",
        "{{ " + new string('[', 100_000) + "1" + new string(']', 100_000) + " }}",
        "{{ " + new string('-', 100_000) + "1 }}",
        "{{ 1" + string.Concat(Enumerable.Repeat("+1", 400_000)) + " }}",
        "{{ x" + string.Concat(Enumerable.Repeat(".x", 400_000)) + " }}",
        "{{ x" + string.Concat(Enumerable.Repeat("()", 400_000)) + " }}",
        "{{ 'x'" + string.Concat(Enumerable.Repeat("|upper", 100_000)) + " }}",
        string.Concat(Enumerable.Repeat("{% if true %}", 50_000)),
        string.Concat(Enumerable.Repeat("{% for x in [1] %}", 50_000)),
        "{{ " + new string('9', 500_000) + " }}",
        new string('x', 1_000_001),
    ];

    [Theory]
    [MemberData(nameof(Endless))]
    public void A_template_without_end_or_measure_stops_with_one_line(string source)
    {
        var watch = Stopwatch.StartNew();
        var fault = Assert.Throws<TemplateException>(() => Render(source));
        Assert.DoesNotContain('\n', fault.Message);
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(20), $"took {watch.Elapsed}");
    }

    [Theory]
    [InlineData("{{ ''.__class__.__mro__ }}")]
    [InlineData("{{ messages.__class__.__base__ }}")]
    [InlineData("{{ messages[0].__init__.__globals__ }}")]
    [InlineData("{{ (''|attr('__class__'))|attr('mro') }}")]
    [InlineData("{{ '{0.__class__.__name__}'.format(1) }}")]
    [InlineData("{{ raise_exception.__globals__['os'] }}")]
    [InlineData("{{ range.Body }}{{ range.Method() }}")]
    [InlineData("{{ messages[0].GetType() }}")]
    [InlineData("{{ 'x'.Length.Equals(1) }}")]
    [InlineData("{{ messages.append(1) }}")]
    [InlineData("{{ messages[0].update({'role': 'x'}) }}")]
    [InlineData("{% include '/etc/passwd' %}")]
    [InlineData("{% set ns = namespace() %}{% set ns.__class__ = 1 %}")]
    [InlineData("{% set messages.x = 1 %}")]
    public void G9_a_template_cannot_leave_its_sandbox(string source) => Assert.Throws<TemplateException>(() => Render(source));

    [Theory]
    [InlineData("{{ ''.__class__ }}{{ messages.Count }}{{ messages[0].Keys }}{{ 'x'.Length }}")]
    public void G9_members_of_the_host_do_not_exist(string source) => Assert.Equal("", Render(source));

    [Fact]
    public void Templates_cut_or_changed_anywhere_give_text_or_a_template_fault()
    {
        const string Template = """
            {%- set ns = namespace(a=[1, 2.5], b={'k': 'v'}) -%}{% for m in messages[::-1] if m.role != 'x' recursive %}{{ loop.index ~ m['content'] | trim | tojson(indent=2) }}
            {% macro f(a, b='x', *) %}{% endmacro %}{% raw %}{{ x }}{% endraw %}{# note #}{{ '%5.2f|%-4s' % (1.5, 'a') }}{{ '{:>5}{0!r}'.format(1, 2) }}{{ 'a b'.split(None, 1)[0][1:] }}
            {%- if not x is defined and 1 < 2 <= 3 or 'a' in 'abc' %}{{ strftime_now('%d %b') }}{% elif y %}{% else %}{% set z | upper %}b{% endset %}{% endif %}{% endfor %}
            {% generation %}{{ [3, 1] | sort | join(',') }}{% endgeneration %}{% call(v) f(1) %}{% endcall %}{% with a = 1 %}{{ a ** -2 // 3 % 4 }}{% endwith %}{{ 'x' if a else }}
            """;
        const string Alphabet = "{}%#-+|.,()[]'\"~=<> \n0919aeifxor_:*/!\\";
        var random = new Random(7);
        for (int i = 0; i < 4000; i++)
        {
            char[] mutated = Template.ToCharArray();
            for (int change = random.Next(4); change >= 0; change--)
            {
                mutated[random.Next(mutated.Length)] = Alphabet[random.Next(Alphabet.Length)];
            }

            int start = random.Next(3) == 0 ? random.Next(mutated.Length) : 0;
            string source = new(mutated, start, random.Next(3) == 0 ? random.Next(mutated.Length - start) : mutated.Length - start);
            try
            {
                Render(source);
            }
            catch (TemplateException)
            {
            }
            catch (Exception e)
            {
                Assert.Fail($"{e.GetType().Name}: {e.Message}\n{source}\n{e.StackTrace}");
            }
        }
    }

    private static string Render(string source) =>
        ChatTemplate.Parse(source).Render([new JsonObject { ["role"] = "user", ["content"] = " hi " }, new JsonObject { ["role"] = "assistant", ["content"] = "x\u00e9\U0001F600" }]).Text;
}
