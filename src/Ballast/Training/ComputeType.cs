using Ballast.Configs;
using Ballast.Tensors;

namespace Ballast.Training;

/// <summary>Chooses the element type a run computes in.</summary>
public static class ComputeType
{
    private const double WorthIt = 1.5;

    /// <summary>The type that a recipe asks for; auto takes BF16 where its matrix products measure at least 1.5 times as fast as F32's (many CPUs have no BF16 units).</summary>
    public static DType Of(Precision precision, Device device) => precision switch
    {
        Precision.Float32 => DType.F32,
        Precision.Bfloat16 => DType.BF16,
        _ => GemmPeak.Measure(DType.BF16, device, 2, 4) >= WorthIt * GemmPeak.Measure(DType.F32, device, 2, 4) ? DType.BF16 : DType.F32,
    };
}
