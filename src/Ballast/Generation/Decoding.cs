using Ballast.Models;
using Ballast.Tensors;

namespace Ballast.Generation;

/// <summary>Decodes a batch of prompts token by token with a cache; sequences that have ended leave the batch.</summary>
/// <param name="model">The model.</param>
/// <param name="stopIds">Tokens that end a reply.</param>
internal sealed class Decoding(Decoder model, IReadOnlySet<int> stopIds)
{
    // One sequence on its way.
    private sealed class Running(int index, int[] prompt, int limit, Sampler sampler)
    {
        public int Index => index;

        public int[] Prompt => prompt;

        public int Limit => limit;

        public Sampler Sampler => sampler;

        public List<int> Tokens { get; } = [];

        public bool Stopped { get; set; }
    }

    /// <summary>New tokens of each prompt, and whether an end token was reached.</summary>
    /// <param name="prompts">Prompts with their numbers among all prompts.</param>
    /// <param name="options">Limits and sampling.</param>
    /// <param name="arrived">Told each new token with the number of its prompt.</param>
    /// <param name="cancellationToken">Ends the work between two tokens.</param>
    public IReadOnlyList<(int Index, int[] Tokens, bool Stopped)> Run(
        IReadOnlyList<(int Index, int[] Ids)> prompts, GenerationOptions options, Action<int, int>? arrived, CancellationToken cancellationToken)
    {
        var all = prompts.Select(p => new Running(
            p.Index, p.Ids, Math.Min(options.MaxNewTokens, model.Config.MaxSeqLen - p.Ids.Length), new Sampler(options, p.Index))).ToList();
        var active = all.Where(s => s.Limit > 0).ToList();
        if (active.Count == 0)
        {
            return Result(all);
        }

        var cache = model.NewCache(active.Count, active.Max(s => s.Prompt.Length + s.Limit));
        try
        {
            var logits = Read(active, cache);
            while (true)
            {
                cancellationToken.ThrowIfCancellationRequested();
                using (logits)
                {
                    Choose(active, logits, arrived);
                }

                int[] going = [.. Enumerable.Range(0, active.Count).Where(i => !active[i].Stopped && active[i].Tokens.Count < active[i].Limit)];
                if (going.Length == 0)
                {
                    return Result(all);
                }

                // Ended sequences leave when they are a quarter of the batch: moving the cache costs about one step.
                if (going.Length <= active.Count * 3 / 4)
                {
                    var smaller = cache.Keep(going);
                    cache.Dispose();
                    cache = smaller;
                    active = [.. going.Select(i => active[i])];
                }

                int[] last = [.. active.Select(s => s.Tokens.Count > 0 ? s.Tokens[^1] : 0)];
                int[] places = [.. active.Select(s => s.Prompt.Length + s.Tokens.Count - 1)];
                // A text that outgrows the short rotary frequencies takes the long ones for all its positions: what is cached of it is no longer valid.
                logits = places.Any(place => place == model.Config.Rotary.ShortLength) ? Read(active, cache) : model.Step(last, places, cache);
            }
        }
        finally
        {
            cache.Dispose();
        }
    }

    // Everything so far in one pass; the logits after each sequence's last token.
    private Tensor Read(List<Running> active, KvCache cache)
    {
        int[][] texts = [.. active.Select(s => (int[])[.. s.Prompt, .. s.Tokens])];
        int width = texts.Max(text => text.Length);
        int[] ids = [.. texts.SelectMany(text => (int[])[.. text, .. new int[width - text.Length]])];
        return model.Prefill(new TokenBatch(ids, active.Count, Lengths: [.. texts.Select(text => text.Length)]), cache);
    }

    private void Choose(List<Running> active, Tensor logits, Action<int, int>? arrived)
    {
        float[] values = logits.ToArray<float>();
        int vocab = values.Length / active.Count;
        for (int i = 0; i < active.Count; i++)
        {
            var sequence = active[i];
            if (sequence.Stopped || sequence.Tokens.Count >= sequence.Limit)
            {
                continue;
            }

            int token = sequence.Sampler.Next(values.AsSpan(i * vocab, vocab));
            sequence.Stopped = stopIds.Contains(token);
            if (!sequence.Stopped)
            {
                sequence.Tokens.Add(token);
                arrived?.Invoke(sequence.Index, token);
            }
        }
    }

    private static List<(int Index, int[] Tokens, bool Stopped)> Result(List<Running> all) => [.. all.Select(s => (s.Index, s.Tokens.ToArray(), s.Stopped))];
}
