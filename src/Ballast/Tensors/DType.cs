namespace Ballast.Tensors;

/// <summary>Element types of tensors: every type the safetensors format knows.</summary>
/// <remarks>The engine computes with F32, BF16, F16, F64, I64, I32, U8 and Bool; the others are read, described and copied as bytes.</remarks>
public enum DType
{
    /// <summary>IEEE 754 binary32.</summary>
    F32,

    /// <summary>IEEE 754 binary16: 10 bits of mantissa, largest finite value 65504.</summary>
    F16,

    /// <summary>The upper half of an F32: 7 bits of mantissa, the range of F32.</summary>
    BF16,

    /// <summary>IEEE 754 binary64.</summary>
    F64,

    /// <summary>Signed 64-bit integer.</summary>
    I64,

    /// <summary>Signed 32-bit integer.</summary>
    I32,

    /// <summary>Signed 16-bit integer.</summary>
    I16,

    /// <summary>Signed 8-bit integer.</summary>
    I8,

    /// <summary>Unsigned 8-bit integer.</summary>
    U8,

    /// <summary>Truth value of one byte, 0 or 1.</summary>
    Bool,

    /// <summary>Unsigned 16-bit integer.</summary>
    U16,

    /// <summary>Unsigned 32-bit integer.</summary>
    U32,

    /// <summary>Unsigned 64-bit integer.</summary>
    U64,

    /// <summary>Complex number of two F32: real, imaginary.</summary>
    C64,

    /// <summary>8-bit float, 4 bits of exponent and 3 of mantissa, no infinities (OCP E4M3).</summary>
    F8E4M3,

    /// <summary>8-bit float, 5 bits of exponent and 2 of mantissa (OCP E5M2).</summary>
    F8E5M2,

    /// <summary>8-bit power of two, exponent only: the shared scale of OCP microscaling blocks.</summary>
    F8E8M0,

    /// <summary>F8E4M3 with one zero and one NaN and another exponent bias.</summary>
    F8E4M3Fnuz,

    /// <summary>F8E5M2 with one zero and one NaN and another exponent bias.</summary>
    F8E5M2Fnuz,

    /// <summary>4-bit float, two to a byte.</summary>
    F4,

    /// <summary>6-bit float, 2 bits of exponent and 3 of mantissa, four to three bytes.</summary>
    F6E2M3,

    /// <summary>6-bit float, 3 bits of exponent and 2 of mantissa, four to three bytes.</summary>
    F6E3M2,
}
