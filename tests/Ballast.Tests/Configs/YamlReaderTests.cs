using System.Text.Json.Nodes;
using Ballast.Configs;
using Xunit;

namespace Ballast.Tests.Configs;

public class YamlReaderTests
{
    private static string Json(string yaml) => YamlReader.Parse(yaml, "run.yaml").Root?.ToJsonString() ?? "null";

    private static string Fault(string yaml) => Assert.Throws<ConfigException>(() => YamlReader.Parse(yaml, "run.yaml")).Message;

    [Theory]
    [InlineData("2e-5", "2E-05")]
    [InlineData("2.0e-05", "2E-05")]
    [InlineData("1E3", "1000")]
    [InlineData(".5", "0.5")]
    [InlineData("010", "10")]
    [InlineData("-7", "-7")]
    [InlineData("+7", "7")]
    [InlineData("no", "\"no\"")]
    [InlineData("on", "\"on\"")]
    [InlineData("0x10", "\"0x10\"")]
    [InlineData("1_000", "\"1_000\"")]
    [InlineData("2024-01-01", "\"2024-01-01\"")]
    [InlineData(".inf", "\".inf\"")]
    [InlineData("1e999", "\"1e999\"")]
    [InlineData("'2e-5'", "\"2e-5\"")]
    [InlineData("\"true\"", "\"true\"")]
    [InlineData("true", "true")]
    [InlineData("~", "null")]
    [InlineData("", "null")]
    public void H10_plain_scalars_mean_what_they_look_like(string yaml, string json) => Assert.Equal($$"""{"a":{{json}}}""", Json($"a: {yaml}"));

    [Fact]
    public void Mappings_lists_and_comments_become_a_tree() =>
        Assert.Equal("""{"a":[1,{"b":"x"}],"c":{"d":[]}}""", Json("a: # one\n  - 1\n  - b: x\nc: {d: []}\n"));

    [Fact]
    public void Places_are_lines_and_columns_from_one()
    {
        ConfigTree tree = YamlReader.Parse("a:\n  - 1\n  - b: x\n", "run.yaml");
        Assert.Equal("run.yaml:1:1", tree.PlaceOf("a"));
        Assert.Equal("run.yaml:3:5", tree.PlaceOf("a[1].b"));
        Assert.Equal("run.yaml:3:5", tree.PlaceOf("a[1].absent"));
    }

    [Fact]
    public void H7_a_key_given_twice_is_refused_with_both_positions() =>
        Assert.Equal("run.yaml:3:1: the key 'a' is given twice, first at run.yaml:1:1", Fault("a: 1\nb: 2\na: 3\n"));

    [Theory]
    [InlineData("a: &x 1\n", "run.yaml:1:4: anchors and aliases are not allowed; write the value out")]
    [InlineData("a: &x {c: 1}\n", "run.yaml:1:4: anchors and aliases are not allowed; write the value out")]
    [InlineData("a: 1\nb: *x\n", "run.yaml:2:4: anchors and aliases are not allowed; write the value out")]
    [InlineData("a: 1\n---\nb: 2\n", "run.yaml:2:1: a second document is not allowed")]
    [InlineData("a: !!str 1\n", "run.yaml:1:4: the tag 'tag:yaml.org,2002:str' is not allowed")]
    [InlineData("", "run.yaml: the file is empty")]
    [InlineData("# only a comment\n", "run.yaml: the file is empty")]
    [InlineData("&k a: 1\n", "run.yaml:1:1: a key must be one line of 1 to 200 characters, without anchors, tags or merging")]
    [InlineData("<<: {a: 1}\n", "run.yaml:1:1: a key must be one line of 1 to 200 characters, without anchors, tags or merging")]
    [InlineData("\"a\\nb\": 1\n", "run.yaml:1:1: a key must be one line of 1 to 200 characters, without anchors, tags or merging")]
    [InlineData("? [a]\n: 1\n", "run.yaml:1:3: a key must be plain text, without anchors, aliases or nesting")]
    public void H11_what_configurations_may_not_contain_is_refused_with_its_place(string yaml, string message) => Assert.Equal(message, Fault(yaml));

    [Theory]
    [InlineData("a: [1\n", "run.yaml:2:1: not valid YAML: ")]
    [InlineData("a: 1\n b: 2\n", "run.yaml:2:")]
    [InlineData("a: \"x\n", "run.yaml:1:4: not valid YAML: ")]
    public void Broken_yaml_is_refused_with_its_place(string yaml, string start) => Assert.StartsWith(start, Fault(yaml));

    [Fact]
    public void Deep_nesting_is_refused_at_once() => Assert.Contains("nested deeper than 64 levels", Fault(new string('[', 100_000)));

    [Fact]
    public void G10_damaged_recipes_are_refused_or_read_but_never_crash()
    {
        string valid = Recipe.Parse("model: m\noutput: o\ndata: {train: [{path: p}], template_variables: {a: 'b'}}\nema: {}\nprobe: {suite: s}\n", "r").ToYaml();
        var random = new Ballast.Data.SplitMix64(1);
        int read = 0;
        for (int i = 0; i < 2000; i++)
        {
            char[] text = valid.ToCharArray();
            for (int change = 0; change <= i % 3; change++)
            {
                text[random.Below(text.Length)] = ":-[]{}&*!|>'\"%@`#?,\n\t x0\u0000\uFEFF"[random.Below(25)];
            }

            try
            {
                Recipe.Parse(new string(text), "r");
                read++;
            }
            catch (ConfigException fault)
            {
                Assert.DoesNotContain(fault.Message.Split('\n'), line => !line.StartsWith("r:", StringComparison.Ordinal));
            }
        }

        Assert.InRange(read, 10, 1900);
    }

    [Fact]
    public void Large_files_text_that_is_not_utf8_and_absent_files_are_refused()
    {
        string folder = Support.Shared.TemporaryFolder();
        string large = Path.Combine(folder, "large.yaml");
        File.WriteAllText(large, new string('#', (1 << 20) + 1));
        Assert.Equal($"{large}: the file has 1048577 bytes, a configuration has at most 1048576", Assert.Throws<ConfigException>(() => YamlReader.Read(large)).Message);
        string latin = Path.Combine(folder, "latin.yaml");
        File.WriteAllBytes(latin, [(byte)'a', (byte)':', (byte)' ', 0xE9, (byte)'\n']);
        Assert.Equal($"{latin}: the file is not UTF-8 text (byte 3)", Assert.Throws<ConfigException>(() => YamlReader.Read(latin)).Message);
        Assert.Contains("absent.yaml: no such file", Assert.Throws<ConfigException>(() => YamlReader.Read(Path.Combine(folder, "absent.yaml"))).Message);
    }

    [Fact]
    public void Written_yaml_reads_back_the_same_and_shows_floats_with_dot_and_sign()
    {
        JsonNode values = JsonNode.Parse("""
            {"rate": 2E-05, "big": 1E+16, "text": "no", "number": "12", "lines": "a\nb: c", "hash": "a # b", "path": "runs/my-run", "empty": "",
             "list": [], "map": {}, "items": [{"a": 1, "b": null}, {"a": true}], "unicode": "\u00e9\u4e2d", "date": "2024-01-01", "tilde": "~", "plus": "+1", "inf": ".inf"}
            """)!;
        string yaml = YamlWriter.Write(System.Text.Json.JsonDocument.Parse(values.ToJsonString()).RootElement);
        Assert.Contains("rate: 2.0e-05\n", yaml);
        Assert.Contains("big: 1.0e+16\n", yaml);
        Assert.Contains("text: \"no\"\n", yaml);
        Assert.Contains("path: runs/my-run\n", yaml);
        Assert.Contains("date: \"2024-01-01\"\n", yaml);
        Assert.True(JsonNode.DeepEquals(values, YamlReader.Parse(yaml, "written").Root), yaml);
    }
}
