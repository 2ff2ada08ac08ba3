namespace Ballast.Configs;

/// <summary>The element type of the forward and backward passes; the optimizer always keeps float32 weights.</summary>
#pragma warning disable CA1720 // the recipe's words, and PyTorch's
public enum Precision
{
    /// <summary>bfloat16 on a GPU that has it, float32 elsewhere.</summary>
    Auto,

    /// <summary>32-bit floats throughout.</summary>
    Float32,

    /// <summary>bfloat16 passes over float32 master weights.</summary>
    Bfloat16,
}
