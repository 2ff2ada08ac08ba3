using System.Text.Json.Nodes;
using Ballast.Checkpoints;
using Ballast.Merging.Config;
using Ballast.Merging.Methods;
using Ballast.Merging.Vocabularies;
using Ballast.Tensors;

namespace Ballast.Merging.Streaming;

/// <summary>One output tensor: where it comes from and with which numbers.</summary>
/// <param name="Output">Name, type and shape.</param>
/// <param name="Models">The models' tensors.</param>
/// <param name="Base">The base's, when it stands apart.</param>
/// <param name="Numbers">The method's numbers.</param>
internal sealed record PlannedTensor(TensorEntry Output, IReadOnlyList<PlannedInput> Models, PlannedInput? Base, MethodNumbers Numbers)
{
    /// <summary>All inputs, the base last.</summary>
    public IEnumerable<PlannedInput> Inputs => Base is null ? Models : Models.Append(Base);
}

/// <summary>A tensor of an input.</summary>
/// <param name="Model">The input.</param>
/// <param name="Entry">The stored tensor.</param>
/// <param name="Name">The name under which it is asked for: that of the head for a tied model's embedding.</param>
internal sealed record PlannedInput(InputModel Model, TensorEntry Entry, string Name);

/// <summary>Lays out every output tensor of a merge before any weight is read, and finds every mismatch.</summary>
internal sealed class MergeLayout
{
    private static readonly string[] s_meaning =
        ["hidden_act", "num_attention_heads", "num_key_value_heads", "head_dim", "rms_norm_eps", "rope_theta", "rope_scaling", "rope_parameters"];

    /// <summary>Parts of the names of tensors before the first layer; other tensors outside the layers come after the last.</summary>
    private static readonly string[] s_first = ["embed", "wte", "wpe", "vision", "visual", "multi_modal_projector"];

    private readonly MergeConfig _config;
    private readonly MergeMethod _method;
    private readonly IReadOnlyDictionary<ModelReference, InputModel> _models;
    private readonly VocabularyPlan? _vocabulary;
    private readonly List<PlannedTensor> _tensors = [];

    private MergeLayout(MergeConfig config, IReadOnlyDictionary<ModelReference, InputModel> models, VocabularyPlan? vocabulary)
    {
        (_config, _models, _vocabulary) = (config, models, vocabulary);
        _method = NamedMethod.Find(config.Method)!.Method;
    }

    /// <summary>Every output tensor, in the order of the model.</summary>
    public static IReadOnlyList<PlannedTensor> Create(MergeConfig config, IReadOnlyDictionary<ModelReference, InputModel> models, VocabularyPlan? vocabulary)
    {
        MergeLayout layout = new(config, models, vocabulary);
        layout.Lay();
        return layout._tensors;
    }

    /// <summary>The inputs of a slice: the base is added to whole models that do not list it.</summary>
    internal static IReadOnlyList<MergeInput> InputsOf(MergeSlice slice, MergeConfig config) =>
        config.WholeModels && config.Base is { } origin && slice.Inputs.All(i => i.Model != origin)
            ? [.. slice.Inputs, new MergeInput(origin, 0, null, new Dictionary<string, ParameterValue>(), slice.Place)]
            : slice.Inputs;

    private void Lay()
    {
        List<SliceRanges> slices = [.. _config.Slices.Select(s => new SliceRanges(s, Ranges(s)))];
        if (slices.Sum(s => s.Inputs[0].Count) == 0 && _config.WholeModels == false)
        {
            throw new ConfigException($"{_config.Slices[0].Place}: the slices hold no layer");
        }

        InputModel donor = _models[slices[0].Inputs[0].Input.Model];
        foreach (InputModel model in slices.SelectMany(s => s.Inputs).Select(i => _models[i.Input.Model]))
        {
            CheckMeaning(donor, model, "model_type");
        }

        Outside(slices[0], first: true);
        int layer = 0;
        foreach (SliceRanges slice in slices)
        {
            for (int i = 0; i < slice.Inputs[0].Count; i++, layer++)
            {
                Layer(slice, i, layer, donor.LayerPrefix!);
            }
        }

        Outside(slices[^1], first: false);
        foreach (InputModel model in slices.SelectMany(s => s.Inputs).Select(i => _models[i.Input.Model]))
        {
            CheckMeaning(donor, model, s_meaning);
        }
    }

    private List<LayerRange> Ranges(MergeSlice slice)
    {
        var inputs = InputsOf(slice, _config);
        MergeInput? twice = inputs.Where((input, n) => inputs.Take(n).Any(i => i.Model == input.Model && i.First == input.First && i.End == input.End)).FirstOrDefault();
        if (twice is not null)
        {
            throw new ConfigException($"{twice.Place}: the model {twice.Model} is listed twice; give it one weight");
        }

        ModelReference? origin = slice.Base ?? _config.Base;
        int models = inputs.Count(i => _method.Base == BaseRule.Input || i.Model != origin);
        string? problem = (_method.Base, origin, inputs.Any(i => i.Model == origin)) switch
        {
            (BaseRule.Required, null, _) => "needs base_model",
            (not BaseRule.Input, not null, false) => $"needs the base {origin} among the sources of every slice",
            _ when models < _method.MinModels || models > _method.MaxModels => Wanted(models, origin),
            _ => null,
        };
        if (problem is not null)
        {
            throw new ConfigException($"{slice.Place}: {_config.Method} {problem}");
        }

        List<LayerRange> ranges = [];
        foreach (MergeInput input in inputs)
        {
            int layers = _models[input.Model].LayerCount, end = input.End ?? layers;
            ranges.Add(end <= layers ? new LayerRange(input, input.First, end - input.First)
                : throw new ConfigException($"{input.Place}: layer_range [{input.First}, {end}]: {input.Model} has {layers} layers"));
            if (ranges[^1].Count != ranges[0].Count)
            {
                throw new ConfigException($"{input.Place}: the inputs of a slice must have equally many layers: {ranges[0].Input.Model} gives {ranges[0].Count}, {input.Model} {ranges[^1].Count}");
            }
        }

        return ranges;
    }

    private string Wanted(int models, ModelReference? origin)
    {
        string apart = _method.Base == BaseRule.Required ? " besides the base" : origin is null ? "" : " (base_model counts as one where it is not a model of its own)";
        string count = _method.MinModels == _method.MaxModels ? $"exactly {_method.MinModels}" : $"at least {_method.MinModels}";
        return $"takes {count} model{(_method.MinModels == 1 && _method.MaxModels == 1 ? "" : "s")}{apart}, found {models}";
    }

    private void Layer(SliceRanges slice, int index, int output, string prefix)
    {
        int count = slice.Inputs[0].Count;
        double depth = count == 1 ? 1 : index / (double)(count - 1);
        foreach (string rest in slice.Inputs.SelectMany(i => _models[i.Input.Model].Layer(i.First + index)).Distinct(StringComparer.Ordinal))
        {
            Add(slice.Slice, $"{prefix}{output}{rest}", [.. slice.Inputs.Select(i => new NamedInput(i.Input, $"{_models[i.Input.Model].LayerPrefix}{i.First + index}{rest}"))], depth);
        }

        if (_models[slice.Inputs[0].Input.Model].Layer(slice.Inputs[0].First + index).Count == 0)
        {
            throw new CheckpointException($"{slice.Inputs[0].Input.Model}: there are no tensors of layer {slice.Inputs[0].First + index}");
        }
    }

    private void Outside(SliceRanges slice, bool first)
    {
        List<InputModel> models = [.. slice.Inputs.Select(i => _models[i.Input.Model])];
        foreach (string name in models.SelectMany(m => m.Others).Distinct(StringComparer.Ordinal).Where(n => s_first.Any(part => n.Contains(part, StringComparison.Ordinal)) == first))
        {
            Add(slice.Slice, name, [.. slice.Inputs.Select(i => new NamedInput(i.Input, name))], 0);
        }
    }

    private void Add(MergeSlice slice, string name, List<NamedInput> inputs, double depth)
    {
        List<FoundInput> found = [.. inputs.Select(i => new FoundInput(i.Input, Find(i.Input, i.Name, inputs)))];
        ModelReference? origin = _method.Base == BaseRule.Input ? null : slice.Base ?? _config.Base;
        PlannedInput first = found[0].Planned;
        long[] shape = _vocabulary?.ShapeOf(first) ?? first.Entry.Shape;
        foreach (FoundInput input in found)
        {
            CheckShape(name, shape, first, input.Planned);
        }

        List<FoundInput> models = [.. found.Where(f => f.Input.Model != origin)];
        PlannedInput? apart = found.FirstOrDefault(f => f.Input.Model == origin)?.Planned;
        MethodNumbers numbers = new(
            _method.Parameters.Where(p => !p.PerModel).ToDictionary(p => p.Name, p => Number(p, name, depth, [.. slice.Parameters, _config.Parameters])
                ?? throw new ConfigException($"{slice.Place}: {_config.Method}: the parameter {p.Name} is missing for tensor {name}")),
            [.. models.Select(m => _method.Parameters.Where(p => p.PerModel).ToDictionary(p => p.Name, p => Number(p, m.Planned.Name, depth, [m.Input.Parameters, .. slice.Parameters, _config.Parameters])
                ?? throw new ConfigException($"{m.Input.Place}: {_config.Method} needs a {p.Name} for each model; {m.Input.Model} has none for tensor {m.Planned.Name}"
                    + (_method.Base == BaseRule.Input && m.Input.Model == _config.Base ? $" ({_config.Method} takes base_model for one more model)" : ""))))]);
        if (_method.Problem(numbers) is { } problem)
        {
            throw new ConfigException($"{slice.Place}: {_config.Method}: tensor {PrintableName.Quote(name)}: {problem}");
        }

        _tensors.Add(new PlannedTensor(TensorEntry.Create(name, OutputType(found.Select(f => f.Planned)), shape), [.. models.Select(m => m.Planned)], apart, numbers));
    }

    private PlannedInput Find(MergeInput input, string name, List<NamedInput> inputs)
    {
        InputModel model = _models[input.Model];
        if (model.Find(name) is { } entry)
        {
            return new PlannedInput(model, entry, name);
        }

        var (owner, ownName) = inputs.First(i => _models[i.Input.Model].Find(i.Name) is not null);
        throw new CheckpointException($"{model.Reference.Folder}: there is no tensor {PrintableName.Quote(name)}, which {_models[owner.Model].Weights.FileOf(_models[owner.Model].Find(ownName)!.Name)} has; "
            + "the models must have one architecture");
    }

    private void CheckShape(string name, long[] shape, PlannedInput first, PlannedInput other)
    {
        long[] found = _vocabulary?.ShapeOf(other) ?? other.Entry.Shape;
        string file = other.Model.Weights.FileOf(other.Entry.Name), firstFile = first.Model.Weights.FileOf(first.Entry.Name);
        if (!found.AsSpan().SequenceEqual(shape))
        {
            bool rows = VocabularyPlan.IsVocabulary(name) && found.Length == shape.Length && found.AsSpan(1).SequenceEqual(shape.AsSpan(1));
            throw new CheckpointException($"{file}: tensor {PrintableName.Quote(name)}: expected shape {TensorEntry.ShapeText(shape)} as in {firstFile}, found "
                + $"{TensorEntry.ShapeText(found)}; {(rows ? "the vocabularies differ: set tokenizer_source to base, union or a model" : "the models must have one architecture")}");
        }

        if (other.Entry.DType.IsFloat != first.Entry.DType.IsFloat || (!first.Entry.DType.IsFloat && other.Entry.DType != first.Entry.DType))
        {
            throw new CheckpointException($"{file}: tensor {PrintableName.Quote(name)}: expected type {first.Entry.DType.SafetensorsName} as in {firstFile}, found {other.Entry.DType.SafetensorsName}");
        }
    }

    /// <summary>The type asked for, else the type that holds those of all inputs: BF16 and F16 together need F32.</summary>
    private DType OutputType(IEnumerable<PlannedInput> inputs)
    {
        DType[] types = [.. inputs.Select(i => i.Entry.DType).Distinct()];
        return !types[0].IsFloat ? types[0] : (_config.OutDType ?? _config.DType) ?? (types.Length == 1 ? types[0] : types.Contains(DType.F64) ? DType.F64 : DType.F32);
    }

    private static double? Number(MethodParameter parameter, string tensor, double depth, IEnumerable<IReadOnlyDictionary<string, ParameterValue>> levels) =>
        levels.Select(level => level.GetValueOrDefault(parameter.Name)?.For(tensor, depth)).FirstOrDefault(v => v is not null) ?? parameter.Default;

    private static void CheckMeaning(InputModel donor, InputModel other, params string[] keys)
    {
        foreach (string key in keys)
        {
            if (donor.Config[key] is { } expected && other.Config[key] is { } found && !JsonNode.DeepEquals(expected, found))
            {
                throw new CheckpointException($"{Path.Combine(other.Reference.Folder, ModelFolder.ConfigFile)}: expected {key} = {expected.ToJsonString()} as in "
                    + $"{Path.Combine(donor.Reference.Folder, ModelFolder.ConfigFile)}, found {found.ToJsonString()}; such models cannot be merged");
            }
        }
    }

    /// <summary>A slice with the layers of its inputs.</summary>
    private sealed record SliceRanges(MergeSlice Slice, List<LayerRange> Inputs);

    /// <summary>The layers that an input gives.</summary>
    private sealed record LayerRange(MergeInput Input, int First, int Count);

    /// <summary>A tensor to be found in an input.</summary>
    private sealed record NamedInput(MergeInput Input, string Name);

    /// <summary>A tensor that was found there.</summary>
    private sealed record FoundInput(MergeInput Input, PlannedInput Planned);
}
