using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Ballast.Checkpoints;
using Ballast.Evaluation;
using Ballast.Generation;
using Ballast.Models;
using Ballast.Tensors;
using Ballast.Tests.Support;
using Ballast.Tests.Training;
using Ballast.Training;
using Xunit;

namespace Ballast.Tests.Cli;

/// <summary>Signals while weights are read or hashed: the process ends between two tensors.</summary>
public class LoadingSignalTests
{
    private static readonly CancellationToken s_cancelled = new(canceled: true);

    [Fact]
    public void D7_everything_that_reads_weights_looks_for_an_interruption()
    {
        using var run = new SmallRun();
        string file = Path.Combine(run.Model, "model.safetensors");
        run.Run("run");
        string checkpoint = Path.Combine(run.At("run", "checkpoints"), run.Checkpoints("run").First());
        Action[] readers =
        [
            () => Decoder.Load(run.Model, cancellationToken: s_cancelled).Dispose(),
            () => LanguageModel.Load(run.Model, cancellationToken: s_cancelled).Dispose(),
            () => StartingModel.Load(run.Recipe("new"), DType.F32, Device.Cpu, s_cancelled).Dispose(),
            () => EvaluatedModel.FromFolder("model", run.Model, () => throw new InvalidOperationException(), s_cancelled),
            () => ModelFolder.HashFile(file, s_cancelled),
            () => RunCheckpoint.Open(checkpoint, s_cancelled),
        ];
        foreach (var read in readers)
        {
            Assert.ThrowsAny<OperationCanceledException>(read);
        }
    }

    [Theory]
    [InlineData("TERM", 143)]
    [InlineData("INT", 130)]
    public void D7_a_signal_while_weights_are_loaded_ends_the_process_before_the_rest_is_read(string signal, int code)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "memory is read from /proc");
        const long Begun = 100, Whole = 600;   // MiB of the process; the weights take 625
        using var process = CommandLine.Start("generate", LargeModel(), "--prompt", "Hello");
        while (MiB(process, "VmRSS") < Begun && !process.HasExited)
        {
            Thread.Sleep(1);
        }

        CommandLine.Signal(process, signal);
        long most = 0;
        while (!process.HasExited)
        {
            most = Math.Max(most, MiB(process, "VmHWM"));
            Thread.Sleep(1);
        }

        Assert.Equal((code, ""), (process.ExitCode, process.StandardOutput.ReadToEnd()));
        Assert.InRange(most, Begun, Whole);
        string error = process.StandardError.ReadToEnd();
        Assert.DoesNotContain("   at ", error);
        Assert.Contains("stopping after the step at hand", error);
    }

    // 164 million weights of zero in a file that takes no room on the disk.
    private static string LargeModel()
    {
        string folder = TinyModel.Create(Path.Combine(Shared.TemporaryFolder(), "model"));
        string configFile = Path.Combine(folder, "config.json"), weights = Path.Combine(folder, "model.safetensors");
        var config = JsonNode.Parse(File.ReadAllText(configFile))!.AsObject();
        (config["hidden_size"], config["intermediate_size"], config["num_hidden_layers"]) = (512, 1024, 64);
        config["num_attention_heads"] = 4;
        config["num_key_value_heads"] = 4;
        File.WriteAllText(configFile, config.ToJsonString());
        var header = new JsonObject();
        long end = 0;
        using (var model = Decoder.Create(DecoderConfig.Parse(config, configFile), 0, DType.BF16))
        {
            foreach (var (name, shape) in model.Weights.Names)
            {
                long bytes = 2 * shape.Aggregate(1L, (a, b) => a * b);
                header[name] = new JsonObject { ["dtype"] = "BF16", ["shape"] = new JsonArray([.. shape.Select(d => (JsonNode)d)]), ["data_offsets"] = new JsonArray(end, end + bytes) };
                end += bytes;
            }
        }

        byte[] text = System.Text.Encoding.UTF8.GetBytes(header.ToJsonString());
        using var file = new FileStream(weights, FileMode.Create);
        file.Write(BitConverter.GetBytes((long)text.Length));
        file.Write(text);
        file.SetLength(8 + text.Length + end);
        return folder;
    }

    private static long MiB(Process process, string field)
    {
        try
        {
            string? line = File.ReadLines($"/proc/{process.Id}/status").FirstOrDefault(line => line.StartsWith(field, StringComparison.Ordinal));
            return line is null ? 0 : long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)[^2].Split('\t')[^1], CultureInfo.InvariantCulture) / 1024;
        }
        catch (IOException)
        {
            return 0;   // it has ended
        }
    }
}
