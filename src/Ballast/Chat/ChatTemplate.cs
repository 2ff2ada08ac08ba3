using System.Globalization;
using System.Text.Json.Nodes;
using Ballast.Chat.Jinja;

namespace Ballast.Chat;

/// <summary>A model's chat template: Jinja as Hugging Face runs it, in an interpreter that reaches nothing but the values it is given.</summary>
/// <remarks>
/// Safe for concurrent use. Rendering is bounded in steps, output and depth. Message contents are data and are never parsed. Departures from Jinja: text marked safe is plain text,
/// some filters without use in chat templates are left out (see Jinja/Filters.cs), and lipsum is refused, since a template must render the same text each time.
/// </remarks>
public sealed class ChatTemplate
{
    private readonly Template? _default;
    private readonly Template? _withTools;
    private readonly IReadOnlyDictionary<string, string> _specialTokens;
    private readonly DateTimeOffset _now;

    private ChatTemplate(string name, Template? main, Template? withTools, IReadOnlyDictionary<string, string> specialTokens, DateTimeOffset? now)
    {
        (Name, _default, _withTools, _specialTokens, _now) = (name, main, withTools, specialTokens, now ?? DefaultNow);
    }

    /// <summary>The time strftime_now reads where none is given: 2024-07-06 15:04:05, so that the same messages always give the same text.</summary>
    public static DateTimeOffset DefaultNow { get; } = new(2024, 7, 6, 15, 4, 5, TimeSpan.Zero);

    /// <summary>File or folder the template came from, for messages.</summary>
    public string Name { get; }

    /// <summary>Whether the template marks what the assistant writes with {% generation %} blocks.</summary>
    public bool MarksGeneration => (_default ?? _withTools)!.MarksGeneration;

    /// <summary>Reads the template of a model folder, or a .jinja file.</summary>
    /// <param name="path">
    /// A folder: chat_template.jinja and additional_chat_templates/ win over tokenizer_config.json. A template named tool_use renders conversations that have tools.
    /// For a file, the special tokens come from the tokenizer_config.json beside it, where there is one.
    /// </param>
    /// <param name="now">The time strftime_now reads; <see cref="DefaultNow"/> when null. A variable "now" (ISO 8601) has precedence.</param>
    /// <exception cref="TemplateException">There is no template, or it does not parse.</exception>
    public static ChatTemplate Load(string path, DateTimeOffset? now = null)
    {
        if (!Directory.Exists(path))
        {
            string source = TemplateFolder.ReadText(path);
            return new ChatTemplate(path, new Template(source, path), null, TemplateFolder.ReadTokens(Path.GetDirectoryName(Path.GetFullPath(path))!), now);
        }

        TemplateFolder folder = TemplateFolder.Read(path);
        Template? main = Named("default");
        Template? withTools = Named("tool_use");
        if (main is null && withTools is null)
        {
            throw new TemplateException(folder.Templates.Count == 0
                ? $"{path}: no chat template; expected chat_template.jinja or a chat_template in tokenizer_config.json"
                : $"{path}: several chat templates and none named default or tool_use: {string.Join(", ", folder.Templates.Keys)}");
        }

        return new ChatTemplate(path, main, withTools, folder.SpecialTokens, now);

        Template? Named(string name) => folder.Templates.TryGetValue(name, out var found) ? new Template(found.Source, found.File) : null;
    }

    /// <summary>Reads the template of a model folder, or gives null when the folder has none.</summary>
    /// <exception cref="TemplateException">There is a template and it does not parse.</exception>
    public static ChatTemplate? TryLoad(string folder, DateTimeOffset? now = null) => TemplateFolder.Read(folder).Templates.Count == 0 ? null : Load(folder, now);

    /// <summary>Parses a template.</summary>
    /// <param name="source">The template's text; at most a million characters.</param>
    /// <param name="specialTokens">Variables such as bos_token and eos_token; an absent one is undefined and prints nothing.</param>
    /// <param name="now">The time strftime_now reads; <see cref="DefaultNow"/> when null.</param>
    /// <param name="name">What messages call the template.</param>
    /// <exception cref="TemplateException">The template does not parse; the message names the line.</exception>
    public static ChatTemplate Parse(string source, IReadOnlyDictionary<string, string>? specialTokens = null, DateTimeOffset? now = null, string name = "chat template")
        => new(name, new Template(source, name), null, specialTokens ?? new Dictionary<string, string>(), now);

    /// <summary>Renders a conversation.</summary>
    /// <param name="messages">Objects with role and content, as transformers 5 takes them: null values are dropped, reasoning is known under each of its names.</param>
    /// <param name="addGenerationPrompt">Ends with what precedes an answer of the assistant.</param>
    /// <param name="variables">Further variables: tools, documents, date_string, enable_thinking; "now" (ISO 8601) sets the time strftime_now reads.</param>
    /// <param name="continueFinalMessage">Ends inside the last message, for the model to go on with it; not together with <paramref name="addGenerationPrompt"/>.</param>
    /// <returns>The text, and the spans of the template's generation blocks.</returns>
    /// <exception cref="TemplateException">The template refuses the messages (its own words alone), fails, or does too much work.</exception>
    public RenderedChat Render(JsonArray messages, bool addGenerationPrompt = false, JsonObject? variables = null, bool continueFinalMessage = false)
    {
        if (!continueFinalMessage)
        {
            Rendering rendering = RenderPlain(messages, addGenerationPrompt, variables);
            return new RenderedChat(rendering.Text, rendering.Spans);
        }

        if (addGenerationPrompt)
        {
            throw new TemplateException("a generation prompt and the continuation of the final message exclude each other; ask for one of them");
        }

        (JsonArray marked, string content) = FinalMessage.Open(messages);
        Rendering whole = RenderPlain(marked, false, variables);
        string text = FinalMessage.Cut(whole.Text, content, Name);
        int length = CodePoints.Count(text);
        return new RenderedChat(text, [.. whole.Spans.Where(span => span.Start < length).Select(span => (span.Start, Math.Min(span.End, length)))]);
    }

    /// <summary>Renders a conversation and finds what the assistant writes in it, with the token that ends each turn.</summary>
    /// <remarks>
    /// Where the template marks it ({% generation %}), its marks are taken as they are. Elsewhere each message of the assistant is found by rendering the conversation
    /// up to it and with its content marked; a span starts where the generation prompt ends and goes on through the end-of-turn token, without the blanks between that and the next message.
    /// </remarks>
    /// <param name="messages">As in <see cref="Render"/>; messages with the role assistant are the targets.</param>
    /// <param name="variables">As in <see cref="Render"/>.</param>
    /// <exception cref="TemplateException">As in <see cref="Render"/>; or the spans of this template cannot be told for certain, with its name and the message.</exception>
    public RenderedChat AssistantSpans(JsonArray messages, JsonObject? variables = null)
    {
        Rendering rendering = RenderPlain(messages, false, variables);
        return MarksGeneration && !rendering.LostSpans
            ? new RenderedChat(rendering.Text, rendering.Spans)
            : new AssistantSpanFinder(this, messages, variables, rendering.Text).Find();
    }

    /// <summary>What stands after the assistant's words at the end of its turn, as in &lt;|eot_id|&gt;; null where that cannot be told.</summary>
    public string? EndOfTurn()
    {
        const string Words = "Ballast";
        try
        {
            var messages = new JsonArray(Message("user", "?"), Message("assistant", Words));
            RenderedChat rendered = AssistantSpans(messages);
            if (rendered.GenerationSpans is not [.., var span])
            {
                return null;
            }

            string turn = string.Concat(rendered.Text.EnumerateRunes().Take(span.End).Skip(span.Start));
            int words = turn.LastIndexOf(Words, StringComparison.Ordinal);
            string end = words < 0 ? "" : turn[(words + Words.Length)..].Trim();
            return end.Length > 0 ? end : null;
        }
        catch (TemplateException)
        {
            return null;
        }

        static JsonObject Message(string role, string content) => new() { ["role"] = role, ["content"] = content };
    }

    internal Rendering RenderPlain(IEnumerable<JsonNode?> messages, bool addGenerationPrompt, JsonObject? variables)
    {
        Template template = (variables?["tools"] is not null ? _withTools : null) ?? _default
            ?? throw new TemplateException($"{Name}: the only chat template is for conversations with tools; expected one named default as well");
        var values = new Dictionary<string, object?>(StringComparer.Ordinal) { ["tools"] = null, ["documents"] = null };
        foreach ((string name, string token) in _specialTokens)
        {
            values[name] = token;
        }

        foreach ((string name, object? value) in ChatMessages.Read(variables))
        {
            values[name] = value;
        }

        values["messages"] = ChatMessages.Read(messages);
        values["add_generation_prompt"] = addGenerationPrompt;
        return template.Render(values, Now(values));
    }

    private DateTimeOffset Now(Dictionary<string, object?> variables) => variables.GetValueOrDefault("now") switch
    {
        null => _now,
        string text when DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset given) => given,
        _ => throw new TemplateException("the variable now is not a time; expected ISO 8601 such as 2024-07-06T15:04:05"),
    };
}
