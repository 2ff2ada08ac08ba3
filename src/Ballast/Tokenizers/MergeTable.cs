namespace Ballast.Tokenizers;

/// <summary>Which two neighboring tokens become which token, and in what order: lower ranks first, of equal ranks the leftmost.</summary>
internal sealed class MergeTable
{
    /// <summary>Longer tokens are refused where all their splits must be tried; published ones stay far below.</summary>
    private const int LongestToken = 512;

    private readonly Dictionary<(int Left, int Right), (int Rank, int Id)> _merges = [];

    /// <summary>A later rule for the same pair replaces the earlier one, as in the published reader.</summary>
    public void Add(int left, int right, int rank, int id) => _merges[(left, right)] = (rank, id);

    public bool TryFind(int left, int right, out (int Rank, int Id) merge) => _merges.TryGetValue((left, right), out merge);

    /// <summary>
    /// Every way to put a token together from two others, ranked by what comes out. This is how SentencePiece and tiktoken merge, which have scores
    /// of tokens instead of rules.
    /// </summary>
    public static MergeTable FromRanks(string file, Vocabulary vocabulary, IEnumerable<(string Text, int Rank)> tokens)
    {
        MergeTable table = new();
        foreach ((string text, int rank) in tokens)
        {
            if (text.Length > LongestToken)
            {
                throw new TokenizerException($"{file}: a token of {text.Length} characters; expected at most {LongestToken}");
            }

            int id = vocabulary.Id(text)!.Value;
            for (int split = 1; split < text.Length; split++)
            {
                if (!char.IsLowSurrogate(text[split])
                    && vocabulary.Id(text.AsSpan(0, split)) is int left && vocabulary.Id(text.AsSpan(split)) is int right)
                {
                    table.Add(left, right, rank, id);
                }
            }
        }

        return table;
    }
}
