namespace Ballast.Merging;

/// <summary>How far fine-tuning moved one tensor.</summary>
/// <param name="Name">Tensor name in the output.</param>
/// <param name="AlignedNorm">Euclidean norm of the aligned tensor.</param>
/// <param name="TaskNorm">Euclidean norm of tuned minus aligned.</param>
public sealed record TensorDistance(string Name, double AlignedNorm, double TaskNorm);

/// <summary>What a merge read and wrote.</summary>
/// <param name="Lambda">Weight of the tuned model.</param>
/// <param name="AlignedHash">SHA-256 over the aligned weights, see <see cref="Checkpoints.ModelFolder.HashWeights(string, CancellationToken)"/>.</param>
/// <param name="TunedHash">SHA-256 over the tuned weights.</param>
/// <param name="Tensors">Distances of the merged float tensors, in output order.</param>
/// <param name="Parameters">Elements written.</param>
/// <param name="HeadUntied">True when one input shares embedding and head and the other does not, so that the output has a head of its own.</param>
public sealed record MergeSummary(
    double Lambda, string AlignedHash, string TunedHash, IReadOnlyList<TensorDistance> Tensors, long Parameters, bool HeadUntied)
{
    /// <summary>Norm of the whole task vector: tuned minus aligned over all float tensors.</summary>
    public double TaskNorm => Math.Sqrt(Tensors.Sum(t => t.TaskNorm * t.TaskNorm));

    /// <summary>Norm of all aligned float tensors together.</summary>
    public double AlignedNorm => Math.Sqrt(Tensors.Sum(t => t.AlignedNorm * t.AlignedNorm));

    /// <summary>Norm of the task vector over the norm of the aligned weights; the merge lies at lambda times this distance.</summary>
    public double RelativeDistance => TaskNorm / AlignedNorm;
}
