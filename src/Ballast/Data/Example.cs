using System.Text.Json.Nodes;

namespace Ballast.Data;

/// <summary>A row by its meaning, before it becomes tokens.</summary>
internal abstract record Example;

/// <summary>A conversation; the model is trained on what the assistant says.</summary>
/// <param name="Messages">Role and content of each turn, as chat templates expect them.</param>
/// <param name="Variables">Further template variables of this row alone, such as its tools.</param>
internal sealed record ChatExample(JsonArray Messages, JsonObject? Variables = null) : Example;

/// <summary>A text and how it goes on; the model is trained on the second part.</summary>
/// <param name="Prompt">What is given; may be empty.</param>
/// <param name="Completion">What is learned; an end token follows it.</param>
/// <param name="Raw">True: never wrapped into a chat, even when the model has a chat template.</param>
internal sealed record TextExample(string Prompt, string Completion, bool Raw) : Example;

/// <summary>A row that is tokens already.</summary>
/// <param name="InputIds">Token ids.</param>
/// <param name="Labels">Target ids, not shifted; -100 where there is none.</param>
internal sealed record TokenExample(int[] InputIds, int[] Labels) : Example;
