namespace Ballast.Chat.Jinja;

/// <summary>A fault found while reading or running a template; <see cref="Template"/> adds the template's name and the line.</summary>
internal sealed class JinjaException(string message) : Exception(message);

/// <summary>The template itself called raise_exception: its words reach the user unchanged.</summary>
internal sealed class RaisedByTemplateException(string message) : Exception(message);
