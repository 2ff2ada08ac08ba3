using Ballast.Tests.Support;
using Xunit;

[assembly: AssemblyFixture(typeof(TemporaryFiles))]

namespace Ballast.Tests.Support;

/// <summary>One folder a run of the tests, removed after the last one: at the end of the process a slow disk would count as a thread that hangs.</summary>
public sealed class TemporaryFiles : IDisposable
{
    internal static Lazy<string> Folder { get; } = new(() => Directory.CreateTempSubdirectory("ballast-test-").FullName);

    public void Dispose()
    {
        try
        {
            if (Folder.IsValueCreated)
            {
                Directory.Delete(Folder.Value, recursive: true);
            }
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            // A file in use stays; the system clears its temporary folder.
        }
    }
}
