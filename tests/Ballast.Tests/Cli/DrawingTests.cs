using Ballast.Cli;
using Xunit;

namespace Ballast.Tests.Cli;

public class DrawingTests
{
    [Fact]
    public void Without_a_terminal_a_table_is_plain_columns()
    {
        using var output = new StringWriter();
        Table().WriteTo(new Terminal(output, TextWriter.Null, false, false, CancellationToken.None));
        Assert.Equal("name      rate\na short   5.0%\nb        12.5%\n", output.ToString());
    }

    [Fact]
    public void On_a_terminal_a_table_has_borders()
    {
        using var output = new StringWriter();
        Table().WriteTo(new Terminal(output, TextWriter.Null, true, true, CancellationToken.None));
        Assert.Contains("\u2502 a short \u2502  5.0% \u2502", output.ToString());
    }

    [Fact]
    public void Without_a_terminal_progress_is_a_line_at_each_quarter()
    {
        using var error = new StringWriter();
        var terminal = new Terminal(TextWriter.Null, error, false, false, CancellationToken.None);
        int result = terminal.Track("reading", 10, progress =>
        {
            for (int i = 1; i <= 10; i++)
            {
                progress.Report(i);
            }

            return 7;
        });
        Assert.Equal(7, result);
        Assert.Equal("reading: 3/10\nreading: 5/10\nreading: 8/10\nreading: 10/10\n", error.ToString());
    }

    private static TextTable Table()
    {
        var table = new TextTable("name", ">rate");
        table.Add("a short", "5.0%");
        table.Add("b", "12.5%");
        return table;
    }
}
