namespace Ballast.Chat;

/// <summary>A conversation as the model reads it.</summary>
/// <param name="Text">The whole text, with the special tokens written out; it is to be encoded without adding special tokens (traps of a doubled BOS).</param>
/// <param name="GenerationSpans">
/// Parts [Start, End) of the text, in code points, that the assistant writes: in order and without overlap. From <see cref="ChatTemplate.Render"/>
/// they are the template's own generation blocks, from <see cref="ChatTemplate.AssistantSpans"/> they are known for any template.
/// </param>
public sealed record RenderedChat(string Text, IReadOnlyList<(int Start, int End)> GenerationSpans);
