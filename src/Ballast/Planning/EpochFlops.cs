using Ballast.Data;
using Ballast.Models;

namespace Ballast.Planning;

/// <summary>Floating-point operations of one pass over the training rows.</summary>
internal static class EpochFlops
{
    /// <summary>Two per weight and token place forward, four backward (two where weights are frozen and only their inputs have gradients), two more where layers are computed again; the output layer for targets alone; causal attention.</summary>
    public static double Of(DecoderConfig config, IReadOnlyList<TokenRow> rows, double paddingShare, bool checkpointing, bool frozen)
    {
        double once = frozen ? 4 : 6, passes = once + (checkpointing ? 2 : 0);
        double head = (double)config.VocabSize * config.HiddenSize;
        double layers = config.ParameterCount - (config.TieWordEmbeddings ? 1 : 2) * head;
        double places = rows.Sum(row => (double)row.Length) / (1 - paddingShare), targets = rows.Sum(row => (double)row.Targets);

        // Scores and their product with the values are each T^2 / 2 rows of C: forward 2 T^2 per head and place of C; backward computes the scores again and four products more.
        double attention = rows.Sum(row => (double)row.Length * row.Length) * config.NumHeads * config.HeadDim * config.NumLayers * (checkpointing ? 9 : 7);
        return passes * layers * places + once * head * targets + attention;
    }
}
