namespace Ballast.Merging.Methods;

/// <summary>w T + (1 - w) B with w = clamp(t / max(|T - B|, 1e-6), 0, 1): near entries are taken over, far ones moved by t.</summary>
/// <remarks>alchemonaut, BoreanGale-70B, 2024. t is absolute, in units of the weights.</remarks>
internal sealed record NearSwap : MergeMethod
{
    private const float SmallestDistance = 1e-6f;

    public override IReadOnlyList<MethodParameter> Parameters { get; } = [new("t", null)];

    public override BaseRule Base => BaseRule.Required;

    public override int MaxModels => 1;

    public override BlockFunction Prepare(MergeTensor tensor)
    {
        float t = (float)tensor.Numbers["t"];
        return (block, result) =>
        {
            ReadOnlySpan<float> delta = block.Delta(0), origin = block.Base, model = block.Model(0);
            for (int i = 0; i < result.Length; i++)
            {
                float w = Math.Clamp(t / Math.Max(Math.Abs(delta[i]), SmallestDistance), 0, 1);
                result[i] = w == 1 ? model[i] : origin[i] + w * delta[i];
            }
        };
    }
}
