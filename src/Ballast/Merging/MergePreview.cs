namespace Ballast.Merging;

/// <summary>What a merge would do, from the headers alone.</summary>
/// <param name="Method">The merge method.</param>
/// <param name="BytesRead">Bytes of the inputs, each counted once.</param>
/// <param name="BytesWritten">Bytes of the output's weights.</param>
/// <param name="BufferBytes">Memory that the buffers take besides the runtime's own; the tensors themselves stay on the disk.</param>
/// <param name="Shards">Number of files.</param>
/// <param name="Tensors">Every output tensor in order.</param>
/// <param name="Notes">What people should know.</param>
public sealed record MergePreview(
    string Method, long BytesRead, long BytesWritten, long BufferBytes, int Shards, IReadOnlyList<PreviewedTensor> Tensors, IReadOnlyList<string> Notes);

/// <summary>An output tensor.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">Its type, such as BF16.</param>
/// <param name="Shape">Its dimensions.</param>
/// <param name="Sources">The inputs: model, tensor, and the method's numbers for it.</param>
/// <param name="Numbers">The numbers of the whole merge.</param>
public sealed record PreviewedTensor(string Name, string Type, IReadOnlyList<long> Shape, IReadOnlyList<string> Sources, string Numbers);
