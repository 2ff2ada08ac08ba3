using System.Diagnostics;
using Ballast.Tensors;

namespace Ballast.Training;

/// <summary>Measures how many floating-point operations per second this process reaches in a 1024 x 1024 matrix product: what a step is compared with.</summary>
public static class GemmPeak
{
    private const int Size = 1024;

    /// <summary>The best of a few rounds, in operations per second.</summary>
    public static double Measure(DType dtype, Device? device = null, int rounds = 4, int products = 20)
    {
        using var a = Tensor.Empty(dtype, device ?? Device.Cpu, Size, Size);
        using var b = Tensor.Empty(dtype, device ?? Device.Cpu, Size, Size);
        a.FillNormal(1, 0);
        double best = 0;
        for (int round = 0; round < rounds; round++)
        {
            long start = Stopwatch.GetTimestamp();
            for (int i = 0; i < products; i++)
            {
                Ops.Gemm(b, a, a);
            }

            best = Math.Max(best, products * 2.0 * Size * Size * Size / Stopwatch.GetElapsedTime(start).TotalSeconds);
        }

        return best;
    }
}
