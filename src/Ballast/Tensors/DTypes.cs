namespace Ballast.Tensors;

/// <summary>Names and sizes of <see cref="DType"/>.</summary>
public static class DTypes
{
    private static readonly (DType Type, string Name, int Bits)[] s_all =
    [
        (DType.F32, "F32", 32), (DType.F16, "F16", 16), (DType.BF16, "BF16", 16), (DType.F64, "F64", 64),
        (DType.I64, "I64", 64), (DType.I32, "I32", 32), (DType.I16, "I16", 16), (DType.I8, "I8", 8),
        (DType.U8, "U8", 8), (DType.Bool, "BOOL", 8), (DType.U16, "U16", 16), (DType.U32, "U32", 32), (DType.U64, "U64", 64),
        (DType.C64, "C64", 64), (DType.F8E4M3, "F8_E4M3", 8), (DType.F8E5M2, "F8_E5M2", 8), (DType.F8E8M0, "F8_E8M0", 8),
        (DType.F8E4M3Fnuz, "F8_E4M3FNUZ", 8), (DType.F8E5M2Fnuz, "F8_E5M2FNUZ", 8),
        (DType.F4, "F4", 4), (DType.F6E2M3, "F6_E2M3", 6), (DType.F6E3M2, "F6_E3M2", 6),
    ];

    private static readonly Dictionary<string, DType> s_byName = s_all.ToDictionary(d => d.Name, d => d.Type, StringComparer.Ordinal);

    extension(DType type)
    {
        /// <summary>Size of one element in bits; 4 and 6 for the types that share bytes.</summary>
        public int BitSize => s_all[(int)type].Bits;

        /// <summary>The word for this type in a safetensors header, such as "BF16".</summary>
        public string SafetensorsName => s_all[(int)type].Name;

        /// <summary>True for the floating-point types the engine computes with: F32, F16, BF16 and F64.</summary>
        public bool IsFloat => type is DType.F32 or DType.F16 or DType.BF16 or DType.F64;
    }

    /// <summary>The type a safetensors header means by a word (case matters), or false for an unknown word.</summary>
    public static bool TryParse(string name, out DType type) => s_byName.TryGetValue(name, out type);
}
