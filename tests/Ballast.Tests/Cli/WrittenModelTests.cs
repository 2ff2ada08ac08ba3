using Ballast.Adapters;
using Ballast.Checkpoints;
using Ballast.Models;
using Ballast.Tests.Support;
using Xunit;

namespace Ballast.Tests.Cli;

/// <summary>Every verb that makes a model writes a folder that is one: it answers, and beside its weights, configuration and card it has what the source had.</summary>
public sealed class WrittenModelTests : IDisposable
{
    private static readonly string[] s_made = ["README.md", "config.json", "mergekit_config.yml", "model.safetensors"];

    private readonly string _folder = Shared.TemporaryFolder();
    private readonly string _model;

    public WrittenModelTests()
    {
        _model = TinyModel.Create(Path.Combine(_folder, "model"));
        TinyModel.Create(Path.Combine(_folder, "tuned"), seed: 2);
        File.WriteAllText(Path.Combine(_model, "generation_config.json"), """{"max_new_tokens": 5}""");
        File.Copy(Path.Combine(_model, "generation_config.json"), Path.Combine(_folder, "tuned", "generation_config.json"));
        File.WriteAllText(Path.Combine(_folder, "rows.jsonl"), """{"prompt": "Say one", "completion": "one"}""" + "\n");
        File.WriteAllText(Path.Combine(_folder, "recipe.yaml"), $"model: {_model}\noutput: {_folder}/run\ndata:\n  train:\n    - path: rows.jsonl\ntraining:\n  max_steps: 1\n  precision: float32\n");
        File.WriteAllText(Path.Combine(_folder, "merge.yaml"), "merge_method: linear\nmodels:\n- {model: model, parameters: {weight: 1}}\n- {model: tuned, parameters: {weight: 1}}\n");
        using var model = Decoder.Load(_model);
        Adapter.Create(model, new AdapterConfig { TargetModules = new ModuleNames(["q_proj"], null), Rank = 2, Alpha = 4 }, seed: 1);
        AdapterWriter.Save(model.Trainable, null, model.Adapter!.Config, _model, Path.Combine(_folder, "adapter"), "");
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("run/model", "tune", "recipe.yaml")]
    [InlineData("run/merged", "tune", "recipe.yaml", "--set", "lora.merge=true")]
    [InlineData("out", "merge", "--base", "model", "--tuned", "tuned", "--lambda", "0.5", "--out", "out")]
    [InlineData("out", "merge", "merge.yaml", "out")]
    [InlineData("out", "lora", "merge", "model+adapter", "--out", "out")]
    public void B3_B10_what_a_verb_writes_is_a_whole_model(string written, params string[] args)
    {
        string[] ours = ["recipe.yaml", "merge.yaml", "model", "tuned", "out"];
        string Here(string arg) => ours.Contains(arg) ? Path.Combine(_folder, arg) : arg == "model+adapter" ? $"{_model}+{_folder}/adapter" : arg;
        CommandLine.Run([.. args.Select(Here)]).Success();
        string folder = Path.Combine(_folder, written);
        CommandLine.Run("generate", folder, "--prompt", "Say one", "--max-new-tokens", "4").Success();
        string[] sidecars = [.. Names(_model).Except(s_made)];
        Assert.Equal(["chat_template.jinja", "generation_config.json", "tokenizer.json", "tokenizer_config.json"], sidecars);
        Assert.All(sidecars, file => Assert.Equal(ModelFolder.HashFile(Path.Combine(_model, file)), ModelFolder.HashFile(Path.Combine(folder, file))));
        Assert.Equal(sidecars, Names(folder).Except(s_made));
        Assert.True(File.Exists(Path.Combine(folder, "README.md")));
    }

    private static IEnumerable<string> Names(string folder) => Directory.GetFiles(folder).Select(file => Path.GetFileName(file)).Order(StringComparer.Ordinal);
}
