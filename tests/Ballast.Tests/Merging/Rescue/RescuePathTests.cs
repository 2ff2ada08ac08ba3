using System.Text.Json.Nodes;
using Ballast.Checkpoints;
using Ballast.Merging;
using Ballast.Merging.Rescue;
using Ballast.Tensors;
using Xunit;

namespace Ballast.Tests.Merging.Rescue;

public class RescuePathTests
{
    private readonly RescueFolder _folder = new();

    [Fact]
    public void The_ends_are_the_two_models_bit_for_bit()
    {
        using var path = Open();
        foreach (double lambda in new[] { 0.5, 0, 1, 0 })   // there and back: a point leaves nothing behind
        {
            path.Move("linear", lambda, TestContext.Current.CancellationToken);
            if (lambda is 0 or 1)
            {
                RescueFolder.Same(RescueFolder.Weights(lambda == 0 ? _folder.Aligned : _folder.Tuned), RescueFolder.Weights(path));
            }
        }
    }

    [Fact]
    public void A_point_between_is_the_average_worked_out_by_hand()
    {
        using var path = Open();
        path.Move("linear", 0.25, TestContext.Current.CancellationToken);
        var (a, t, m) = (RescueFolder.Weights(_folder.Aligned), RescueFolder.Weights(_folder.Tuned), RescueFolder.Weights(path));
        foreach (var (name, values) in m)
        {
            for (int i = 0; i < values.Length; i++)
            {
                Assert.Equal(0.75 * a[name][i] + 0.25 * t[name][i], values[i], 1e-7);
            }
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void What_is_written_is_what_was_measured_and_what_merge_writes(bool half)
    {
        if (half)
        {
            RescueFolder.Store(_folder.Aligned, DType.BF16);
            RescueFolder.Store(_folder.Tuned, DType.BF16);
        }

        using var path = Open();
        path.Move("linear", 0.3, TestContext.Current.CancellationToken);
        path.Write("linear", 0.3, _folder.In("written"), "card", TestContext.Current.CancellationToken);
        LinearMerge.Run(_folder.Aligned, _folder.Tuned, _folder.In("merged"), new LinearMergeOptions(0.3), cancellationToken: TestContext.Current.CancellationToken);
        RescueFolder.Same(RescueFolder.Weights(_folder.In("written")), RescueFolder.Weights(path));
        Assert.Equal(ModelFolder.HashWeights(_folder.In("merged"), TestContext.Current.CancellationToken), ModelFolder.HashWeights(_folder.In("written"), TestContext.Current.CancellationToken));
        Assert.StartsWith(half ? "BF16, computed in F32" : "F32, computed in F32", path.Types);
    }

    [Fact]
    public void Aligned_weights_of_another_type_are_rounded_and_a_warning_says_so()
    {
        RescueFolder.Store(_folder.Tuned, DType.BF16);
        using var path = Open();
        Assert.Contains(path.Warnings, warning => warning.Contains("rounded", StringComparison.Ordinal));
    }

    [Fact]
    public void Another_template_is_warned_about()
    {
        using (var same = Open())
        {
            Assert.Empty(same.Warnings);
        }

        File.AppendAllText(Path.Combine(_folder.Tuned, "chat_template.jinja"), "{# another #}");
        using var path = Open();
        Assert.Contains(path.Warnings, warning => warning.Contains("chat templates", StringComparison.Ordinal));
    }

    [Fact]
    public void Models_that_do_not_belong_together_are_refused()
    {
        string tokenizer = Path.Combine(_folder.Tuned, "tokenizer.json");
        string before = File.ReadAllText(tokenizer);
        File.WriteAllText(tokenizer, before.Replace("|system|", "|other|", StringComparison.Ordinal));
        Assert.Contains("expected token 260 to be '<|system|>'", Assert.Throws<CheckpointException>(Open).Message);
        File.WriteAllText(tokenizer, before);

        string config = Path.Combine(_folder.Tuned, "config.json");
        var json = JsonNode.Parse(File.ReadAllText(config))!;
        json["rms_norm_eps"] = 1e-6;
        File.WriteAllText(config, json.ToJsonString());
        Assert.Contains("rms_norm_eps", Assert.Throws<CheckpointException>(Open).Message);

        Directory.Delete(_folder.Tuned, recursive: true);
        Assert.Contains("no such folder", Assert.Throws<CheckpointException>(Open).Message);
    }

    private MergedModels Open() => MergedModels.Open(_folder.Aligned, _folder.Tuned, ["linear"], TestContext.Current.CancellationToken);
}
