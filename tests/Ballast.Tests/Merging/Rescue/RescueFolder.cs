using System.Runtime.InteropServices;
using Ballast.Checkpoints;
using Ballast.Evaluation.Suites;
using Ballast.Merging.Rescue;
using Ballast.Tensors;
using Ballast.Tests.Cli;
using Ballast.Tests.Support;
using Xunit;

namespace Ballast.Tests.Merging.Rescue;

/// <summary>Two tiny models, a harmful suite, a utility suite and a data file.</summary>
internal sealed class RescueFolder
{
    private readonly string _root = Shared.TemporaryFolder();

    public RescueFolder()
    {
        TinyModel.Create(Aligned, 1);
        TinyModel.Create(Tuned, 2);
        File.WriteAllText(In("rows.jsonl"), string.Concat(Enumerable.Range(0, 5).Select(i => $$"""{"prompt": "Say {{i}}", "completion": "number {{i}}"}""" + "\n")));
        File.WriteAllText(In("harmful.yaml"), "name: harmful\nkind: harmful\nprompts: rows.jsonl\ncolumn: prompt\nmax_new_tokens: 3\n");
        File.WriteAllText(In("task.yaml"), "name: task\nkind: utility\nprompts: rows.jsonl\ncolumn: prompt\nreference: completion\nmax_new_tokens: 3\nmetrics: [rouge-1, exact-match]\n");
    }

    public string Aligned => In("aligned");

    public string Tuned => In("tuned");

    public string Output => In("out");

    public string In(string name) => Path.Combine(_root, name);

    public RescueOptions Options(string validation = "rows.jsonl") => new(Aligned, Tuned, In(validation), Output)
    {
        Safety = SuiteLoader.Load(In("harmful.yaml")),
        Lambdas = [0, 0.25, 0.5, 1],
        AsrLimit = 1,
    };

    /// <summary>Every tensor of a folder as floats.</summary>
    public static Dictionary<string, float[]> Weights(string folder)
    {
        using var checkpoint = Checkpoint.Open(folder);
        return checkpoint.Entries.Values.ToDictionary(entry => entry.Name, entry =>
        {
            var values = new float[entry.ElementCount];
            FloatConversion.ToSingle(entry.DType, checkpoint.Bytes(entry.Name), values);
            return values;
        });
    }

    /// <summary>Every weight of a point's model as floats.</summary>
    public static Dictionary<string, float[]> Weights(RescuePath path)
    {
        var values = new Dictionary<string, float[]>();
        foreach (var (name, view) in path.Model.Model.Weights.Views())
        {
            using (view)
            {
                values[name] = view.ToArray<float>();
            }
        }

        return values;
    }

    /// <summary>Rewrites a model's weights in another type.</summary>
    public static void Store(string folder, DType type)
    {
        var weights = Weights(folder);
        Dictionary<string, long[]> shapes;
        using (var checkpoint = Checkpoint.Open(folder))
        {
            shapes = checkpoint.Entries.ToDictionary(entry => entry.Key, entry => entry.Value.Shape);
        }

        string old = folder + "-old";
        Directory.Move(folder, old);
        using var writer = new CheckpointWriter(folder, shapes.Select(shape => TensorEntry.Create(shape.Key, type, shape.Value)));
        foreach (var (name, values) in weights)
        {
            byte[] bytes = new byte[values.Length * type.BitSize / 8];
            FloatConversion.FromSingle(values, type, bytes);
            writer.Write(name, bytes);
        }

        writer.CopySidecars(old);
        writer.Complete();
    }

    /// <summary>Asserts equal names and equal bits.</summary>
    public static void Same(Dictionary<string, float[]> expected, Dictionary<string, float[]> found)
    {
        Assert.Equal(expected.Keys.Order(), found.Keys.Order());
        foreach (var (name, values) in expected)
        {
            Assert.Equal(Bits(values), Bits(found[name]));
        }
    }

    private static uint[] Bits(float[] values) => MemoryMarshal.Cast<float, uint>(values).ToArray();
}
