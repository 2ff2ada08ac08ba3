namespace Ballast.Tensors;

/// <summary>A failure inside libtorch, with its own words.</summary>
public sealed class TorchException(string message) : Exception(message)
{
    /// <summary>Whether memory ran out.</summary>
    public bool OutOfMemory => Message.Contains("alloc", StringComparison.OrdinalIgnoreCase) || Message.Contains("out of memory", StringComparison.OrdinalIgnoreCase);
}
