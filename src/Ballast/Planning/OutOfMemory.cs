using Ballast.Adapters;
using Ballast.Configs;
using Ballast.Tensors;
using Ballast.Training;

namespace Ballast.Planning;

/// <summary>Turns an allocation that failed into what took the memory and what to change.</summary>
internal static class OutOfMemory
{
    /// <summary>One line: what was asked for, which part of the run takes how much, and each change that helps with what it would take then.</summary>
    /// <param name="fault">The failure.</param>
    /// <param name="recipe">The run.</param>
    /// <param name="input">Its model and rows.</param>
    /// <param name="dtype">Element type of the passes.</param>
    /// <param name="moment">What the run was doing.</param>
    public static RunException Explain(TorchException fault, Recipe recipe, TuneInput input, DType dtype, string moment)
    {
        var now = MemoryPlan.Of(recipe, input, dtype);
        var training = recipe.Training;
        (string Change, Recipe Recipe, DType Type)[] ways =
        [
            ($"training.micro_batch_size={training.MicroBatchSize / 2}", recipe with { Training = training with { MicroBatchSize = training.MicroBatchSize / 2 } }, dtype),
            ("training.micro_batch_size=1", recipe with { Training = training with { MicroBatchSize = 1 } }, dtype),
            ("training.activation_checkpointing=true", recipe with { Training = training with { ActivationCheckpointing = true } }, dtype),
            ("training.precision=bfloat16", recipe, DType.BF16),
            ("lora.rank=8", recipe with { Lora = recipe.Lora ?? new LoraSection(8) }, dtype),
        ];
        var helpful = ways.Where(way => way.Recipe.Training.MicroBatchSize >= 1).Select(way => (way.Change, MemoryPlan.Of(way.Recipe, Input(way.Recipe), way.Type).Total))
            .Where(way => way.Total < now.Total).DistinctBy(way => way.Change).Select(way => $"--set {way.Change} ({ByteSize.Text(way.Total)})");
        return new RunException(
            $"{moment}: {fault.Message}. The run's tensors take about {ByteSize.Text(now.Total)} at most ({now.Moment}): {now}. What helps: "
            + string.Join(", ", [.. helpful, .. Others(recipe)]), fault);

        TuneInput Input(Recipe way) => input with { TrainedParameters = TuneInput.Trained(way, ModelName.Parse(way.Model).Folder, input.Config) };
    }

    private static IEnumerable<string> Others(Recipe recipe)
    {
        if (recipe.Ema is { Controls: true })
        {
            yield return "ema.controls=false (the controls can be run on their own)";
        }

        yield return $"a lower data.max_length (now {recipe.Data.MaxLength})";
    }
}
