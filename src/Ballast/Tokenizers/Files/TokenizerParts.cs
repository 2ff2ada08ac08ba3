using Ballast.Tokenizers.Decoders;
using Ballast.Tokenizers.Normalizers;
using Ballast.Tokenizers.PreTokenizers;

namespace Ballast.Tokenizers.Files;

/// <summary>What a tokenizer file says, whatever its format.</summary>
internal sealed record TokenizerParts(BpeModel Model, IReadOnlyList<AddedToken> Added)
{
    public Normalizer? Normalizer { get; init; }

    public PreTokenizer? PreTokenizer { get; init; }

    public Decoder? Decoder { get; init; }

    public PostProcessor? PostProcessor { get; init; }

    public Truncation? Truncation { get; init; }

    public Padding? Padding { get; init; }

    /// <summary>bos_token and so on, for a folder whose configuration names none.</summary>
    public IReadOnlyDictionary<string, string> DefaultSpecialTokens { get; init; } = new Dictionary<string, string>();

    /// <summary>The file has no post-processor of its own: add_bos_token and add_eos_token of the configuration decide; without them BOS is added if this is true.</summary>
    public bool AddsBos { get; init; }
}
