using Ballast.Checkpoints;
using Ballast.Models;
using Ballast.Tensors;
using Xunit;

namespace Ballast.Tests.Support;

/// <summary>Reads reference tensors and compares with them.</summary>
internal static class GoldenTensors
{
    public static float[] Floats(SafetensorsFile file, string name)
    {
        var entry = file.Entries[name];
        using var tensor = Tensor.Empty(entry.DType, Device.Cpu, entry.Shape);
        Copy(file, name, tensor);
        return tensor.ToArray<float>();
    }

    public static int[] Ints(SafetensorsFile file, string name)
    {
        var entry = file.Entries[name];
        using var tensor = Tensor.Empty(entry.DType, Device.Cpu, entry.Shape);
        Copy(file, name, tensor);
        return tensor.ToArray<int>();
    }

    public static TokenBatch Batch(SafetensorsFile file, string prefix = "") => new(Ints(file, prefix + "input_ids"), (int)file.Entries[prefix + "input_ids"].Shape[0], Ints(file, prefix + "labels"));

    /// <summary>Asserts |actual - expected| at most the tolerance everywhere, naming the worst place.</summary>
    public static void Close(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual, double tolerance, string what)
    {
        Assert.Equal(expected.Length, actual.Length);
        double worst = 0;
        int place = 0;
        for (int i = 0; i < expected.Length; i++)
        {
            double difference = Math.Abs(expected[i] - (double)actual[i]);
            if (!(difference <= worst))
            {
                (worst, place) = (difference, i);
            }
        }

        Assert.True(worst <= tolerance, $"{what}: difference {worst:g4} above {tolerance:g4} at {place} of {expected.Length}: expected {expected[place]}, got {actual[place]}");
    }

    private static unsafe void Copy(SafetensorsFile file, string name, Tensor tensor) => file.Content(name).CopyTo(tensor.Data);
}
