using Ballast.Checkpoints;
using Ballast.Merging;
using Ballast.Merging.Rescue;
using Ballast.Tensors;
using Xunit;

namespace Ballast.Tests.Merging.Rescue;

public class RescueMethodTests
{
    private readonly RescueFolder _folder = new();

    public static TheoryData<string> Methods => [.. RescueMethod.Names, "ties:density=0.5", "dare_linear:density=0.5:rescale=1", "della:density=0.5:epsilon=0.1"];

    [Theory]
    [MemberData(nameof(Methods))]
    public void What_is_measured_is_what_is_written_and_what_its_merge_file_gives(string method)
    {
        var token = TestContext.Current.CancellationToken;
        using var path = MergedModels.Open(_folder.Aligned, _folder.Tuned, [method], token);
        path.Move(method, 0.3, token);
        path.Write(method, 0.3, _folder.In("written"), "card", token);
        RescueFolder.Same(RescueFolder.Weights(_folder.In("written")), RescueFolder.Weights(path));
        if (method != RescueMethod.Linear)
        {
            using var merge = ModelMerge.Open(Path.Combine(_folder.In("written"), "mergekit_config.yml"));
            merge.Run(_folder.In("merged"), new MergeOptions(), cancellationToken: token);
            Assert.Equal(ModelFolder.HashWeights(_folder.In("merged"), token), ModelFolder.HashWeights(_folder.In("written"), token));
        }
    }

    [Fact]
    public void Lambda_is_the_share_of_the_tuned_model()
    {
        // For task arithmetic and the weighted average the result is known: a + 0.3 (t - a).
        var token = TestContext.Current.CancellationToken;
        var (a, t) = (RescueFolder.Weights(_folder.Aligned), RescueFolder.Weights(_folder.Tuned));
        using var path = MergedModels.Open(_folder.Aligned, _folder.Tuned, ["task_arithmetic"], token);
        path.Move("task_arithmetic", 0.3, token);
        foreach (var (name, values) in RescueFolder.Weights(path))
        {
            Assert.All(values.Select((value, i) => (value, i)), item => Assert.Equal(a[name][item.i] + 0.3 * (t[name][item.i] - a[name][item.i]), item.value, 1e-6));
        }
    }

    [Fact]
    public void The_ends_are_shared_where_a_method_reaches_them()
    {
        using var path = MergedModels.Open(_folder.Aligned, _folder.Tuned, ["slerp"], TestContext.Current.CancellationToken);
        Assert.True(path.IsEnd("ties:density=0.5", 0) && path.IsEnd("slerp", 1));
        Assert.False(path.IsEnd("ties:density=0.5", 1) || path.IsEnd("slerp", 0.5));
        var summary = new RescueRun(_folder.Options() with { Methods = ["slerp", "ties:density=0.5"], Lambdas = [0.5, 1], Rule = RescueRule.BestUtility }).Run(TestContext.Current.CancellationToken);
        Assert.Equal(["aligned", "slerp-0.5", "ties:density=0.5-0.5", "ties:density=0.5-1", "tuned"], summary.Points.Select(point => point.Name));
        string page = File.ReadAllText(Path.Combine(_folder.Output, "report.html"));
        Assert.Contains("<span class=\"c1\"><i></i>ties:density=0.5</span>", page, StringComparison.Ordinal);
    }

    [Fact]
    public void A_method_becomes_a_merge_file()
    {
        Assert.Equal(
            "merge_method: slerp\nbase_model: \"/a b\"\nmodels:\n  - model: \"/t\"\nparameters:\n  t: 0.3\nout_dtype: bfloat16\n",
            RescueMethod.Parse("slerp").File("/a b", "/t", 0.3, DType.BF16));
        Assert.Equal(
            "merge_method: nuslerp\nmodels:\n  - model: \"/a\"\n    parameters: {weight: 0.9}\n  - model: \"/t\"\n    parameters: {weight: 0.1}\n",
            RescueMethod.Parse("nuslerp").File("/a", "/t", 0.1, null));
        Assert.Equal(
            "merge_method: ties\nbase_model: \"/a\"\nmodels:\n  - model: \"/t\"\n    parameters: {weight: 1}\nparameters:\n  lambda: 0.1\n  density: 0.2\n",
            RescueMethod.Parse("ties: density = 0.2").File("/a", "/t", 0.1, null));
    }

    [Theory]
    [InlineData("magic", "there is no 'magic'")]
    [InlineData("slrep", "did you mean 'slerp'")]
    [InlineData("karcher", "'karcher' has no single coefficient")]
    [InlineData("nearswap", "'nearswap' has no single coefficient")]
    [InlineData("ties:densty=0.2", "did you mean 'density'")]
    [InlineData("ties:density=much", "expected KEY=NUMBER")]
    [InlineData("ties:lambda=0.2", "expected KEY=NUMBER")]
    public void What_is_no_method_with_one_coefficient_is_refused(string method, string message) =>
        Assert.Contains(message, Assert.Throws<ConfigException>(() => RescueMethod.Parse(method)).Message);
}
