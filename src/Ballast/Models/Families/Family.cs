namespace Ballast.Models.Families;

/// <summary>A model family: the value of model_type in config.json, and how such a file describes a decoder.</summary>
public sealed class Family
{
    private readonly Func<ConfigReader, DecoderConfig> _read;

    internal Family(string name, string about, Func<ConfigReader, DecoderConfig> read) => (Name, About, _read) = (name, about, read);

    /// <summary>Every family, one line each.</summary>
    public static IReadOnlyList<Family> All { get; } =
    [
        Llama.Family,
        Mistral.Family,
        Qwen2.Family,
        Qwen3.Family,
        Phi3.Family,
        Gemma.Family,
        Gemma2.Family,
    ];

    /// <summary>The value of model_type.</summary>
    public string Name { get; }

    /// <summary>Models that have it, and what sets them apart.</summary>
    public string About { get; }

    internal static DecoderConfig Read(ConfigReader config)
    {
        string name = config.Text("model_type", "");
        var family = All.FirstOrDefault(family => family.Name == name)
            ?? throw config.Fault("model_type", $"'{name}'", $"one of the supported families: {string.Join(", ", All.Select(family => family.Name))}");
        var read = family._read(config) with { Family = name };
        UnsupportedKeys.Check(config, read.NumLayers);
        config.Ignore("architectures", "torch_dtype", "dtype", "transformers_version", "_name_or_path", "use_cache", "pretraining_tp");
        return read with { IgnoredKeys = config.Unread() };
    }
}
