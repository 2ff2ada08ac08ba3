namespace Ballast.Merging.Methods;

/// <summary>How a method treats base_model.</summary>
internal enum BaseRule
{
    /// <summary>A base is one more input, with the parameters of an input.</summary>
    Input,

    /// <summary>A base may stand apart from the models: they are merged as differences from it.</summary>
    Optional,

    /// <summary>A base must be given; it is not counted among the models.</summary>
    Required,
}

/// <summary>A number that a method takes.</summary>
/// <param name="Name">The key in the file.</param>
/// <param name="Default">The value where the file has none; null where it must have one.</param>
/// <param name="PerModel">True for a number of each model, found by the name of the input tensor; else one of the merge, by the output's name.</param>
/// <param name="IsFlag">True for a switch: 1 on, 0 off.</param>
internal sealed record MethodParameter(string Name, double? Default, bool PerModel = false, bool IsFlag = false);

/// <summary>Gives the result for a block of elements; called from several threads, once for every element.</summary>
/// <param name="block">The block; values of the inputs are read when they are asked for.</param>
/// <param name="result">As many elements as the block has.</param>
internal delegate void BlockFunction(Block block, Span<float> result);

/// <summary>A way to merge tensors: a pure function of tensors and numbers.</summary>
/// <remarks>
/// A method may look through its inputs as often as it needs (norms, thresholds) and then gives a function of blocks, so that no tensor is
/// ever held whole. The result depends on nothing but the inputs, the numbers and, for the random methods, the seed.
/// </remarks>
internal abstract record MergeMethod
{
    /// <summary>The numbers it takes.</summary>
    public abstract IReadOnlyList<MethodParameter> Parameters { get; }

    /// <summary>How it treats base_model.</summary>
    public virtual BaseRule Base => BaseRule.Input;

    /// <summary>Fewest models, not counting a base apart.</summary>
    public virtual int MinModels => 1;

    /// <summary>Most models, not counting a base apart.</summary>
    public virtual int MaxModels => int.MaxValue;

    /// <summary>What is wrong with the numbers of one tensor, or null; asked before any work.</summary>
    public virtual string? Problem(MethodNumbers numbers) => null;

    /// <summary>What people should know about the numbers of one tensor, or null.</summary>
    public virtual string? Remark(MethodNumbers numbers) => null;

    /// <summary>True when the method must see whole rows (the last dimension) with these numbers.</summary>
    public virtual bool NeedsRows(MethodNumbers numbers) => false;

    /// <summary>Looks at the inputs and gives the function that merges them.</summary>
    /// <exception cref="CheckpointException">The values have no merge, such as directions that cancel out.</exception>
    public abstract BlockFunction Prepare(MergeTensor tensor);
}

/// <summary>The numbers of one output tensor.</summary>
internal sealed class MethodNumbers(IReadOnlyDictionary<string, double> shared, IReadOnlyList<IReadOnlyDictionary<string, double>> models)
{
    /// <summary>Number of models, not counting a base apart.</summary>
    public int Models => models.Count;

    /// <summary>A number of the merge; null when it has neither value nor default.</summary>
    public double this[string name] => shared[name];

    /// <summary>A number of a model.</summary>
    public double this[string name, int model] => models[model][name];

    /// <summary>A number of each model.</summary>
    public double[] All(string name) => [.. models.Select(m => m[name])];

    /// <summary>A switch of the merge.</summary>
    public bool Is(string name) => shared[name] != 0;
}
