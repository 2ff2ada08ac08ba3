using Ballast.Tensors;

namespace Ballast.Cli;

/// <summary>Which BLAS multiplies libtorch's matrices, read from the libraries that this process has loaded.</summary>
/// <param name="Name">The library's file, or the one inside libtorch.</param>
/// <param name="IsReference">Whether it is the unoptimized reference implementation.</param>
internal sealed record Blas(string Name, bool IsReference)
{
    private static readonly string[] s_libraries = ["libopenblas", "libmkl", "libblis", "libblas", "libcblas"];

    /// <summary>Asks the kernel's map of this process; libtorch has to be loaded and to have multiplied once.</summary>
    public static Blas Loaded()
    {
        string? file = File.ReadLines("/proc/self/maps").Select(line => line[(line.IndexOf('/') + 1)..]).Select(path => "/" + path)
            .Where(path => s_libraries.Any(name => Path.GetFileName(path).StartsWith(name, StringComparison.Ordinal)))
            .OrderBy(path => Array.FindIndex(s_libraries, name => Path.GetFileName(path).StartsWith(name, StringComparison.Ordinal)))
            .FirstOrDefault();
        if (file is not null)
        {
            return new Blas(file, IsReferenceFile(file));
        }

        string inside = TorchLibrary.Description.Contains("MKL", StringComparison.Ordinal) ? "MKL inside libtorch" : "inside libtorch";
        return new Blas(inside, IsReference: false);
    }

    /// <summary>Debian keeps the reference library in a folder 'blas', the optimized ones in folders of their own names.</summary>
    internal static bool IsReferenceFile(string path) =>
        Path.GetFileName(path).StartsWith("libblas", StringComparison.Ordinal) && Path.GetFileName(Path.GetDirectoryName(path)) == "blas";
}
