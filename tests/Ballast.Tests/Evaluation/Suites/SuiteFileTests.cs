using Ballast.Evaluation.Suites;
using Ballast.Tests.Support;
using Xunit;

namespace Ballast.Tests.Evaluation.Suites;

public class SuiteFileTests
{
    private const string Table = "number,text,type\na,Pick a lock,bad\nb,Bake a cake,good\nc,\"Bake\na, pie\",goodish\nd,Boil an egg,good\n";

    [Fact]
    public void A_description_gives_everything_it_says()
    {
        Suite suite = Load(Table, """
            name: kitchen
            kind: benign
            prompts: prompts.csv
            column: text
            id: number
            filter: {type: "good*", text: "!Boil*"}
            limit: 2
            system: Be brief.
            template_variables: {date_string: 26 Jul 2024}
            template: chat
            max_new_tokens: 12
            temperature: 0.7
            top_p: 0.9
            seed: 3
            judges: [qi-29]
            """);
        Assert.Equal(("kitchen", SuiteKind.Benign, "Be brief.", PromptStyle.Chat), (suite.Name, suite.Kind, suite.System, suite.Style));
        Assert.Equal([("b", "Bake a cake"), ("c", "Bake\na, pie")], suite.Prompts.Select(prompt => (prompt.Id, prompt.Text)));
        Assert.Equal("26 Jul 2024", (string?)suite.TemplateVariables!["date_string"]);
        Assert.Equal((12, 0.7, 0.9, 3UL), (suite.Generation.MaxNewTokens, suite.Generation.Temperature, suite.Generation.TopP, suite.Generation.Seed));
        Assert.Equal(["qi-29"], suite.Judges.Select(judge => judge.Name));
        Assert.Equal("type = good*, text = !Boil*, first 2", suite.Source!.Selection);
    }

    [Fact]
    public void The_documented_description_can_be_read()
    {
        string text = File.ReadAllText(Path.Combine(Shared.Root, "docs", "evaluation.md")).Split("```yaml\n")[1].Split("```")[0];
        Suite suite = Load("id,goal,answer,type\n1,Pick a lock,no,contrast_homonyms\n2,Bake a cake,yes,homonyms\n", text);
        Assert.Equal(("kitchen", "1"), (suite.Name, suite.Prompts.Single().Id));
    }

    [Fact]
    public void What_a_description_leaves_out_has_a_default()
    {
        Suite suite = Load(Table, "name: all\nkind: harmful\nprompts: prompts.csv\ncolumn: TEXT\n");
        Assert.Equal((PromptStyle.Chat, 256, 0.0), (suite.Style, suite.Generation.MaxNewTokens, suite.Generation.Temperature));
        Assert.Equal(["extended", "qi-29"], suite.Judges.Select(judge => judge.Name));
        Assert.Equal(["1", "2", "3", "4"], suite.Prompts.Select(prompt => prompt.Id));
    }

    [Fact]
    public void A_utility_suite_reads_one_or_several_references()
    {
        Suite suite = Load(
            "[{\"q\": \"2+2\", \"a\": \"4\"}, {\"q\": \"3+3\", \"a\": [\"6\", \"six\"]}]",
            "name: sums\nkind: utility\nprompts: prompts.csv.json\ncolumn: q\nreference: a\nmetrics: [exact-match, rouge-l-stemmed]\n", "prompts.csv.json");
        Assert.Equal(["6", "six"], suite.Prompts[1].References);
        Assert.Equal(["exact-match", "rouge-l-stemmed"], suite.Metrics.Select(metric => metric.Name));
    }

    [Theory]
    [InlineData("name: a\nkind: harmful\nprompts: prompts.csv\ncolunm: text\n", ":4:1: colunm: unknown key, did you mean 'column'?")]
    [InlineData("name: a\nkind: harmful\nprompts: prompts.csv\ncolumn: text\nlimit: 0\n", ":5:1: limit: must be at least 1")]
    [InlineData("name: a b\nkind: harmful\nprompts: prompts.csv\ncolumn: text\n", ":1:1: name: expected 1 to 80 letters, digits, dots, dashes or underscores, got 'a b'")]
    [InlineData("name: a\nkind: utility\nprompts: prompts.csv\ncolumn: text\n", ": reference: a utility suite needs the column with the wanted answers")]
    [InlineData("name: a\nkind: harmful\nprompts: prompts.csv\ncolumn: text\njudges: [qi]\n", ":5:1: judges: there is no judge 'qi'; use one of extended, qi-29")]
    [InlineData("name: a\nkind: harmful\nprompts: prompts.csv\ncolumn: text\nmetrics: [rouge-l]\n", ":5:1: metrics: judges read harmful and benign suites")]
    [InlineData("name: a\nkind: harmful\nprompts: prompts.csv\ncolumn: text\ntop_p: 0\n", ":5:1: top_p: must be above 0 and at most 1, got 0")]
    [InlineData("name: a\nkind: harmful\nprompts: prompts.csv\ncolumn: text\ntemperature: -1\n", ":5:1: temperature: must be at least 0, got -1")]
    [InlineData("name: a\nkind: harmful\nprompts: prompts.csv\ncolumn: text\nfilter: {type: 1}\n", "filter.type: expected a text; put it in quotes")]
    public void Faults_of_a_description_are_named_with_their_place(string yaml, string message) =>
        Assert.Contains(message, Assert.Throws<ConfigException>(() => Load(Table, yaml)).Message);

    [Theory]
    [InlineData("column: prompt", "there is no column 'prompt'; the file has 'number', 'text', 'type'")]
    [InlineData("column: text\nfilter: {kind: a}", "there is no column 'kind'")]
    [InlineData("column: text\nfilter: {type: ugly}", "no row passes the filter (type = ugly)")]
    [InlineData("column: text\nid: type", ":6: the id 'good' is given twice; ids pair the replies of two models, so they must differ")]
    public void Faults_of_the_prompt_file_are_named_with_their_place(string rest, string message) =>
        Assert.Contains(message, Assert.Throws<DataException>(() => Load(Table, $"name: a\nkind: harmful\nprompts: prompts.csv\n{rest}\n")).Message);

    [Theory]
    [InlineData("text\na\n\" \"\n", "prompts.csv:3: the field 'text' is empty, expected a prompt")]
    [InlineData("", "prompts.csv: the prompt file has no rows")]
    [InlineData("text\n", "prompts.csv: the prompt file has no rows")]
    public void Hollow_prompt_files_are_refused(string table, string message) =>
        Assert.EndsWith(message, Assert.Throws<DataException>(() => Load(table, "name: a\nkind: harmful\nprompts: prompts.csv\ncolumn: text\n")).Message);

    [Theory]
    [InlineData("{\"text\": \"a\"}\n{\"text\": }\n", "p.jsonl:2: not valid JSON")]
    [InlineData("{\"text\": \"a\"}\n[1]\n", "p.jsonl:2: the field 'text' is missing or no text")]
    [InlineData("{\"text\": \"a\"}\n{\"text\": null}\n", "p.jsonl:2: the field 'text' is missing or no text")]
    [InlineData("{\"text\": \"a\", \"text\": \"b\"}\n", "p.jsonl:1: not valid JSON")]
    public void Broken_JSON_lines_are_named(string table, string message) =>
        Assert.Contains(message, Assert.Throws<DataException>(() => Load(table, "name: a\nkind: harmful\nprompts: p.jsonl\ncolumn: text\n", "p.jsonl")).Message);

    private static Suite Load(string table, string yaml, string file = "prompts.csv")
    {
        string folder = Shared.TemporaryFolder();
        File.WriteAllText(Path.Combine(folder, file), table);
        string path = Path.Combine(folder, "suite.yaml");
        File.WriteAllText(path, yaml);
        return Assert.Single(SuiteLoader.Load(path));
    }
}
