using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using Ballast.Tensors;

namespace Ballast.Training;

/// <summary>The versions and settings that a result depends on, for run.json.</summary>
internal static class RunVersions
{
    public static JsonObject Describe() => new()
    {
        ["ballast"] = typeof(RunVersions).Assembly.GetName().Version?.ToString(3),
        ["dotnet"] = RuntimeInformation.FrameworkDescription,
        ["libtorch"] = TorchLibrary.Version,
        ["kernels"] = TorchLibrary.Capability,
        ["threads"] = TorchLibrary.Threads,
        ["system"] = RuntimeInformation.RuntimeIdentifier,
    };

    /// <summary>What has changed since a run began, in words; empty when nothing has.</summary>
    /// <param name="then">What <see cref="Describe"/> gave then.</param>
    public static string Changes(JsonObject then) => string.Join(", ", Describe()
        .Where(pair => pair.Value?.ToString() != then[pair.Key]?.ToString()).Select(pair => $"{pair.Key} was {then[pair.Key]} and is {pair.Value}"));
}
