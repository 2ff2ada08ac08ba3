using System.Text.Json.Nodes;

namespace Ballast.Data.Readers;

/// <summary>One row of a file, or why it is none.</summary>
/// <param name="Fields">The row's fields; null when it could not be read.</param>
/// <param name="Source">Where it stands, <c>file:line</c>; a JSON array's row at the line where its object begins.</param>
/// <param name="Fault">Why it could not be read.</param>
internal sealed record SourceRow(JsonObject? Fields, string Source, string? Fault = null);
