using System.Security.Cryptography;
using System.Text;
using Ballast.Checkpoints;

namespace Ballast.Adapters;

/// <summary>How a model is named where one is loaded: FOLDER, or FOLDER+ADAPTER for a base with an adapter of PEFT's format on it.</summary>
/// <param name="Folder">The (base) model's folder.</param>
/// <param name="Adapter">The adapter's folder, or null.</param>
public sealed record ModelName(string Folder, string? Adapter)
{
    /// <summary>Reads a name. A path that exists as it stands is a folder, whatever is in it; else the last plus sign parts base and adapter.</summary>
    public static ModelName Parse(string text)
    {
        int plus = text.LastIndexOf('+');
        return plus <= 0 || plus == text.Length - 1 || Path.Exists(text) ? new ModelName(text, null) : new ModelName(text[..plus], text[(plus + 1)..]);
    }

    /// <summary>The same name with each part replaced.</summary>
    /// <param name="part">Gives a part's new text.</param>
    public static string Map(string text, Func<string, string> part)
    {
        var name = Parse(text);
        return name.Adapter is null ? part(text) : $"{part(name.Folder)}+{part(name.Adapter)}";
    }

    /// <summary>SHA-256 over the weights, and over the adapter's two files where there is one.</summary>
    /// <exception cref="CheckpointException">The folder holds no readable weights.</exception>
    public string HashWeights(CancellationToken cancellationToken = default)
    {
        string weights = ModelFolder.HashWeights(Folder, cancellationToken);
        if (Adapter is null)
        {
            return weights;
        }

        string all = weights + ModelFolder.HashFile(Path.Combine(Adapter, AdapterConfig.FileName), cancellationToken) + ModelFolder.HashFile(Path.Combine(Adapter, AdapterFolder.WeightsFile), cancellationToken);
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(all)));
    }

    /// <inheritdoc/>
    public override string ToString() => Adapter is null ? Folder : $"{Folder}+{Adapter}";
}
