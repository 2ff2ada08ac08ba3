using System.Reflection;
using Xunit;

namespace Ballast.Tests.Support;

/// <summary>Reference material beside the repository; a test that needs it skips with a reason where it is absent.</summary>
internal static class Shared
{
    // One folder a run of the tests, removed when its process ends.
    private static readonly Lazy<string> s_temporary = new(() =>
    {
        string folder = Directory.CreateTempSubdirectory("ballast-test-").FullName;
        AppDomain.CurrentDomain.ProcessExit += (_, _) =>
        {
            try
            {
                Directory.Delete(folder, recursive: true);
            }
            catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
            {
                // A file in use stays; the system clears its temporary folder.
            }
        };
        return folder;
    });

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
    public static string TemporaryFolder() => Directory.CreateDirectory(System.IO.Path.Combine(s_temporary.Value, Guid.NewGuid().ToString("N"))).FullName;
}
