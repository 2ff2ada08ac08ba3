using System.CommandLine;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using Ballast.Tensors;
using Ballast.Training;

namespace Ballast.Cli.Verbs;

/// <summary>doctor: what Ballast runs on, which native files were sought, found or refused and why, and how fast the matrix product is.</summary>
internal static class DoctorVerb
{
    public static Command Create(Terminal terminal)
    {
        var json = JsonOption.Create();
        var command = new Verb("doctor", "Show the libtorch in use, its BLAS, the processor's capability and the measured speed.",
            "ballast doctor") { json };
        command.SetAction(parse =>
        {
            var facts = Examine(out string? problem);
            if (parse.GetValue(json))
            {
                terminal.WriteJson(facts);
            }
            else
            {
                Print(facts, terminal);
            }

            if (problem is not null)
            {
                terminal.SayErrors(problem);
            }

            return problem is null ? ExitCode.Success : ExitCode.UserFault;
        });
        return command;
    }

    private static JsonObject Examine(out string? problem)
    {
        var facts = new JsonObject
        {
            ["ballast"] = typeof(Program).Assembly.GetName().Version!.ToString(3),
            ["runtime"] = RuntimeInformation.FrameworkDescription,
            ["system"] = $"{RuntimeInformation.OSDescription}, {RuntimeInformation.ProcessArchitecture}, {Environment.ProcessorCount} cores",
        };
        try
        {
            TorchLibrary.Load();
            problem = null;
        }
        catch (ConfigException e)
        {
            problem = e.Message;
        }

        facts["sought"] = new JsonArray([.. TorchLibrary.Sought.Select(line => JsonValue.Create(line))]);
        if (problem is null)
        {
            Measure(facts);
        }

        return facts;
    }

    private static void Measure(JsonObject facts)
    {
        facts["libtorch"] = TorchLibrary.Version;
        facts["libtorch_path"] = TorchLibrary.LibraryPath;
        facts["kernels"] = TorchLibrary.Capability;
        facts["threads"] = TorchLibrary.Threads;
        facts["cuda_devices"] = TorchLibrary.CudaDevices;
        if (TorchLibrary.CudaDevices > 0)
        {
            facts["cuda_step"] = TorchLibrary.CudaStep;
        }

        double gflops = GemmPeak.Measure(DType.F32, rounds: 3, products: 2) / 1e9;
        var blas = Blas.Loaded();
        facts["blas"] = blas.Name;
        facts["gemm_gflops"] = Math.Round(gflops, 1);
        if (blas.IsReference)
        {
            facts["warning"] = "this is the slow reference BLAS; sudo apt-get install libopenblas0-pthread makes matrix products many times faster";
        }
    }

    private static void Print(JsonObject facts, Terminal terminal)
    {
        foreach (var (name, value) in facts)
        {
            string label = name.Replace('_', ' ').PadRight(14);
            foreach (var item in value as JsonArray ?? [value?.DeepClone()])
            {
                terminal.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{label} {item}"));
            }
        }
    }
}
