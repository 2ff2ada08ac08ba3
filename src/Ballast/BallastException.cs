namespace Ballast;

/// <summary>A fault the user can mend: one line that names the file, line or tensor, what was found, what is expected and what to do.</summary>
/// <remarks>The command line prints <see cref="Exception.Message"/> alone on stderr and exits with 2, after a <see cref="RunException"/> with 1.</remarks>
public abstract class BallastException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>A fault in a recipe, an option or a combination of both.</summary>
public sealed class ConfigException(string message, Exception? inner = null) : BallastException(message, inner);

/// <summary>A fault in a model folder: configuration, weights or adapter files.</summary>
public sealed class CheckpointException(string message, Exception? inner = null) : BallastException(message, inner);

/// <summary>A fault in a tokenizer file, or a kind of tokenizer that is not supported.</summary>
public sealed class TokenizerException(string message, Exception? inner = null) : BallastException(message, inner);

/// <summary>A fault in a chat template or in the messages it was given.</summary>
public sealed class TemplateException(string message, Exception? inner = null) : BallastException(message, inner);

/// <summary>A fault in a data file: the message names file:line, field and reason.</summary>
public sealed class DataException(string message, Exception? inner = null) : BallastException(message, inner);

/// <summary>A run that had to stop: a non-finite loss or gradient, an average that tracked nothing, a full disk.</summary>
public sealed class RunException(string message, Exception? inner = null) : BallastException(message, inner);
