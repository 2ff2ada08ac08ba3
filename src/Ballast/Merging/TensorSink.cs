using Ballast.Checkpoints;

namespace Ballast.Merging;

/// <summary>Takes part of a merged tensor; called from several threads.</summary>
/// <param name="entry">The whole tensor.</param>
/// <param name="offset">First byte within it.</param>
/// <param name="bytes">The part.</param>
internal delegate void TensorSink(TensorEntry entry, long offset, ReadOnlySpan<byte> bytes);
