using System.Text.Encodings.Web;
using System.Text.Json;
using Ballast.Checkpoints;

namespace Ballast.Demo;

/// <summary>A world as ordinary files: training data as JSON Lines of messages, suites as prompts with a YAML description, and the untrained model.</summary>
internal static class WorldFolder
{
    /// <summary>The folder of the untrained model within the world's.</summary>
    public const string UntrainedModel = "untrained";

    private const int MaxNewTokens = 32;

    /// <summary>Writes every file; an older folder of that name is replaced as a whole.</summary>
    /// <exception cref="RunException">The disk cannot be written.</exception>
    public static void Write(World world, string folder)
    {
        using var target = new DurableFolder(folder, replace: true);
        foreach (var (name, dialogs) in world.Stages)
        {
            WriteLines(Path.Combine(target.Working, $"{name}.jsonl"), dialogs, WriteMessages);
        }

        foreach (var (name, dialogs) in world.Suites)
        {
            WriteLines(Path.Combine(target.Working, $"{name}.jsonl"), dialogs, WritePrompt);
            File.WriteAllText(Path.Combine(target.Working, $"{name}.yaml"), Description(name));
        }

        var texts = world.Stages.Concat(world.Suites).SelectMany(part => part.Dialogs).SelectMany(dialog => new[] { dialog.Request, dialog.Answer });
        WorldModel.Write(Path.Combine(target.Working, UntrainedModel), new WorldTokenizer(texts), world.Seed);
        target.Complete();
    }

    private static void WriteLines(string path, IEnumerable<Dialog> dialogs, Action<Utf8JsonWriter, Dialog> write)
    {
        using FileStream stream = File.Create(path);
        foreach (var dialog in dialogs)
        {
            using (var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
            {
                json.WriteStartObject();
                write(json, dialog);
                json.WriteEndObject();
            }

            stream.WriteByte((byte)'\n');
        }
    }

    private static void WriteMessages(Utf8JsonWriter json, Dialog dialog)
    {
        json.WriteStartArray("messages");
        foreach (var (role, content) in new[] { ("user", dialog.Request), ("assistant", dialog.Answer) })
        {
            json.WriteStartObject();
            json.WriteString("role", role);
            json.WriteString("content", content);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WritePrompt(Utf8JsonWriter json, Dialog dialog)
    {
        json.WriteString("prompt", dialog.Request);
        json.WriteString("reference", dialog.Answer);
    }

    private static string Description(string name)
    {
        string kind = name switch { "harmful" => "harmful", "look-alikes" => "benign", _ => "utility" };
        string metrics = kind == "utility" ? "reference: reference\nmetrics: [exact-match]\n" : "";
        return $"name: {name}\nkind: {kind}\nprompts: {name}.jsonl\ncolumn: prompt\n{metrics}max_new_tokens: {MaxNewTokens}\n";
    }
}
