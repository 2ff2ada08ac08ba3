using System.Text.Json.Nodes;

namespace Ballast.Data.Formats;

/// <summary>A shape that rows come in.</summary>
internal abstract class DataFormat
{
    /// <summary>The name in recipes, in kebab-case.</summary>
    public abstract string Name { get; }

    /// <summary>The fields that a row of this format has, as a message shows them.</summary>
    public abstract string Shape { get; }

    /// <summary>True when a row looks like this format; false always for a format that must be asked for by name.</summary>
    public abstract bool Fits(JsonObject row);

    /// <summary>What the row means.</summary>
    /// <exception cref="BadRowException">A field is missing, empty or of the wrong type.</exception>
    public abstract Example Convert(JsonObject row);
}
