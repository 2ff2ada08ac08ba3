using System.Collections.Concurrent;
using System.Diagnostics;
using Ballast.Tensors;

namespace Ballast.Training;

/// <summary>Measures how many floating-point operations per second this process reaches in a large matrix product: what a step is compared with.</summary>
public static class GemmPeak
{
    private const int Size = 1024;

    private static readonly ConcurrentDictionary<(DType, string), Lazy<double>> s_known = new();

    /// <summary>The same, measured once per process: it is a property of the machine, and a process may make many short runs.</summary>
    public static double Known(DType dtype, Device device) =>
        s_known.GetOrAdd((dtype, device.ToString()), _ => new Lazy<double>(() => Measure(dtype, device, 2, 6))).Value;

    /// <summary>The best of a few rounds, in operations per second.</summary>
    /// <param name="dtype">Element type.</param>
    /// <param name="device">Where; the CPU when null.</param>
    /// <param name="rounds">Rounds, at least 1.</param>
    /// <param name="products">Products per round, at least 1.</param>
    /// <param name="inner">Columns of the left factor.</param>
    /// <param name="columns">Columns of the right factor.</param>
    /// <param name="size">Rows of the left factor.</param>
    public static double Measure(DType dtype, Device? device = null, int rounds = 4, int products = 20, int inner = Size, int columns = Size, int size = Size)
    {
        using var a = Tensor.Empty(dtype, device ?? Device.Cpu, size, inner);
        using var b = Tensor.Empty(dtype, device ?? Device.Cpu, inner, columns);
        using Tensor c = Tensor.Empty(dtype, device ?? Device.Cpu, size, columns), last = c.Narrow(0, size - 1, 1);
        a.FillNormal(1, 0);
        b.FillNormal(1, 1);
        double best = 0;
        for (int round = 0; round < rounds; round++)
        {
            long start = Stopwatch.GetTimestamp();
            for (int i = 0; i < products; i++)
            {
                Ops.Gemm(c, a, b);
            }

            _ = last.ToArray<float>();  // waits for what a CUDA device has only queued
            best = Math.Max(best, products * 2.0 * size * inner * columns / Stopwatch.GetElapsedTime(start).TotalSeconds);
        }

        return best;
    }
}
