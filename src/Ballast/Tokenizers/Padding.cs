namespace Ballast.Tokenizers;

/// <summary>Fills encodings up to one length; padding never cuts.</summary>
/// <param name="Id">Token to fill with.</param>
/// <param name="Length">Tokens to fill up to; null: as many as the longest of the batch has.</param>
/// <param name="MultipleOf">Rounds the length up to a multiple of this; null or 0: no rounding.</param>
/// <param name="OnLeft">Fills before the text instead of after it.</param>
/// <param name="TypeId">Type id of the filling.</param>
public sealed record Padding(int Id, int? Length = null, int? MultipleOf = null, bool OnLeft = false, int TypeId = 0)
{
    internal static Padding? Read(JsonPart part)
    {
        if (part.IsNull)
        {
            return null;
        }

        JsonPart strategy = part["strategy"];
        return new(
            part["pad_id"].Number(),
            strategy["Fixed"] is { IsNull: false } length ? length.Number() : null,
            part["pad_to_multiple_of"] is { IsNull: false } multiple ? multiple.Number() : null,
            part.OptionalText("direction") == "Left",
            part.Number("pad_type_id", 0));
    }

    internal List<Encoding> Apply(List<Encoding> batch)
    {
        int length = Length ?? batch.Max(e => e.Ids.Length);
        if (MultipleOf is int multiple and > 0)
        {
            length = (length + multiple - 1) / multiple * multiple;
        }

        return [.. batch.Select(e => Fill(e, length))];
    }

    private Encoding Fill(Encoding encoding, int length)
    {
        int missing = length - encoding.Ids.Length;
        IReadOnlyList<Encoding> overflow = [.. encoding.Overflow.Select(o => Fill(o, length))];
        if (missing <= 0)
        {
            return encoding with { Overflow = overflow };
        }

        bool[] added = new bool[missing];
        Array.Fill(added, true);
        Encoding filling = new(Encoding.Filled(missing, Id), new (int, int)[missing])
        {
            TypeIds = Encoding.Filled(missing, TypeId),
            Added = added,
            AttentionMask = new int[missing],
        };
        return (OnLeft ? filling.Append(encoding) : encoding.Append(filling)) with { Overflow = overflow };
    }
}
