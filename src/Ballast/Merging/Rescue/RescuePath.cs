using System.Globalization;
using Ballast.Evaluation;
using Ballast.Evaluation.Suites;
using Ballast.Generation;

namespace Ballast.Merging.Rescue;

/// <summary>The way from an aligned model to a tuned one: any point of it as a model in memory, and one as a folder.</summary>
internal abstract class RescuePath : IDisposable
{
    private (string Method, double Lambda)? _at;

    /// <summary>The model, at the point of the last <see cref="Move"/>; tokenizer and template are those that the written model gets.</summary>
    public abstract LanguageModel Model { get; }

    /// <summary>The aligned model's weights, hashed.</summary>
    public required string AlignedHash { get; init; }

    /// <summary>The tuned model's weights, hashed.</summary>
    public required string TunedHash { get; init; }

    /// <summary>Hash of what changes replies besides the weights: configuration, tokenizer, template.</summary>
    public required string FormHash { get; init; }

    /// <summary>Opens the way between two models and finds every mismatch.</summary>
    /// <exception cref="BallastException">A folder is no model, the models do not belong together, or there is no such method.</exception>
    public static RescuePath Open(RescueOptions options, CancellationToken cancellationToken) => ScaledAdapter.Means(options.Tuned, options.Aligned) is ({ } model, { } adapter)
        ? ScaledAdapter.Open(options.Aligned, model, adapter, options.Methods, cancellationToken)
        : MergedModels.Open(options.Aligned, options.Tuned, options.Methods, cancellationToken);

    /// <summary>The methods that are swept.</summary>
    public required IReadOnlyList<string> Methods { get; init; }

    /// <summary>Whether a point is the aligned or the tuned model itself.</summary>
    public virtual bool IsEnd(string method, double lambda) => lambda is 0 or 1;

    /// <summary>How weights become those of a point, for the card and the report.</summary>
    public abstract string Formula(string method);

    /// <summary>Bytes of the weights of a point that is written.</summary>
    public abstract long WeightBytes { get; }

    /// <summary>The element types that are written and the type that is computed with.</summary>
    public abstract string Types { get; }

    /// <summary>What a reader must know about the two models.</summary>
    public virtual IEnumerable<string> Warnings => [];

    /// <summary>Gives the model the weights of a point, bit for bit those that <see cref="Write"/> writes; nothing to do where it is there already.</summary>
    /// <param name="method">The merge method; the ends do not depend on it.</param>
    /// <param name="lambda">Share of the tuned model in [0, 1].</param>
    /// <param name="cancellationToken">Ends the merge.</param>
    public void Move(string method, double lambda, CancellationToken cancellationToken = default)
    {
        if (_at != (method, lambda))
        {
            _at = null;   // a merge that is broken off leaves the model between two points
            Make(method, lambda, cancellationToken);
            _at = (method, lambda);
        }
    }

    /// <summary>Writes a point as a folder, over one that is there.</summary>
    /// <param name="method">The merge method.</param>
    /// <param name="lambda">Share of the tuned model.</param>
    /// <param name="folder">The folder.</param>
    /// <param name="card">Text of the model card.</param>
    /// <param name="cancellationToken">Ends the work; nothing is left behind.</param>
    public abstract void Write(string method, double lambda, string folder, string card, CancellationToken cancellationToken = default);

    /// <summary>A point for the evaluator; it moves the model only when some reply is missing.</summary>
    public EvaluatedModel At(string name, string method, double lambda, CancellationToken cancellationToken = default) =>
        EvaluatedModel.Lent(name, Hash(method, lambda), () =>
        {
            Move(method, lambda, cancellationToken);
            return Model;
        });

    /// <summary>Identifies a point's model.</summary>
    /// <param name="method">The merge method; empty at the ends. A method that does not reach the tuned model has a point of its own at lambda 1.</param>
    /// <param name="lambda">Share of the tuned model.</param>
    public string Hash(string method, double lambda) => Suite.HashOf(
        [AlignedHash, TunedHash, FormHash, Types, method, lambda.ToString("R", CultureInfo.InvariantCulture)]);

    /// <inheritdoc/>
    public abstract void Dispose();

    /// <summary>Makes the model of a point.</summary>
    protected abstract void Make(string method, double lambda, CancellationToken cancellationToken);
}
