using System.Text.Json.Nodes;
using Ballast.Adapters;
using Ballast.Checkpoints;
using Ballast.Evaluation.Suites;
using Ballast.Generation;
using Ballast.Tensors;

namespace Ballast.Merging.Rescue;

/// <summary>A LoRA adapter on the aligned model, scaled: W + lambda s B A is the linear merge of W and W + s B A, exactly.</summary>
/// <remarks>Lambda goes into lora_alpha, so what is written is the adapter with one number changed. Memory: one model; it is loaded anew for every point.</remarks>
internal sealed class ScaledAdapter : RescuePath
{
    /// <summary>The name of the method.</summary>
    public const string Method = "scaled";

    private readonly string _base;
    private readonly string _adapter;
    private LanguageModel _model;

    private ScaledAdapter(string model, string adapter, CancellationToken cancellationToken) =>
        (_base, _adapter, _model) = (model, adapter, LanguageModel.Load(model, cancellationToken: cancellationToken));

    public override LanguageModel Model => _model;

    public override long WeightBytes => FileSize.Of(Path.Combine(_adapter, AdapterFolder.WeightsFile));

    public override string Types => $"those of the adapter, computed in {_model.Model.Weights.DType.SafetensorsName}";

    /// <summary>Base and adapter that the tuned model's name means: MODEL+ADAPTER, or an adapter's folder alone for one on the aligned model. The adapter is null for a model's folder.</summary>
    public static ModelName Means(string tuned, string aligned) => AdapterFolder.Is(tuned) ? new ModelName(aligned, tuned) : ModelName.Parse(tuned);

    /// <summary>Opens the model and checks that the adapter can be scaled and is one on the aligned model.</summary>
    /// <exception cref="BallastException">A folder is no model or adapter, the base is another one, or scaling would not reach all of the adapter.</exception>
    public static ScaledAdapter Open(string aligned, string model, string adapter, IReadOnlyList<string> methods, CancellationToken cancellationToken = default)
    {
        if (methods.FirstOrDefault(method => method is not ("linear" or Method)) is { } other)
        {
            throw new ConfigException($"--methods: '{other}' does not apply to an adapter, which is scaled (the linear merge); merge it first (ballast lora merge)");
        }

        CheckLinear(adapter);
        string alignedHash = ModelFolder.HashWeights(aligned, cancellationToken);
        if (Path.GetFullPath(aligned) != Path.GetFullPath(model) && ModelFolder.HashWeights(model, cancellationToken) != alignedHash)
        {
            throw new CheckpointException($"{model}: the adapter's base has other weights than the aligned model {aligned}; an adapter can be scaled only towards its own base");
        }

        var path = new ScaledAdapter(aligned, adapter, cancellationToken)
        {
            Methods = [Method],
            AlignedHash = alignedHash,
            TunedHash = Suite.HashOf([alignedHash, ModelFolder.HashFile(Path.Combine(adapter, AdapterFolder.WeightsFile), cancellationToken), ModelFolder.HashFile(Path.Combine(adapter, AdapterConfig.FileName), cancellationToken)]),
            FormHash = Suite.HashOf(ModelFolder.Sidecars.Select(file => Path.Combine(aligned, file)).Where(File.Exists).Select(file => ModelFolder.HashFile(file, cancellationToken))),
        };
        try
        {
            path.Move(Method, 1, cancellationToken);   // a fault of the adapter shows before anything is measured
            return path;
        }
        catch
        {
            path.Dispose();
            throw;
        }
    }

    public override string Formula(string method) => "The adapter's lora_alpha (and alpha_pattern) times lambda: W + lambda s B A, the linear merge of the model without and with the adapter";

    protected override void Make(string method, double lambda, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        _model.Dispose();
        _model = LanguageModel.Load(_base, cancellationToken: cancellationToken);
        if (lambda != 0)
        {
            Adapter.Load(_model.Model, _adapter, scale: lambda);
        }
    }

    public override void Write(string method, double lambda, string folder, string card, CancellationToken cancellationToken = default)
    {
        using var output = new DurableFolder(folder, replace: true);
        ModelFolder.CopySidecars(_adapter, output.Working);
        var config = JsonFile.ReadObject(Path.Combine(_adapter, AdapterConfig.FileName));
        var scaled = AdapterConfig.Read(_adapter).Scaled(lambda);
        config["lora_alpha"] = scaled.Alpha;
        if (scaled.AlphaPattern.Count > 0)
        {
            config["alpha_pattern"] = new JsonObject(scaled.AlphaPattern.Select(pair => KeyValuePair.Create(pair.Key, (JsonNode?)pair.Value)));
        }

        try
        {
            File.Copy(Path.Combine(_adapter, AdapterFolder.WeightsFile), Path.Combine(output.Working, AdapterFolder.WeightsFile));
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw WriteFault.Explain(folder, fault);
        }

        output.WriteText(AdapterConfig.FileName, JsonFile.Indented(config));
        output.WriteText("README.md", card);
        output.Complete();
    }

    public override void Dispose() => _model.Dispose();

    private static void CheckLinear(string adapter)
    {
        using var opened = AdapterFolder.Open(adapter);
        string? reason = opened.Config.UseDora ? "magnitudes (DoRA), which lambda does not scale"
            : opened.Whole.Values.Concat(opened.Kept.Values).FirstOrDefault() is { } key ? $"{PrintableName.Quote(key)}, a tensor of the base that lambda does not scale"
            : null;
        if (reason is not null)
        {
            throw new CheckpointException($"{adapter}: holds {reason}; merge it first (ballast lora merge) and rescue the result");
        }
    }
}
