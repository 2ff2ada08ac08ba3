using Ballast.Tensors;

namespace Ballast.Merging.Config;

/// <summary>A merge file in mergekit's schema, read and checked, with its paths resolved.</summary>
/// <param name="File">The file.</param>
/// <param name="Text">Its text, for the model card.</param>
/// <param name="Method">Name of the merge method.</param>
/// <param name="Base">base_model, or null.</param>
/// <param name="Slices">Groups of output layers; one of whole models for the <c>models</c> form.</param>
/// <param name="WholeModels">True for the <c>models</c> form.</param>
/// <param name="Parameters">Numbers at the top.</param>
/// <param name="DType">Type to which the inputs are rounded, and that of the output unless <paramref name="OutDType"/> says otherwise; null keeps the inputs' type.</param>
/// <param name="OutDType">Type of the output's floats.</param>
/// <param name="Vocabulary">What becomes of the tokenizers; null: the vocabularies must be equal.</param>
/// <param name="ChatTemplate">auto, a name, or a template; null keeps the donor's.</param>
/// <param name="Notes">What was accepted without effect, for people.</param>
internal sealed record MergeConfig(
    string File,
    string Text,
    string Method,
    ModelReference? Base,
    IReadOnlyList<MergeSlice> Slices,
    bool WholeModels,
    IReadOnlyDictionary<string, ParameterValue> Parameters,
    DType? DType,
    DType? OutDType,
    VocabularyOptions? Vocabulary,
    string? ChatTemplate,
    IReadOnlyList<string> Notes)
{
    /// <summary>Every model that is named, once, in the order of the file, the base first.</summary>
    public IReadOnlyList<ModelReference> Models =>
    [
        .. new[] { Base }.Concat(Slices.SelectMany(s => s.Inputs.Select(i => (ModelReference?)i.Model).Append(s.Base)))
            .Append(Vocabulary?.Source).Concat(Vocabulary?.Tokens.Values.Select(t => t.Model) ?? []).OfType<ModelReference>().Distinct(),
    ];
}

/// <summary>A group of output layers.</summary>
/// <param name="Inputs">Where they come from.</param>
/// <param name="Base">base_model of this group.</param>
/// <param name="Parameters">Numbers of the slice, then of its module.</param>
/// <param name="Place">Where it stands in the file.</param>
internal sealed record MergeSlice(IReadOnlyList<MergeInput> Inputs, ModelReference? Base, IReadOnlyList<IReadOnlyDictionary<string, ParameterValue>> Parameters, string Place);

/// <summary>A model in a slice.</summary>
/// <param name="Model">The model.</param>
/// <param name="First">First layer; 0 for whole models.</param>
/// <param name="End">Layer after the last; null for all layers.</param>
/// <param name="Parameters">Its numbers.</param>
/// <param name="Place">Where it stands in the file.</param>
internal sealed record MergeInput(ModelReference Model, int First, int? End, IReadOnlyDictionary<string, ParameterValue> Parameters, string Place);

/// <summary>What becomes of the tokenizers.</summary>
/// <param name="Union">True to join all vocabularies.</param>
/// <param name="Source">The model whose tokenizer is kept; null: the base's, else the first model's.</param>
/// <param name="Tokens">Where the rows of some tokens come from.</param>
/// <param name="PadToMultipleOf">The number of rows is rounded up to a multiple of this; 1 rounds nothing.</param>
internal sealed record VocabularyOptions(bool Union, ModelReference? Source, IReadOnlyDictionary<string, TokenOptions> Tokens, int PadToMultipleOf);

/// <summary>Where the rows of a token come from.</summary>
/// <param name="Model">The model whose row it is; null: a row of zeros, or the default when <paramref name="IsZero"/> is false.</param>
/// <param name="Token">Its token there; null: the same text, or <paramref name="TokenId"/>.</param>
/// <param name="TokenId">Its id there.</param>
/// <param name="IsZero">True for zeros.</param>
/// <param name="Force">True to replace rows that models have of their own.</param>
internal sealed record TokenOptions(ModelReference? Model, string? Token, int? TokenId, bool IsZero, bool Force);
