using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Ballast.Merging.Methods;

/// <summary>The loops that most merges spend their time in; compiled for speed at their first call, since a merge is over before a loop would be found hot.</summary>
internal static class Kernels
{
    /// <summary>result = x factor.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Scale(ReadOnlySpan<float> x, float factor, Span<float> result)
    {
        ref float from = ref MemoryMarshal.GetReference(x), to = ref MemoryMarshal.GetReference(result[..x.Length]);
        Vector<float> f = new(factor);
        int i = 0;
        for (; i <= x.Length - Vector<float>.Count; i += Vector<float>.Count)
        {
            (Vector.LoadUnsafe(ref from, (nuint)i) * f).StoreUnsafe(ref to, (nuint)i);
        }

        for (; i < x.Length; i++)
        {
            result[i] = x[i] * factor;
        }
    }

    /// <summary>result = x factor + y, rounded once; y may be the result.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void AddScaled(ReadOnlySpan<float> x, float factor, ReadOnlySpan<float> y, Span<float> result)
    {
        ref float a = ref MemoryMarshal.GetReference(x), b = ref MemoryMarshal.GetReference(y[..x.Length]), to = ref MemoryMarshal.GetReference(result[..x.Length]);
        Vector<float> f = new(factor);
        int i = 0;
        for (; i <= x.Length - Vector<float>.Count; i += Vector<float>.Count)
        {
            Vector.FusedMultiplyAdd(Vector.LoadUnsafe(ref a, (nuint)i), f, Vector.LoadUnsafe(ref b, (nuint)i)).StoreUnsafe(ref to, (nuint)i);
        }

        for (; i < x.Length; i++)
        {
            result[i] = MathF.FusedMultiplyAdd(x[i], factor, y[i]);
        }
    }

    /// <summary>result = x - y.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Subtract(ReadOnlySpan<float> x, ReadOnlySpan<float> y, Span<float> result)
    {
        ref float a = ref MemoryMarshal.GetReference(x), b = ref MemoryMarshal.GetReference(y[..x.Length]), to = ref MemoryMarshal.GetReference(result[..x.Length]);
        int i = 0;
        for (; i <= x.Length - Vector<float>.Count; i += Vector<float>.Count)
        {
            (Vector.LoadUnsafe(ref a, (nuint)i) - Vector.LoadUnsafe(ref b, (nuint)i)).StoreUnsafe(ref to, (nuint)i);
        }

        for (; i < x.Length; i++)
        {
            result[i] = x[i] - y[i];
        }
    }
}
