using Spectre.Console;

namespace Ballast.Cli;

/// <summary>Shows on stderr how far a long piece of work is: a bar on a terminal, else a line at each quarter.</summary>
internal static class Progress
{
    /// <summary>Runs the work and hands it a counter that takes the number of items done so far.</summary>
    public static T Track<T>(this Terminal terminal, string title, int total, Func<IProgress<int>, T> work)
    {
        if (!terminal.DrawsError)
        {
            return work(new Lines(terminal, title, total));
        }

        return terminal.ErrorConsole().Progress().AutoClear(true)
            .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn())
            .Start(context => work(new Bar(context.AddTask(Markup.Escape(title), maxValue: Math.Max(1, total)))));
    }

    /// <summary>Runs the work and hands it a meter that takes the share done so far, in [0, 1].</summary>
    public static T TrackShare<T>(this Terminal terminal, string title, Func<IProgress<double>, T> work) =>
        terminal.Track(title, 100, counter => work(new Share(counter)));

    private sealed class Share(IProgress<int> percent) : IProgress<double>
    {
        public void Report(double value) => percent.Report((int)(100 * value));
    }

    private sealed class Bar(ProgressTask task) : IProgress<int>
    {
        public void Report(int value) => task.Value = value;
    }

    private sealed class Lines(Terminal terminal, string title, int total) : IProgress<int>
    {
        private int _quarters;

        public void Report(int value)
        {
            int quarters = total > 0 ? (int)Math.Min(4, 4L * value / total) : 0;
            if (quarters > _quarters)
            {
                _quarters = quarters;
                terminal.Say($"{title}: {value}/{total}");
            }
        }
    }
}
