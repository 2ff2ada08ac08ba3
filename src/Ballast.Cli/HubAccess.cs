using System.Globalization;
using Ballast.Adapters;
using Ballast.Configs;
using Ballast.Hub;

namespace Ballast.Cli;

/// <summary>Models, data sets and recipes as a user names them: a local path wins, else the hub is asked, with its progress on stderr.</summary>
internal static class HubAccess
{
    /// <summary>The hub as the environment describes it.</summary>
    public static HubLibrary Hub(this Terminal terminal) => new(HubSettings.FromEnvironment(), new Lines(terminal), terminal.Cancellation);

    /// <summary>The folder of a model: the path itself, or the one of a name such as owner/name@revision; of MODEL+ADAPTER both folders.</summary>
    public static string Model(this Terminal terminal, string path) =>
        ModelName.Map(path, part => terminal.Folder(part));

    private static string Folder(this Terminal terminal, string path) =>
        !Path.Exists(path) && HubName.Means(path, out var name) && name.Path.Length == 0 ? terminal.Hub().Model(name) : path;

    /// <summary>The recipe of a file, with its overrides.</summary>
    public static Recipe Recipe(this Terminal terminal, string path, IEnumerable<string>? overrides) => Configs.Recipe.Load(path, overrides, terminal.Hub());

    // One line per file and, within a large one, per tenth.
    private sealed class Lines(Terminal terminal) : IProgress<HubProgress>
    {
        private (string File, long Tenth) _last;

        public void Report(HubProgress value)
        {
            long tenth = value.Total == 0 ? 10 : 10 * value.Done / value.Total;
            if ((value.File, tenth) == _last)
            {
                return;
            }

            _last = (value.File, tenth);
            terminal.Say(string.Create(CultureInfo.InvariantCulture, $"{value.Repository}: {value.File}: {value.Done:N0} of {value.Total:N0} bytes"));
        }
    }
}
