using Ballast.Bench;

switch (args)
{
    case ["compare", ..]:
        return CompareBench.Run(args[1..]);
    case ["train", ..] when args.Length % 2 == 1:
        return TrainBench.Run(args.Skip(1).Chunk(2).Where(pair => pair[0] != "--style").ToDictionary(pair => pair[0].TrimStart('-'), pair => pair[1]));
    case ["mfu", ..] when args.Length % 2 == 1:
        return MfuBench.Run(args.Skip(1).Chunk(2).ToDictionary(pair => pair[0].TrimStart('-'), pair => pair[1]));
    case ["merge", ..] when args.Length % 2 == 1:
        return MergeBench.Run(args.Skip(1).Chunk(2).ToDictionary(pair => pair[0].TrimStart('-'), pair => pair[1]));
    case ["merge-once", var kind, var folder]:
        return MergeBench.Once(kind, folder);
    default:
        Console.Error.WriteLine("usage: bench/run mfu [--hidden N] [--intermediate N] [--layers N] [--heads N] [--kv-heads N] [--vocab N] [--tied 0|1] [--tokens N] [--batch N] [--micro-batches N] [--steps N] [--mode f32|bf16] [--ema D] [--peak-tflops X]");
        Console.Error.WriteLine("usage: bench/run merge [--rounds N] [--layers N]");
        Console.Error.WriteLine("usage: bench/run train|compare [--hidden N] [--intermediate N] [--layers N] [--heads N] [--kv-heads N] [--vocab N] [--tokens N] [--batch N] [--steps N] [--threads N] [--mode f32|bf16] [--ema D]");
        return 2;
}
