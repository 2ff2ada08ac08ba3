namespace Ballast.Configs;

/// <summary>One thing that is wrong in a configuration.</summary>
/// <param name="Path">The key concerned, dotted, list items in brackets: <c>data.train[0].path</c>.</param>
/// <param name="Message">What is wrong, with the offending value and what is allowed.</param>
public sealed record ConfigProblem(string Path, string Message);
