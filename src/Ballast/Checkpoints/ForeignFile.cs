using System.Text;

namespace Ballast.Checkpoints;

/// <summary>What a file is when it is not safetensors, and what to do about it.</summary>
internal static class ForeignFile
{
    /// <summary>Name endings under which PyTorch saves pickles.</summary>
    public static readonly string[] PickleExtensions = [".bin", ".pt", ".pth", ".ckpt", ".pkl", ".pickle"];

    /// <summary>One line about a well-known other kind of file, or null when the first bytes tell nothing.</summary>
    /// <param name="path">The file, named in the advice.</param>
    /// <param name="start">Its first bytes, a few dozen are enough.</param>
    public static string? Explain(string path, ReadOnlySpan<byte> start)
    {
        string text = Encoding.Latin1.GetString(start);
        if (text.StartsWith("version https://git-lfs", StringComparison.Ordinal))
        {
            return "this is a git-lfs pointer, not the weights; fetch them with 'git lfs pull' in the model's folder";
        }

        if (text.StartsWith("PK\u0003\u0004", StringComparison.Ordinal) || (start.Length > 1 && start[0] == 0x80 && start[1] is >= 2 and <= 5))
        {
            return PickleAdvice(path);
        }

        if (text.StartsWith("GGUF", StringComparison.Ordinal))
        {
            return "this is a GGUF file, which holds quantized weights; get the model in safetensors form";
        }

        return text.TrimStart().StartsWith('<') ? "this is a web page, not the weights; the download failed, repeat it" : null;
    }

    /// <summary>Why a pickle is refused and the command that converts a single file.</summary>
    public static string PickleAdvice(string path) =>
        "this is a PyTorch pickle, which can run code when it is opened, so it is not read; if you trust it, convert it with: "
        + $"python -c \"import torch, safetensors.torch as s; s.save_file({{k: v.contiguous() for k, v in "
        + $"torch.load('{path}', map_location='cpu', weights_only=True).items()}}, '{Path.ChangeExtension(path, ".safetensors")}', {{'format': 'pt'}})\"";

    /// <summary>Why a folder of pickles is refused and the command that converts the whole model.</summary>
    public static string PickleFolderAdvice(string folder) =>
        "pickles can run code when they are opened, so they are not read; if you trust the model, convert it with: "
        + $"python -c \"import transformers as t; t.AutoModelForCausalLM.from_pretrained('{folder}', dtype='auto')"
        + $".save_pretrained('{folder.TrimEnd('/')}-safetensors')\"";
}
