namespace Ballast.Data;

/// <summary>One row that cannot be used; caught where rows are counted, which adds its place.</summary>
internal sealed class BadRowException(string reason) : Exception(reason)
{
    /// <summary>A fault of one field.</summary>
    public BadRowException(string field, string reason) : this($"{field}: {reason}")
    {
    }
}
