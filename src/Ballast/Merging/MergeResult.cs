namespace Ballast.Merging;

/// <summary>What a merge wrote.</summary>
/// <param name="Method">The merge method.</param>
/// <param name="Tensors">Number of tensors.</param>
/// <param name="Parameters">Number of elements.</param>
/// <param name="Bytes">Size of the weights in bytes.</param>
/// <param name="Resumed">Tensors that an earlier run, which was killed, had completed.</param>
/// <param name="Inputs">The models and the hashes of their weights, see <see cref="Checkpoints.ModelFolder.HashWeights(string, CancellationToken)"/>.</param>
/// <param name="Notes">What people should know: keys without effect, tokens without rows.</param>
public sealed record MergeResult(
    string Method, int Tensors, long Parameters, long Bytes, int Resumed, IReadOnlyList<MergeInputHash> Inputs, IReadOnlyList<string> Notes);

/// <summary>An input and its hash.</summary>
/// <param name="Model">As the merge file names it.</param>
/// <param name="Sha256">64 hexadecimal digits.</param>
public sealed record MergeInputHash(string Model, string Sha256);
