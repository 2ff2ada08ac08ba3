using System.Text.Json.Nodes;
using Ballast.Cli;
using Xunit;

namespace Ballast.Tests.Cli;

public class DoctorTests
{
    [Fact]
    public void I2_doctor_names_each_native_file_and_what_came_of_it()
    {
        var facts = JsonNode.Parse(CommandLine.Run("doctor", "--json").Success())!;
        string sought = Assert.Single(facts["sought"]!.AsArray())!.GetValue<string>();
        Assert.Equal(Path.Combine(AppContext.BaseDirectory, "libballast.so") + ": loaded", sought);
        Assert.Matches(@"^\d+\.\d+", facts["libtorch"]!.GetValue<string>());
        Assert.Contains("libtorch_cpu.so", facts["libtorch_path"]!.GetValue<string>());
        Assert.True(facts["threads"]!.GetValue<int>() >= 1);
        Assert.True(facts["gemm_gflops"]!.GetValue<double>() > 0.1);
    }

    [Fact]
    public void I2_doctor_says_why_a_file_was_refused_and_goes_on_to_the_next()
    {
        string file = Path.GetTempFileName();
        using var process = CommandLine.Start(("BALLAST_NATIVE", file), "doctor");
        string text = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        File.Delete(file);
        Assert.Contains($"{file}: refused (", text);
        Assert.Contains("libballast.so: loaded", text);
        Assert.Equal(0, process.ExitCode);
    }

    [Theory]
    [InlineData("/usr/lib/x86_64-linux-gnu/blas/libblas.so.3.11.0", true)]
    [InlineData("/usr/lib/x86_64-linux-gnu/openblas-pthread/libblas.so.3", false)]
    [InlineData("/usr/lib/x86_64-linux-gnu/openblas-pthread/libopenblasp-r0.3.21.so", false)]
    public void The_reference_blas_is_known_by_its_folder(string path, bool reference) => Assert.Equal(reference, Blas.IsReferenceFile(path));
}
