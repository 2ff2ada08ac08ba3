namespace Ballast.Tensors;

/// <summary>Where a tensor lives.</summary>
/// <param name="Index">-1 for the CPU, else the number of the CUDA device.</param>
public readonly record struct Device(int Index)
{
    /// <summary>The CPU.</summary>
    public static Device Cpu { get; } = new(-1);

    /// <summary>A CUDA device, numbered from 0.</summary>
    public static Device Cuda(int index) => new(index);

    /// <summary>Whether this is the CPU.</summary>
    public bool IsCpu => Index < 0;

    internal int Code => Index + 1;

    /// <summary>"cpu" or "cuda:N".</summary>
    public override string ToString() => IsCpu ? "cpu" : $"cuda:{Index}";
}
