using System.CommandLine;
using System.Globalization;
using System.Runtime.InteropServices;
using Ballast.Checkpoints;
using Ballast.Models;
using Ballast.Tensors;

namespace Ballast.Cli.Verbs;

/// <summary>inspect logits: one forward pass over given ids, written as a tensor; needs no tokenizer.</summary>
internal static class InspectLogitsVerb
{
    public static Command Create(Terminal terminal)
    {
        var folder = new Argument<string>("DIR") { Description = "Hugging Face model folder" };
        var ids = new Option<string>("--ids") { Description = "Token ids, as in 1,2,3", HelpName = "IDS", Required = true };
        var output = new Option<string>("--out")
        {
            Description = "File for the tensor 'logits', float32 [tokens, vocabulary]",
            HelpName = "FILE.safetensors",
            Required = true,
        };
        var command = new Verb("logits", "Write a model's logits for given token ids.",
            "ballast inspect logits models/demo-aligned --ids 1,2,3 --out logits.safetensors") { folder, ids, output };
        command.SetAction(parse =>
        {
            using var model = Decoder.Load(terminal.Model(parse.GetRequiredValue(folder)), cancellationToken: terminal.Cancellation);
            using var logits = model.Logits(new TokenBatch(ParseIds(parse.GetRequiredValue(ids), model.Config), Batch: 1));
            string file = parse.GetRequiredValue(output);
            Write(logits, file);
            terminal.Say($"{file}: logits {string.Join(" x ", logits.Shape)}, float32");
            return ExitCode.Success;
        });
        return command;
    }

    private static int[] ParseIds(string text, DecoderConfig config)
    {
        int[] ids = [.. text.Split(',').Select(part => int.TryParse(part.Trim('[', ']', ' '), NumberStyles.None, CultureInfo.InvariantCulture, out int id)
            && id < config.VocabSize ? id : throw new ConfigException($"--ids: '{part}' is not a token id from 0 to {config.VocabSize - 1}; give them as in 1,2,3"))];
        return ids.Length <= config.MaxSeqLen ? ids : throw new ConfigException($"--ids: {ids.Length} ids, but the model takes at most {config.MaxSeqLen}");
    }

    private static void Write(Tensor logits, string file)
    {
        string working = $"{file}.{Environment.ProcessId}.part";
        try
        {
            using (var writer = new SafetensorsWriter(working, [TensorEntry.Create("logits", DType.F32, logits.Shape)]))
            {
                writer.Write("logits", MemoryMarshal.AsBytes(logits.Span<float>()));
                writer.Complete();
            }

            File.Move(working, file, overwrite: true);
        }
        catch
        {
            File.Delete(working);
            throw;
        }
    }
}
