using System.Globalization;
using System.Text.RegularExpressions;
using Ballast.Merging.Methods;
using Ballast.Tests.Support;
using Xunit;

namespace Ballast.Tests.Merging;

public class MethodDocsTests
{
    private static readonly string[] s_lines = File.ReadAllLines(Path.Combine(Shared.Root, "docs", "merging.md"));

    public static TheoryData<string> Names => [.. NamedMethod.All.Select(method => method.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Each_method_has_a_row_with_its_numbers_their_defaults_the_result_and_its_use(string name)
    {
        string[] cells = s_lines.Where(line => line.StartsWith("| `", StringComparison.Ordinal)).Select(line => line.Split('|'))
            .Single(row => row.Length == 6 && row[1].Contains($"`{name}`", StringComparison.Ordinal));
        Assert.All(cells[3..5], cell => Assert.False(string.IsNullOrWhiteSpace(cell)));
        Assert.All(NamedMethod.Find(name)!.Method.Parameters.Where(number => number.Name != "paper_form"), number =>   // that one has a paragraph of its own
            Assert.Matches($@"\b{number.Name} [^,;]*{Regex.Escape(Default(number))}", cells[2]));
    }

    private static string Default(MethodParameter number) => number switch
    {
        { Default: null } => "-",
        { IsFlag: true } => number.Default == 1 ? "true" : "false",
        { Default: < 0.001 } => number.Default.Value.ToString("0e-0", CultureInfo.InvariantCulture),
        _ => number.Default.Value.ToString(CultureInfo.InvariantCulture),
    };
}
