namespace Ballast.Merging.Methods;

/// <summary>The tensor of the one model, times <c>scale</c>.</summary>
internal sealed record Passthrough : MergeMethod
{
    public override IReadOnlyList<MethodParameter> Parameters { get; } = [new("scale", 1, PerModel: true)];

    public override int MaxModels => 1;

    public override BlockFunction Prepare(MergeTensor tensor) => Combination.Of(tensor, tensor.Numbers.All("scale"), deltas: false);
}
