using Ballast.Chat;
using Ballast.Checkpoints;
using Ballast.Configs;
using Ballast.Merging.Streaming;

namespace Ballast.Merging.Vocabularies;

/// <summary>The chat template of the output: one by name, the commonest of the inputs, or a text.</summary>
internal static class TemplateChoice
{
    private const int ShortestText = 20;

    private static readonly Dictionary<string, string> s_named = new()
    {
        ["alpaca"] = """
            {% if messages[0]['role'] == 'system' %}{{ messages[0]['content'] + '\n\n' }}{% endif %}{% for message in messages %}{% if message['role'] == 'user' %}{{ '### Instruction:\n' + message['content'] + '\n\n' }}{% elif message['role'] == 'assistant' %}{{ '### Response:\n' + message['content'] + eos_token + '\n\n' }}{% endif %}{% endfor %}{% if add_generation_prompt %}{{ '### Response:\n' }}{% endif %}
            """,
        ["chatml"] = """
            {% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}
            """,
        ["exaone"] = """
            {% for message in messages %}{% if loop.first and message['role'] != 'system' %}{{ '[|system|][|endofturn|]\n' }}{% endif %}{{ '[|' + message['role'] + '|]' + message['content'] }}{% if message['role'] == 'user' %}{{ '\n' }}{% else %}{{ '[|endofturn|]\n' }}{% endif %}{% endfor %}{% if add_generation_prompt %}{{ '[|assistant|]' }}{% endif %}
            """,
        ["llama3"] = """
            {% for message in messages %}{% if loop.first %}{{ bos_token }}{% endif %}{{ '<|start_header_id|>' + message['role'] + '<|end_header_id|>\n\n' + message['content'] | trim + '<|eot_id|>' }}{% endfor %}{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %}
            """,
        ["mistral"] = """
            {% if messages[0]['role'] == 'system' %}{% set system = messages[0]['content'] + '\n\n' %}{% set turns = messages[1:] %}{% else %}{% set system = '' %}{% set turns = messages %}{% endif %}{{ bos_token }}{% for message in turns %}{% if message['role'] == 'user' %}{{ ' [INST] ' + (system if loop.first else '') + message['content'] + ' [/INST]' }}{% else %}{{ ' ' + message['content'] + eos_token }}{% endif %}{% endfor %}
            """,
    };

    /// <summary>The template that a file asks for; null for "auto" where no input has one.</summary>
    /// <param name="wanted">auto, a name, or a text of at least 20 characters with a brace.</param>
    /// <param name="models">The inputs, in order.</param>
    /// <exception cref="ConfigException">The text is neither name nor template.</exception>
    public static string? Of(string wanted, IEnumerable<InputModel> models)
    {
        if (wanted == "auto")
        {
            return models.Select(m => TemplateFolder.Read(m.Reference.Folder).Templates.GetValueOrDefault("default").Source).Where(t => t is not null)
                .GroupBy(t => t).MaxBy(g => g.Count())?.Key;
        }

        if (s_named.TryGetValue(wanted, out string? named))
        {
            return named;
        }

        if (wanted.Length < ShortestText || !wanted.Contains('{'))
        {
            throw new ConfigException($"chat_template: there is no template {PrintableName.Quote(wanted)}{Suggestion.For(wanted, s_named.Keys.Append("auto"))}; "
                + $"known are auto, {string.Join(", ", s_named.Keys.Order(StringComparer.Ordinal))}, or write the template itself");
        }

        ChatTemplate.Parse(wanted);
        return wanted;
    }
}
