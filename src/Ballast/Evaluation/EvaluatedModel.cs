using Ballast.Adapters;
using Ballast.Checkpoints;
using Ballast.Evaluation.Suites;
using Ballast.Generation;

namespace Ballast.Evaluation;

/// <summary>A model to evaluate, opened only when some reply is missing.</summary>
public sealed class EvaluatedModel
{
    private readonly Func<ILanguageModel> _open;
    private readonly bool _close;

    private EvaluatedModel(string name, string hash, Func<ILanguageModel> open, bool close)
    {
        Name = name;
        Hash = hash;
        _open = open;
        _close = close;
    }

    /// <summary>The name under which it is reported.</summary>
    public string Name { get; }

    /// <summary>Identifies weights, tokenizer and chat template: replies are reused only under an equal hash.</summary>
    public string Hash { get; }

    /// <summary>A model folder.</summary>
    /// <param name="name">The name in the report.</param>
    /// <param name="folder">The folder, or FOLDER+ADAPTER; its weights and every file beside them that can change a reply are hashed.</param>
    /// <param name="open">Opens it; it is closed after the last missing reply.</param>
    /// <param name="cancellationToken">Ends the hashing.</param>
    /// <exception cref="CheckpointException">The folder cannot be read.</exception>
    public static EvaluatedModel FromFolder(string name, string folder, Func<ILanguageModel> open, CancellationToken cancellationToken = default)
    {
        var model = ModelName.Parse(folder);
        IEnumerable<string> files = ModelFolder.Sidecars.Select(file => Path.Combine(model.Folder, file)).Where(File.Exists);
        return new(name, Suite.HashOf([model.HashWeights(cancellationToken), .. files.Select(file => ModelFolder.HashFile(file, cancellationToken))]), open, close: true);
    }

    /// <summary>A model in memory, which its owner closes.</summary>
    /// <param name="model">The model.</param>
    /// <param name="hash">Any text that changes with its weights, tokenizer or template.</param>
    public static EvaluatedModel Of(ILanguageModel model, string hash) => new(model.Name, hash, () => model, close: false);

    /// <summary>A model in memory that its owner brings into the right state, and closes.</summary>
    /// <param name="name">The name in the report.</param>
    /// <param name="hash">Any text that changes with weights, tokenizer or template.</param>
    /// <param name="open">Gives the model; called only when some reply is missing.</param>
    public static EvaluatedModel Lent(string name, string hash, Func<ILanguageModel> open) => new(name, hash, open, close: false);

    /// <summary>Lends the open model and closes it again if it was opened for this.</summary>
    internal void Use(Action<ILanguageModel> use)
    {
        ILanguageModel model = _open();
        try
        {
            use(model);
        }
        finally
        {
            if (_close)
            {
                model.Dispose();
            }
        }
    }
}
