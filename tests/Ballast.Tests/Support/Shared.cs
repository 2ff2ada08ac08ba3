using System.Reflection;
using Xunit;

namespace Ballast.Tests.Support;

/// <summary>Reference material beside the repository; a test that needs it skips with a reason where it is absent.</summary>
internal static class Shared
{
    /// <summary>The repository's root folder.</summary>
    public static string Root { get; } = typeof(Shared).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(a => a.Key == "RepositoryRoot").Value!;

    /// <summary>The path of a file or folder in the shared material; skips the calling test when it is not there.</summary>
    public static string Path(params string[] parts)
    {
        string path = System.IO.Path.GetFullPath(System.IO.Path.Combine([Root, "..", "shared", .. parts]));
        Assert.SkipUnless(File.Exists(path) || Directory.Exists(path), $"reference material is absent: shared/{string.Join('/', parts)}");
        return path;
    }

    /// <summary>A fresh folder under the system's temporary folder.</summary>
    public static string TemporaryFolder() => Directory.CreateDirectory(System.IO.Path.Combine(TemporaryFiles.Folder.Value, Guid.NewGuid().ToString("N"))).FullName;
}
