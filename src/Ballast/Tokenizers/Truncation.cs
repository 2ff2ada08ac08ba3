namespace Ballast.Tokenizers;

/// <summary>Cuts encodings to a length; what is cut off stays reachable as <see cref="Encoding.Overflow"/>.</summary>
/// <param name="MaxLength">Longest encoding in tokens, special tokens included.</param>
/// <param name="Stride">Tokens that neighboring windows share; less than the room that special tokens leave.</param>
/// <param name="FromLeft">Cuts off the beginning instead of the end.</param>
public sealed record Truncation(int MaxLength, int Stride = 0, bool FromLeft = false)
{
    internal static Truncation? Read(JsonPart part) => part.IsNull ? null : new(
        part["max_length"].Number(), part.Number("stride", 0), part.OptionalText("direction") == "Left");

    internal Encoding Apply(Encoding encoding, int addedTokens)
    {
        int room = MaxLength - addedTokens;
        int length = encoding.Ids.Length;
        if (length <= room)
        {
            return encoding;
        }

        if (Stride < 0 || (room > 0 && Stride >= room) || room < 0)
        {
            throw new TokenizerException(
                $"truncation to {MaxLength} tokens with a stride of {Stride} leaves no room beside {addedTokens} special tokens; raise max_length");
        }

        if (room == 0)
        {
            return Encoding.Empty with { Overflow = [encoding] };
        }

        List<Encoding> windows = [];
        for (int shift = 0, done = 0; done < length; shift += room - Stride)
        {
            done = Math.Min(shift + room, length);
            windows.Add(FromLeft ? encoding.Slice(length - done, length - shift) : encoding.Slice(shift, done));
        }

        return windows[0] with { Overflow = windows[1..] };
    }
}
