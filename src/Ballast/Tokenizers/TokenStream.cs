using System.Diagnostics.CodeAnalysis;

namespace Ballast.Tokenizers;

/// <summary>
/// Decodes a growing sequence of ids. The pieces joined are the text of all ids, except where a run of byte tokens turns out broken after part of it
/// was given out. Not safe for concurrent use.
/// </summary>
[SuppressMessage("Naming", "CA1711", Justification = "It streams tokens; System.IO.Stream is not meant.")]
public sealed class TokenStream
{
    /// <summary>Most tokens to hold back: no character needs more than a few, and each push decodes all of them.</summary>
    private const int MostHeldBack = 64;

    private readonly Tokenizer _tokenizer;
    private readonly bool _skipSpecialTokens;
    private readonly List<int> _window = [];
    private string _given = "";
    private int _givenIds;

    internal TokenStream(Tokenizer tokenizer, bool skipSpecialTokens)
    {
        _tokenizer = tokenizer;
        _skipSpecialTokens = skipSpecialTokens;
    }

    /// <summary>Takes the next id.</summary>
    /// <param name="id">Token id.</param>
    /// <returns>The text that appears now; null while a character is unfinished or nothing appears.</returns>
    public string? Push(int id)
    {
        if (!_tokenizer.IsShown(id, _skipSpecialTokens))
        {
            return null;
        }

        _window.Add(id);
        string text = Decode();
        bool unfinished = text.EndsWith((char)CodePointText.Replacement) && _window.Count - _givenIds < MostHeldBack;
        return unfinished || text.Length <= _given.Length ? null : Give(text);
    }

    /// <summary>Ends the stream: gives out what was held back, with U+FFFD for unfinished characters.</summary>
    /// <returns>The text; null if nothing was held back.</returns>
    public string? Flush()
    {
        string text = Decode();
        return text.Length > _given.Length ? Give(text) : null;
    }

    private string Decode() => _tokenizer.Decode(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_window), _skipSpecialTokens);

    /// <summary>Keeps only the ids since the last piece, since what a token decodes to may depend on the tokens just before it.</summary>
    private string Give(string text)
    {
        string piece = text[_given.Length..];
        _window.RemoveRange(0, _givenIds);
        _givenIds = _window.Count;
        _given = Decode();
        return piece;
    }
}
