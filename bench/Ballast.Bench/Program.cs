using Ballast.Bench;

if (args is not ["train", ..])
{
    Console.Error.WriteLine("usage: train [--hidden N] [--intermediate N] [--layers N] [--heads N] [--kv-heads N] [--vocab N] [--tokens N] [--batch N] [--steps N] [--threads N] [--mode f32|bf16] [--ema D]");
    return 2;
}

var options = new Dictionary<string, string>();
for (int i = 1; i + 1 < args.Length; i += 2)
{
    options[args[i].TrimStart('-')] = args[i + 1];
}

return TrainBench.Run(options);
