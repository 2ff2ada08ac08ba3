using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Ballast.Checkpoints;
using Ballast.Merging;
using Ballast.Tensors;

namespace Ballast.Bench;

/// <summary>
/// Merges two random F16 checkpoints of about 1 GB, linear and ties (density 0.5), and copies as many bytes for comparison (the floor): reads both, writes one, flushes it.
/// The three take turns, each in a process of its own for its peak memory; ratios of neighbors stand while the machine drifts.
/// </summary>
internal static class MergeBench
{
    private const int Hidden = 2048, Intermediate = 5632, Vocab = 32000, Chunk = 1 << 20;

    public static int Run(Dictionary<string, string> options)
    {
        int rounds = int.Parse(options.GetValueOrDefault("rounds", "5"), CultureInfo.InvariantCulture);
        int layers = int.Parse(options.GetValueOrDefault("layers", "9"), CultureInfo.InvariantCulture);
        string root = Directory.CreateTempSubdirectory("ballast-bench-").FullName;
        try
        {
            string[] models = [Path.Combine(root, "aligned"), Path.Combine(root, "tuned")];
            long largest = Make(models, layers);
            File.WriteAllText(Path.Combine(root, "linear.yaml"), "merge_method: linear\nmodels:\n- {model: aligned, parameters: {weight: 0.4}}\n- {model: tuned, parameters: {weight: 0.6}}\n");
            File.WriteAllText(Path.Combine(root, "ties.yaml"), "merge_method: ties\nbase_model: aligned\nmodels:\n- {model: tuned, parameters: {weight: 1, density: 0.5}}\n");
            string[] kinds = ["floor", "linear", "ties"];
            var times = kinds.ToDictionary(k => k, _ => new List<double>());
            var memory = kinds.ToDictionary(k => k, _ => 0.0);
            for (int round = 0; round <= rounds; round++)
            {
                foreach (string kind in kinds)
                {
                    JsonObject result = Start(kind, root);
                    if (round > 0)
                    {
                        times[kind].Add((double)result["seconds"]!);
                    }

                    memory[kind] = Math.Max(memory[kind], (double)result["peak_rss_mib"]!);
                    Directory.Delete(Path.Combine(root, "out"), recursive: true);
                }

                Console.Error.WriteLine(round == 0 ? "warm" : FormattableString.Invariant($"round {round}: floor {times["floor"][^1]:0.000} s, linear {times["linear"][^1]:0.000} s, ties {times["ties"][^1]:0.000} s"));
            }

            JsonObject Ratio(string kind) => Spread(times["floor"].Zip(times[kind], (floor, own) => floor / own));
            Console.WriteLine(new JsonObject
            {
                ["bytes_each"] = models.Sum(m => new FileInfo(Path.Combine(m, "model.safetensors")).Length) / 2, ["rounds"] = rounds, ["threads"] = Environment.ProcessorCount,
                ["floor_seconds"] = Spread(times["floor"]), ["linear_seconds"] = Spread(times["linear"]), ["ties_seconds"] = Spread(times["ties"]),
                ["linear_speed_of_floor"] = Ratio("linear"), ["ties_speed_of_floor"] = Ratio("ties"),
                ["linear_peak_rss_mib"] = memory["linear"], ["ties_peak_rss_mib"] = memory["ties"], ["allowed_peak_rss_mib"] = 300 + 3 * largest / (1 << 20),
            }.ToJsonString());
            return 0;
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }
    }

    /// <summary>One measured process.</summary>
    public static int Once(string kind, string root)
    {
        string output = Path.Combine(root, "out");
        long start = Stopwatch.GetTimestamp();
        if (kind == "floor")
        {
            Directory.CreateDirectory(output);
            Copy(root, Path.Combine(output, "model.safetensors"));
        }
        else
        {
            using ModelMerge merge = ModelMerge.Open(Path.Combine(root, kind + ".yaml"));
            merge.Run(output, new MergeOptions());
        }

        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        Console.WriteLine(new JsonObject { ["seconds"] = seconds, ["cpu_seconds"] = Environment.CpuUsage.TotalTime.TotalSeconds, ["peak_rss_mib"] = TrainBench.PeakMemory() }.ToJsonString());
        return 0;
    }

    /// <summary>Reads the first file, reads and writes the second, in pieces of 1 MiB, and flushes.</summary>
    private static void Copy(string root, string output)
    {
        byte[] buffer = new byte[Chunk];
        using var aligned = File.OpenHandle(Path.Combine(root, "aligned", "model.safetensors"), options: FileOptions.SequentialScan);
        using var tuned = File.OpenHandle(Path.Combine(root, "tuned", "model.safetensors"), options: FileOptions.SequentialScan);
        long length = RandomAccess.GetLength(tuned);
        using var copy = File.OpenHandle(output, FileMode.CreateNew, FileAccess.Write, preallocationSize: length);
        for (long at = 0; at < length; at += Chunk)
        {
            RandomAccess.Read(aligned, buffer, at);
            int count = RandomAccess.Read(tuned, buffer, at);
            RandomAccess.Write(copy, buffer.AsSpan(0, count), at);
        }

        RandomAccess.FlushToDisk(copy);
    }

    /// <summary>Two checkpoints of a Llama's shapes: random weights, and the same with small changes.</summary>
    private static long Make(string[] folders, int layers)
    {
        List<TensorEntry> entries = [TensorEntry.Create("model.embed_tokens.weight", DType.F16, Vocab, Hidden)];
        for (int i = 0; i < layers; i++)
        {
            string layer = FormattableString.Invariant($"model.layers.{i}.");
            (string Name, long[] Shape)[] tensors =
            [
                ("input_layernorm.weight", [Hidden]), ("post_attention_layernorm.weight", [Hidden]),
                ("self_attn.q_proj.weight", [Hidden, Hidden]), ("self_attn.k_proj.weight", [Hidden / 4, Hidden]), ("self_attn.v_proj.weight", [Hidden / 4, Hidden]), ("self_attn.o_proj.weight", [Hidden, Hidden]),
                ("mlp.gate_proj.weight", [Intermediate, Hidden]), ("mlp.up_proj.weight", [Intermediate, Hidden]), ("mlp.down_proj.weight", [Hidden, Intermediate]),
            ];
            entries.AddRange(tensors.Select(t => TensorEntry.Create(layer + t.Name, DType.F16, t.Shape)));
        }

        entries.Add(TensorEntry.Create("model.norm.weight", DType.F16, Hidden));
        entries.Add(TensorEntry.Create("lm_head.weight", DType.F16, Vocab, Hidden));
        CheckpointWriter[] writers = [.. folders.Select(f => new CheckpointWriter(f, entries))];
        Half[] aligned = new Half[Chunk / 2], tuned = new Half[Chunk / 2];
        Random random = new(0);
        foreach (TensorEntry entry in entries)
        {
            for (long at = 0; at < entry.ElementCount; at += aligned.Length)
            {
                int count = (int)Math.Min(aligned.Length, entry.ElementCount - at);
                for (int i = 0; i < count; i++)
                {
                    float value = (random.NextSingle() + random.NextSingle() - 1) * 0.05f;
                    (aligned[i], tuned[i]) = ((Half)value, (Half)(value + (random.NextSingle() + random.NextSingle() - 1) * 0.003f));
                }

                writers[0].Write(entry.Name, at * 2, System.Runtime.InteropServices.MemoryMarshal.AsBytes(aligned.AsSpan(0, count)));
                writers[1].Write(entry.Name, at * 2, System.Runtime.InteropServices.MemoryMarshal.AsBytes(tuned.AsSpan(0, count)));
            }
        }

        foreach (CheckpointWriter writer in writers)
        {
            writer.WriteText(ModelFolder.ConfigFile, FormattableString.Invariant($"{{\"model_type\": \"llama\", \"num_hidden_layers\": {layers}, \"tie_word_embeddings\": false, \"torch_dtype\": \"float16\"}}\n"));
            writer.Complete();
            writer.Dispose();
        }

        return entries.Max(e => e.ByteCount);
    }

    private static JsonObject Start(string kind, string root)
    {
        using var process = Process.Start(new ProcessStartInfo(Environment.ProcessPath!, ["merge-once", kind, root]) { RedirectStandardOutput = true })!;
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? JsonNode.Parse(output)!.AsObject() : throw new InvalidOperationException($"{kind} ended with {process.ExitCode}");
    }

    private static JsonObject Spread(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return new JsonObject { ["median"] = Math.Round(sorted[sorted.Length / 2], 3), ["min"] = Math.Round(sorted[0], 3), ["max"] = Math.Round(sorted[^1], 3) };
    }
}
