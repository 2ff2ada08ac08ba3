using System.Runtime.InteropServices;

namespace Ballast.Tensors;

/// <summary>The imports of native/shim.h, in its order. A status other than 0 becomes a <see cref="TorchException"/> in <see cref="Check"/>, the one place.</summary>
internal static partial class Native
{
    private const string Library = TorchLibrary.Name;

    internal static void Check(int status)
    {
        if (status != 0)
        {
            throw new TorchException(Marshal.PtrToStringUTF8(ballast_error()) ?? "unknown native failure");
        }
    }

    // The process
    [LibraryImport(Library)] internal static partial nint ballast_error();
    [LibraryImport(Library)] internal static partial nint ballast_version();
    [LibraryImport(Library)] internal static partial nint ballast_describe();
    [LibraryImport(Library)] internal static partial nint ballast_capability();
    [LibraryImport(Library)] internal static partial nint ballast_library();
    [LibraryImport(Library)] internal static partial long ballast_live();
    [LibraryImport(Library)] internal static partial int ballast_threads(int set, out int threads);
    [LibraryImport(Library)] internal static partial int ballast_path(int set);
    [LibraryImport(Library)] internal static partial int ballast_reads(int watch, out long count);
    [LibraryImport(Library)] internal static partial int ballast_cuda(out int devices);
    [LibraryImport(Library)] internal static partial int ballast_fused(int device, out int adamw, out int attention);
    [LibraryImport(Library)] internal static partial int ballast_release_memory();
    [LibraryImport(Library)] internal static partial int ballast_memory(long limit, int reset, out long inUse, out long peak);

    // Tensors
    [LibraryImport(Library)] internal static partial int ballast_empty(ReadOnlySpan<long> shape, int rank, int dtype, int device, out TensorHandle result);
    [LibraryImport(Library)] internal static partial int ballast_free(nint tensor);
    [LibraryImport(Library)] internal static partial int ballast_data(TensorHandle tensor, out nint data);
    [LibraryImport(Library)] internal static partial int ballast_rank(TensorHandle tensor, out int rank);
    [LibraryImport(Library)] internal static partial int ballast_shape(TensorHandle tensor, Span<long> shape);
    [LibraryImport(Library)] internal static partial int ballast_kind(TensorHandle tensor, out int dtype, out int device);
    [LibraryImport(Library)] internal static partial int ballast_view(TensorHandle tensor, ReadOnlySpan<long> shape, int rank, out TensorHandle result);
    [LibraryImport(Library)] internal static partial int ballast_narrow(TensorHandle tensor, int dim, long start, long length, out TensorHandle result);
    [LibraryImport(Library)] internal static partial int ballast_copy(TensorHandle to, TensorHandle from);
    [LibraryImport(Library)] internal static unsafe partial int ballast_read(TensorHandle from, int dtype, void* values);
    [LibraryImport(Library)] internal static partial int ballast_upload(TensorHandle from, int device, out TensorHandle result);
    [LibraryImport(Library)] internal static partial int ballast_fill(TensorHandle tensor, double value);
    [LibraryImport(Library)] internal static partial int ballast_normal(TensorHandle tensor, double deviation, ulong seed);
    [LibraryImport(Library)] internal static partial int ballast_index_select(TensorHandle x, TensorHandle rows, out TensorHandle result);
    [LibraryImport(Library)] internal static partial int ballast_set_rows(TensorHandle to, TensorHandle rows, TensorHandle from);
    [LibraryImport(Library)] internal static partial int ballast_add(TensorHandle to, TensorHandle x, double factor);
    [LibraryImport(Library)] internal static partial int ballast_scale(TensorHandle tensor, double factor);
    [LibraryImport(Library)] internal static partial int ballast_lerp(TensorHandle to, TensorHandle x, double weight);
    [LibraryImport(Library)] internal static partial int ballast_dot(TensorHandle a, TensorHandle b, out double result);
    [LibraryImport(Library)] internal static partial int ballast_distance(TensorHandle a, TensorHandle b, out double result);

    // The model's operations
    [LibraryImport(Library)] internal static partial int ballast_gemm(TensorHandle result, TensorHandle a, TensorHandle b, int transposeA, int transposeB, int accumulate);
    [LibraryImport(Library)] internal static partial int ballast_add_bias(TensorHandle result, TensorHandle bias);
    [LibraryImport(Library)] internal static partial int ballast_bias_backward(TensorHandle dBias, TensorHandle dy);
    [LibraryImport(Library)] internal static partial int ballast_rms_norm(TensorHandle x, TensorHandle w, double eps, double offset, TensorHandle y, TensorHandle rstd);
    [LibraryImport(Library)] internal static partial int ballast_rms_norm_apply(TensorHandle x, TensorHandle w, double offset, TensorHandle rstd, TensorHandle y);
    [LibraryImport(Library)] internal static partial int ballast_rms_norm_backward(TensorHandle dy, TensorHandle x, TensorHandle w, double offset, TensorHandle rstd, TensorHandle dx, TensorHandle dw);
    [LibraryImport(Library)] internal static partial int ballast_head_norm(TensorHandle qkv, TensorHandle w, double eps, long firstHead, TensorHandle raw, TensorHandle rstd);
    [LibraryImport(Library)] internal static partial int ballast_head_norm_backward(TensorHandle dQkv, TensorHandle raw, TensorHandle w, long firstHead, TensorHandle rstd, TensorHandle dw);
    [LibraryImport(Library)] internal static partial int ballast_rope(TensorHandle qkv, TensorHandle cos, TensorHandle sin, TensorHandle positions, long rotatedHeads, long headDim, int backward);
    [LibraryImport(Library)] internal static partial int ballast_glu(TensorHandle gateUp, int gelu, TensorHandle result);
    [LibraryImport(Library)] internal static partial int ballast_glu_backward(TensorHandle gateUp, int gelu, TensorHandle dOut);
    [LibraryImport(Library)] internal static partial int ballast_attention(TensorHandle qkv, TensorHandle starts, TensorHandle bounds, long longest, long window, long batch, long heads, long kvHeads, double scale, double cap, TensorHandle result, out TensorHandle lse);
    [LibraryImport(Library)] internal static partial int ballast_attention_backward(TensorHandle qkv, TensorHandle starts, TensorHandle bounds, long longest, long window, long batch, long heads, long kvHeads, double scale, double cap, TensorHandle output, TensorHandle lse, TensorHandle dOut, TensorHandle dQkv);
    [LibraryImport(Library)] internal static partial int ballast_cache_write(TensorHandle qkv, TensorHandle keys, TensorHandle values, TensorHandle positions, long batch, long heads);
    [LibraryImport(Library)] internal static partial int ballast_attention_decode(TensorHandle qkv, TensorHandle keys, TensorHandle values, TensorHandle starts, TensorHandle lengths, long heads, double scale, double cap, TensorHandle result);
    [LibraryImport(Library)] internal static partial int ballast_softcap(TensorHandle tensor, double cap);
    [LibraryImport(Library)] internal static partial int ballast_cross_entropy(TensorHandle logits, TensorHandle targets, double scale, double cap, int gradient, TensorHandle losses, TensorHandle best);
    [LibraryImport(Library)] internal static partial int ballast_embedding(TensorHandle table, TensorHandle ids, TensorHandle result);
    [LibraryImport(Library)] internal static partial int ballast_embedding_backward(TensorHandle ids, TensorHandle dy, TensorHandle dw, long skip);
    [LibraryImport(Library)] internal static partial int ballast_square_sum(TensorHandle x, out double result);
    [LibraryImport(Library)] internal static partial int ballast_tally(TensorHandle figures, TensorHandle losses, TensorHandle best, TensorHandle targets);
    [LibraryImport(Library)] internal static partial int ballast_clip(TensorHandle figures, TensorHandle gradient, double limit, TensorHandle control);
    [LibraryImport(Library)] internal static partial int ballast_adamw(TensorHandle weight, TensorHandle grad, TensorHandle first, TensorHandle second, TensorHandle average, TensorHandle half, double learningRate, double beta1, double beta2, double epsilon, double weightDecay, long step, double gradScale, double averageDecay, int feedback, TensorHandle control);

    // Low-rank adapters
    [LibraryImport(Library)] internal static partial int ballast_dropout(TensorHandle x, double rate, ulong key);
    [LibraryImport(Library)] internal static partial int ballast_row_norms(TensorHandle x, TensorHandle result);
    [LibraryImport(Library)] internal static partial int ballast_column_dots(TensorHandle result, TensorHandle a, TensorHandle b);
    [LibraryImport(Library)] internal static partial int ballast_mul(TensorHandle to, TensorHandle x);
    [LibraryImport(Library)] internal static partial int ballast_div(TensorHandle to, TensorHandle x);
    [LibraryImport(Library)] internal static partial int ballast_transpose(TensorHandle x, out TensorHandle result);
    [LibraryImport(Library)] internal static partial int ballast_svd(TensorHandle x, out TensorHandle u, out TensorHandle s, out TensorHandle vt);
}
