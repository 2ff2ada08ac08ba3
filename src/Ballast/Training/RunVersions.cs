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
}
