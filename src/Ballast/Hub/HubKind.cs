namespace Ballast.Hub;

/// <summary>What a repository of the hub holds.</summary>
public enum HubKind
{
    /// <summary>A model folder.</summary>
    Model,

    /// <summary>Data files.</summary>
    Dataset,
}
