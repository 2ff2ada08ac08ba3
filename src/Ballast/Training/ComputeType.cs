using Ballast.Configs;
using Ballast.Models;
using Ballast.Tensors;

namespace Ballast.Training;

/// <summary>Chooses the element type a run computes in.</summary>
public static class ComputeType
{
    private const double WorthIt = 1.5;

    /// <summary>
    /// The type that a recipe asks for; auto takes BF16 where its matrix products of the model's own size measure at least 1.5 times as fast as F32's: many CPUs
    /// have no BF16 units, and small models gain nothing from them.
    /// </summary>
    public static DType Of(Precision precision, Device device, DecoderConfig config) => Choose(precision, dtype => GemmPeak.Measure(dtype, device, 2, 4, config.HiddenSize, config.IntermediateSize));

    private static DType Choose(Precision precision, Func<DType, double> speed) => precision switch
    {
        Precision.Float32 => DType.F32,
        Precision.Bfloat16 => DType.BF16,
        _ => speed(DType.BF16) >= WorthIt * speed(DType.F32) ? DType.BF16 : DType.F32,
    };
}
