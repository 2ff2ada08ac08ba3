namespace Ballast.Data;

/// <summary>A place in the stream of rows: it and the seed decide everything that follows.</summary>
/// <param name="Epoch">Finished passes over the rows, from 0.</param>
/// <param name="Index">Rows of this epoch that were already given out.</param>
public readonly record struct DataCursor(int Epoch, int Index);
