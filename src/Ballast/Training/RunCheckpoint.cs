using System.Text.Json.Nodes;
using Ballast.Checkpoints;

namespace Ballast.Training;

/// <summary>The state of a run after one of its steps, as a folder: state.json, recipe.yaml, safetensors, and manifest.json over all of them.</summary>
/// <remarks>weights: the masters; values: what the model computes with, where that is BF16; optimizer: exp_avg and exp_avg_sq; average: that of the weights.</remarks>
internal sealed class RunCheckpoint
{
    public const string StateFile = "state.json";

    private readonly JsonObject _state;

    private RunCheckpoint(string folder, JsonObject state)
    {
        (Folder, _state) = (folder, state);
        Identity = RunIdentity.Read(folder, state);
    }

    public string Folder { get; }

    /// <summary>Optimizer steps made.</summary>
    public int Step => (int)_state["step"]!;

    /// <summary>The last step whose line in metrics.jsonl is complete.</summary>
    public int MeasuredStep => _state["unmeasured"] is null ? Step : Step - 1;

    /// <summary>Recipe, model and data that the state belongs to.</summary>
    public RunIdentity Identity { get; }

    /// <summary>The best measurement so far and its step, if one is looked for.</summary>
    public JsonObject? Best => (JsonObject?)_state["best"];

    /// <summary>Writes a checkpoint whole or not at all.</summary>
    /// <exception cref="RunException">A number of the state is not finite, or the disk is full or fails; nothing is written.</exception>
    public static void Write(string folder, TrainingState state, IReadOnlyList<TrainingHook> hooks, RunIdentity identity, JsonObject? best)
    {
        foreach (var (file, _, flat) in state.Tensors().Where(tensor => tensor.File != "values"))
        {
            if (!double.IsFinite(flat.SquareSum()))
            {
                throw new RunException($"step {state.Step}: the {file} hold a number that is not finite; no checkpoint was written, the one before is kept");
            }
        }

        using var target = new DurableFolder(folder, replace: true);
        foreach (var tensors in state.Tensors().GroupBy(tensor => tensor.File))
        {
            TensorFile.Write(Path.Combine(target.Working, tensors.Key + ".safetensors"), state.Weights, [.. tensors.Select(tensor => (tensor.Prefix, tensor.Flat))]);
        }

        var json = state.ToJson();
        json["hooks"] = new JsonArray([.. hooks.Select(hook => hook.Save())]);
        json["best"] = best?.DeepClone();
        identity.Write(target.Working, json);
        DurableFile.Write(Path.Combine(target.Working, StateFile), JsonFile.Indented(json));
        Manifest.Write(target.Working);
        target.Complete();
    }

    /// <summary>Opens a checkpoint after comparing every byte with its manifest.</summary>
    /// <exception cref="CheckpointException">It is not complete, or was changed or damaged.</exception>
    public static RunCheckpoint Open(string folder, CancellationToken cancellationToken = default)
    {
        if (!File.Exists(Path.Combine(folder, Manifest.FileName)))
        {
            throw new CheckpointException(Directory.Exists(folder)
                ? $"{folder}: {Manifest.FileName} is missing: no checkpoint, or one that was never finished"
                : $"{folder}: no such folder");
        }

        Manifest.Verify(folder, cancellationToken);
        return new RunCheckpoint(folder, JsonFile.ReadObject(Path.Combine(folder, StateFile)));
    }

    /// <summary>Brings a state that was prepared for the same run to this place.</summary>
    /// <exception cref="CheckpointException">The tensors are not those of this model.</exception>
    public void Restore(TrainingState state)
    {
        foreach (var tensors in state.Tensors().GroupBy(tensor => tensor.File))
        {
            TensorFile.Read(Path.Combine(Folder, tensors.Key + ".safetensors"), state.Weights, [.. tensors.Select(tensor => (tensor.Prefix, tensor.Flat))]);
        }

        state.Weights.Changed?.Invoke();
        state.Restore(_state, (JsonArray)_state["hooks"]!);
    }
}
