namespace Ballast.Merging.Methods;

/// <summary>What a method takes for one vector.</summary>
internal enum VectorShape
{
    /// <summary>The whole tensor.</summary>
    Whole,

    /// <summary>Each run along the last dimension.</summary>
    Rows,

    /// <summary>Each run across it.</summary>
    Columns,
}

/// <summary>A method whose result is a combination of its inputs that depends on their angles and lengths alone, that is on their dot products.</summary>
/// <remarks>Two passes over the tensor whatever the method iterates: one for the dot products in double precision, one for the sum.</remarks>
internal abstract record SphereMethod : MergeMethod
{
    /// <summary>What a vector is.</summary>
    protected virtual VectorShape Shape(MethodNumbers numbers) => VectorShape.Whole;

    /// <summary>True to work on differences from the base.</summary>
    protected virtual bool Deltas(MergeTensor tensor) => tensor.HasBase;

    /// <summary>The coefficient of each model, and without deltas of a base that stands apart after them.</summary>
    protected abstract double[] Coefficients(DotProducts dots, MergeTensor tensor);

    public override bool NeedsRows(MethodNumbers numbers) => Shape(numbers) != VectorShape.Whole;

    public override BlockFunction Prepare(MergeTensor tensor)
    {
        VectorShape shape = Shape(tensor.Numbers);
        shape = tensor.Output.Shape.Length < 2 && shape == VectorShape.Columns ? VectorShape.Whole : shape;
        bool deltas = Deltas(tensor);
        DotProducts[] dots = DotProducts.Of(tensor, shape, deltas);
        double[][] coefficients = [.. dots.Select(d => Coefficients(d, tensor))];
        return Combination.Of(tensor, shape, coefficients, deltas);
    }
}
