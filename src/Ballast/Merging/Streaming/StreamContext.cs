using System.Runtime.ExceptionServices;

namespace Ballast.Merging.Streaming;

/// <summary>What all tensors of a merge share.</summary>
/// <param name="Seed">Seed of the random methods.</param>
/// <param name="Threads">Number of threads; it changes no result.</param>
/// <param name="Hashes">Hashes of the inputs so far.</param>
/// <param name="Cancellation">Ends the passes.</param>
internal sealed record StreamContext(long Seed, int Threads, InputHashes Hashes, CancellationToken Cancellation)
{
    /// <summary>Does numbered pieces of work on all threads, each with an object of its own; the first fault is thrown as it is.</summary>
    public void InParallel<T>(int pieces, Func<T> create, Action<T, int> work) where T : IDisposable
    {
        if (pieces <= 1 || Threads == 1)
        {
            using T own = create();
            for (int i = 0; i < pieces; i++)
            {
                Cancellation.ThrowIfCancellationRequested();
                work(own, i);
            }

            return;
        }

        ParallelOptions options = new() { CancellationToken = Cancellation, MaxDegreeOfParallelism = Threads };
        int next = -1;
        try
        {
            Parallel.For(0, Math.Min(Threads, pieces), options, _ =>
            {
                using T own = create();
                for (int i = Interlocked.Increment(ref next); i < pieces; i = Interlocked.Increment(ref next))
                {
                    Cancellation.ThrowIfCancellationRequested();
                    work(own, i);
                }
            });
        }
        catch (AggregateException faults)
        {
            ExceptionDispatchInfo.Throw(faults.InnerExceptions[0]);
        }
    }
}
