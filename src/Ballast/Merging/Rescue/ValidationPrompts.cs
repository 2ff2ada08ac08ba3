using System.Text.Json.Nodes;
using Ballast.Data;
using Ballast.Data.Formats;
using Ballast.Data.Readers;
using Ballast.Evaluation.Suites;

namespace Ballast.Merging.Rescue;

/// <summary>Makes a utility suite of a data file: what the user says is the prompt, what the assistant says the reference.</summary>
internal static class ValidationPrompts
{
    /// <summary>The suite, named after the file.</summary>
    /// <exception cref="DataException">A row is broken or no single question with its answer, or system messages differ.</exception>
    public static Suite Of(string file, int? limit)
    {
        DataFormat? format = null;
        var prompts = new List<SuitePrompt>();
        (string? System, bool Raw)? form = null;
        foreach (SourceRow row in RowReader.Read(file).Take(limit ?? int.MaxValue))
        {
            try
            {
                JsonObject fields = row.Fields ?? throw new BadRowException(row.Fault!);
                format ??= DataFormats.Detect(fields, row.Source);
                var (prompt, answer, system, raw) = Parts(format.Convert(fields));
                if (form is { } known && known != (system, raw))
                {
                    throw new BadRowException("has another system message than the rows before it; a text metric needs one for all rows");
                }

                form = (system, raw);
                prompts.Add(new SuitePrompt($"{prompts.Count + 1}", prompt, [answer]));
            }
            catch (BadRowException fault)
            {
                throw new DataException($"{row.Source}: {fault.Message}", fault);
            }
        }

        return prompts.Count == 0
            ? throw new DataException($"{file}: holds no row")
            : new Suite(Path.GetFileNameWithoutExtension(file), SuiteKind.Utility, prompts) { System = form!.Value.System, Style = form.Value.Raw ? PromptStyle.Raw : PromptStyle.Chat };
    }

    private static (string Prompt, string Answer, string? System, bool Raw) Parts(Example example)
    {
        switch (example)
        {
            case TextExample text:
                return (text.Prompt, text.Completion, null, text.Raw);
            case ChatExample { Messages: var messages, Variables: null }:
                string? system = messages is [{ } first, ..] && (string?)first["role"] == "system" ? (string?)first["content"] : null;
                JsonNode?[] turns = [.. messages.Skip(system is null ? 0 : 1)];
                return turns is [{ } user, { } assistant] && (string?)user["role"] == "user" && (string?)assistant["role"] == "assistant" && (string?)assistant["content"] is { } answer
                    ? ((string)user["content"]!, answer, system, false)
                    : throw new BadRowException("is no single question with one answer; take --utility loss, which reads every conversation");
            default:
                throw new BadRowException("cannot be asked as a prompt; take --utility loss");
        }
    }
}
