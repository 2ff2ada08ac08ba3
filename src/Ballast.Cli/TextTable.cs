using Spectre.Console;

namespace Ballast.Cli;

/// <summary>A table on stdout: with borders on a terminal, else in columns that are two blanks apart and never wrapped.</summary>
/// <param name="columns">The headings; one that begins with '>' aligns its column to the right.</param>
internal sealed class TextTable(params string[] columns)
{
    private readonly List<string[]> _rows = [];

    public void Add(params string[] cells) => _rows.Add(cells);

    public void WriteTo(Terminal terminal)
    {
        if (terminal.DrawsOut)
        {
            Draw(terminal);
        }
        else
        {
            WriteLines(terminal.Out);
        }
    }

    private static bool IsRight(string column) => column.StartsWith('>');

    private static string Heading(string column) => IsRight(column) ? column[1..] : column;

    private void Draw(Terminal terminal)
    {
        var table = new Table().RoundedBorder();
        foreach (string column in columns)
        {
            var heading = new TableColumn(new Text(Heading(column), new Style(decoration: Decoration.Bold)));
            table.AddColumn(IsRight(column) ? heading.RightAligned() : heading);
        }

        foreach (string[] row in _rows)
        {
            table.AddRow(row.Select(cell => new Text(cell)));
        }

        terminal.OutConsole().Write(table);
    }

    private void WriteLines(TextWriter writer)
    {
        string[][] lines = [[.. columns.Select(Heading)], .. _rows];
        int[] widths = [.. columns.Select((_, i) => lines.Max(line => line[i].Length))];
        foreach (string[] line in lines)
        {
            var cells = line.Select((cell, i) => IsRight(columns[i]) ? cell.PadLeft(widths[i]) : cell.PadRight(widths[i]));
            writer.WriteLine(string.Join("  ", cells).TrimEnd());
        }
    }
}
