using System.Text.Json.Nodes;
using Ballast.Adapters;
using Ballast.Models;
using Ballast.Tests.Support;
using Xunit;

namespace Ballast.Tests.Cli;

public class LoraVerbTests
{
    private readonly string _folder = Shared.TemporaryFolder();
    private readonly string _model;
    private readonly string _adapter;

    public LoraVerbTests()
    {
        _model = TinyModel.Create(Path.Combine(_folder, "model"));
        _adapter = Path.Combine(_folder, "adapter");
        using var model = Decoder.Load(_model);
        Adapter.Create(model, new AdapterConfig { TargetModules = new ModuleNames(["q_proj", "up_proj"], null), Rank = 2, Alpha = 4 }, seed: 1);
        foreach (var (key, view) in model.Trainable.Views())
        {
            using (view)
            {
                view.FillNormal(0.3, Hash.Of(key));
            }
        }

        AdapterWriter.Save(model.Trainable, null, model.Adapter!.Config, _model, _adapter, "");
    }

    private string Both => $"{_model}+{_adapter}";

    [Fact]
    public void Generate_inspect_and_merge_take_a_model_with_an_adapter()
    {
        string merged = Path.Combine(_folder, "merged"), half = Path.Combine(_folder, "half");
        Assert.Contains("4 tensors changed; largest logit change", CommandLine.Run("lora", "merge", Both, "--out", merged).Error);
        string[] prompt = ["--prompt", "Hello", "--max-new-tokens", "8"];
        string adapted = CommandLine.Run(["generate", Both, .. prompt]).Success();
        Assert.Equal(adapted, CommandLine.Run(["generate", merged, .. prompt]).Success());
        Assert.NotEqual(adapted, CommandLine.Run(["generate", _model, .. prompt]).Success());
        var facts = JsonNode.Parse(CommandLine.Run("inspect", "model", Both, "--json").Success())!["adapter"]!;
        Assert.Equal(2, (int)facts["modules"]!["model.layers.1.mlp.up_proj"]!["rank"]!);
        Assert.Matches("model.layers.0.self_attn.q_proj +2 +2", CommandLine.Run("inspect", "model", Both).Success());
        CommandLine.Run("lora", "merge", Both, "--scale", "0.5", "--out", half).Success();
        CommandLine.Run("merge", "--base", _model, "--tuned", Both, "--lambda", "0.5", "--out", Path.Combine(_folder, "linear")).Success();
        using Decoder scaled = Decoder.Load(half), linear = Decoder.Load(Path.Combine(_folder, "linear"));
        Assert.InRange(scaled.Weights.Master.Distance(linear.Weights.Master), 0, 1e-5);
        Assert.Equal(["adapter", "half", "linear", "merged", "model"], Directory.GetFileSystemEntries(_folder).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Extract_and_combine_write_adapters()
    {
        string merged = Path.Combine(_folder, "merged"), extracted = Path.Combine(_folder, "extracted"), twice = Path.Combine(_folder, "twice");
        CommandLine.Run("lora", "merge", Both, "--out", merged).Success();
        Assert.Matches("model.layers.0.self_attn.q_proj +2 +100.00", CommandLine.Run("lora", "extract", "--base", _model, "--tuned", merged, "--rank", "2", "--out", extracted).Success());
        CommandLine.Run("lora", "combine", _adapter, extracted, "--weight", "0.5", "--weight", "0.5", "--out", twice).Success();
        using Decoder whole = Decoder.Load(merged), first = Decoder.Load($"{_model}+{twice}");
        var batch = new TokenBatch([1, 2, 3, 4, 5, 6], 1);
        using var expected = whole.Logits(batch);
        using var actual = first.Logits(batch);
        GoldenTensors.Close(expected.ToArray<float>(), actual.ToArray<float>(), 1e-4, "logits");
    }

    [Fact]
    public void Extract_touches_no_folder_beside_its_own()
    {
        string merged = Path.Combine(_folder, "merged"), extracted = Path.Combine(_folder, "extracted");
        string neighbor = Directory.CreateDirectory(extracted + ".parts").FullName;
        File.WriteAllText(Path.Combine(neighbor, "mine"), "mine");
        CommandLine.Run("lora", "merge", Both, "--out", merged).Success();
        CommandLine.Run("lora", "extract", "--base", _model, "--tuned", merged, "--rank", "2", "--out", extracted).Success();
        Assert.Equal("mine", File.ReadAllText(Path.Combine(neighbor, "mine")));
        Assert.Equal(["adapter", "extracted", "extracted.parts", "merged", "model"], Directory.GetFileSystemEntries(_folder).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("expected MODEL+ADAPTER", "lora", "merge", "{model}", "--out", "{folder}/x")]
    [InlineData("name it with its base", "generate", "{adapter}", "--prompt", "x")]
    [InlineData("2 adapters and 1 weights", "lora", "combine", "{adapter}", "{adapter}", "--weight", "1", "--out", "{folder}/x")]
    [InlineData("there is nothing to extract", "lora", "extract", "--base", "{model}", "--tuned", "{model}", "--rank", "2", "--out", "{folder}/x")]
    [InlineData("no such file", "generate", "{model}+{folder}/none", "--prompt", "x")]
    public void A_fault_is_one_line_and_writes_nothing(string part, params string[] args)
    {
        var outcome = CommandLine.Run([.. args.Select(arg => arg.Replace("{model}", _model, StringComparison.Ordinal)
            .Replace("{adapter}", _adapter, StringComparison.Ordinal).Replace("{folder}", _folder, StringComparison.Ordinal))]);
        Assert.Equal(2, outcome.Code);
        Assert.Contains(part, outcome.Error);
        Assert.Equal(["adapter", "model"], Directory.GetFileSystemEntries(_folder).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }
}
