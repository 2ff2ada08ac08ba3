namespace Ballast.Adapters;

/// <summary>Numbers that stand for names.</summary>
internal static class Hash
{
    /// <summary>Fowler-Noll-Vo hash: what is drawn for a name does not depend on the other names.</summary>
    public static ulong Of(string name)
    {
        ulong hash = 14695981039346656037;
        foreach (char c in name)
        {
            hash = unchecked((hash ^ c) * 1099511628211);
        }

        return hash;
    }
}
