namespace Ballast.Tokenizers;

/// <summary>A token that is found in the text before anything else happens to it.</summary>
/// <param name="Id">Token id.</param>
/// <param name="Content">The text it is written as.</param>
/// <param name="Special">Left out when decoding without special tokens, and not looked for when special tokens are not parsed.</param>
/// <param name="Normalized">Looked for in the normalized text, with its content normalized too.</param>
/// <param name="SingleWord">Only between characters that are not of words.</param>
/// <param name="StripLeft">Takes the white space before it.</param>
/// <param name="StripRight">Takes the white space after it.</param>
internal sealed record AddedToken(
    int Id, string Content, bool Special = true, bool Normalized = false, bool SingleWord = false, bool StripLeft = false, bool StripRight = false)
{
    /// <summary>Reads an entry of "added_tokens".</summary>
    public static AddedToken Read(JsonPart part) => ReadFlags(part["id"].Number(), part);

    /// <summary>Reads an entry whose id stands elsewhere.</summary>
    public static AddedToken ReadFlags(int id, JsonPart part) => new(
        id is >= 0 and < Vocabulary.MaxId ? id : throw part.Fault($"the id {id} is out of range; expected 0 to {Vocabulary.MaxId - 1}"),
        part.Text("content"), part.Flag("special"), part.Flag("normalized"), part.Flag("single_word"), part.Flag("lstrip"), part.Flag("rstrip"));
}
