// The one C ABI between Ballast and libtorch. Every function returns 0, or 1 after a failure whose one-line text ballast_error() gives to the
// same thread. No C++ exception crosses this line. A Handle owns one at::Tensor; ballast_live() counts them. Native.cs mirrors this file in order.
// Dtype codes: 0 float32, 1 bfloat16, 2 float64, 3 float16, 4 int64, 5 int32, 6 uint8, 7 bool. Device codes: 0 CPU, 1 + n CUDA device n.
#pragma once
#include <cstdint>

typedef struct ballast_tensor* Handle;

#pragma GCC visibility push(default)
extern "C" {
// The process
const char* ballast_error();
const char* ballast_version();                // libtorch's version
const char* ballast_describe();               // libtorch's build and parallel settings, several lines
const char* ballast_capability();             // instruction set of our kernels
const char* ballast_library();                // path of the libtorch_cpu that was loaded
int64_t ballast_live();
int ballast_threads(int set, int* threads);   // set > 0 changes the number of threads
int ballast_path(int set);                    // this thread, on the CPU: 0 our kernels, 1 plain ATen, 2 what a CUDA device takes; below 0 only asks; returns the previous setting
int ballast_reads(int watch, int64_t* count); // this thread: how often the host took values from tensors while watched; watch: 1 begin at 0, 0 end
int ballast_cuda(int* devices);
int ballast_fused(int device, int* adamw, int* attention);   // whether libtorch's own fused operators run there
int ballast_release_memory();
int ballast_memory(int64_t limit, int reset, int64_t* in_use, int64_t* peak);   // of CPU tensors, bytes; limit > 0: the most that is given out; reset: the peak starts again

// Tensors
int ballast_empty(const int64_t* shape, int rank, int dtype, int device, Handle* out);
int ballast_free(Handle t);
int ballast_data(Handle t, void** data);
int ballast_rank(Handle t, int* rank);
int ballast_shape(Handle t, int64_t* shape);
int ballast_kind(Handle t, int* dtype, int* device);
int ballast_view(Handle t, const int64_t* shape, int rank, Handle* out);
int ballast_narrow(Handle t, int dim, int64_t start, int64_t length, Handle* out);
int ballast_copy(Handle to, Handle from);     // converts dtype, crosses devices
int ballast_read(Handle from, int dtype, void* values);    // converts to dtype and waits for the device
int ballast_upload(Handle from, int device, Handle* out);  // from the CPU, through pinned memory: the host does not wait
int ballast_fill(Handle t, double value);
int ballast_normal(Handle t, double deviation, uint64_t seed);
int ballast_index_select(Handle x, Handle rows, Handle* out);
int ballast_set_rows(Handle to, Handle rows, Handle from);       // to[rows] = from
int ballast_add(Handle to, Handle x, double factor);             // to += factor * x
int ballast_scale(Handle t, double factor);
int ballast_lerp(Handle to, Handle x, double weight);            // to += weight * (x - to)
int ballast_dot(Handle a, Handle b, double* out);                // in float64
int ballast_distance(Handle a, Handle b, double* out);           // |a - b| in float64

// The model's operations. Rows N = B * T. "plain" runs the same function through ATen.
int ballast_gemm(Handle out, Handle a, Handle b, int transpose_a, int transpose_b, int accumulate);
int ballast_add_bias(Handle out, Handle bias);
int ballast_bias_backward(Handle d_bias, Handle dy);             // d_bias += column sums
int ballast_rms_norm(Handle x, Handle w, double eps, double offset, Handle y, Handle rstd);
int ballast_rms_norm_apply(Handle x, Handle w, double offset, Handle rstd, Handle y);
int ballast_rms_norm_backward(Handle dy, Handle x, Handle w, double offset, Handle rstd, Handle dx, Handle dw);
int ballast_head_norm(Handle qkv, Handle w, double eps, int64_t first_head, Handle raw, Handle rstd);
int ballast_head_norm_backward(Handle d_qkv, Handle raw, Handle w, int64_t first_head, Handle rstd, Handle dw);
int ballast_rope(Handle qkv, Handle cos, Handle sin, Handle positions, int64_t rotated_heads, int64_t head_dim, int backward);
int ballast_glu(Handle gate_up, int gelu, Handle out);               // gelu: 1 GeLU in its tanh form, 0 SiLU
int ballast_glu_backward(Handle gate_up, int gelu, Handle d_out);
int ballast_attention(Handle qkv, Handle starts, Handle bounds, int64_t longest, int64_t window, int64_t batch, int64_t heads, int64_t kv_heads, double scale, double cap,
                      Handle out, Handle* lse);
int ballast_attention_backward(Handle qkv, Handle starts, Handle bounds, int64_t longest, int64_t window, int64_t batch, int64_t heads, int64_t kv_heads, double scale, double cap,
                               Handle out, Handle lse, Handle d_out, Handle d_qkv);
int ballast_cache_write(Handle qkv, Handle keys, Handle values, Handle positions, int64_t batch, int64_t heads);
int ballast_attention_decode(Handle qkv, Handle keys, Handle values, Handle starts, Handle lengths, int64_t heads, double scale, double cap, Handle out);
int ballast_softcap(Handle t, double cap);                        // t = cap * tanh(t / cap)
int ballast_cross_entropy(Handle logits, Handle targets, double scale, double cap, int gradient, Handle losses, Handle best);
int ballast_embedding(Handle table, Handle ids, Handle out);
int ballast_embedding_backward(Handle ids, Handle dy, Handle dw, int64_t skip);
int ballast_square_sum(Handle x, double* out);
int ballast_tally(Handle figures, Handle losses, Handle best, Handle targets);        // figures [0] += sum of losses, [1] += count of best = targets
int ballast_clip(Handle figures, Handle gradient, double limit, Handle control);      // figures [2] = norm; control = [divisor, 1 if a figure is not finite]; limit 0: none
int ballast_adamw(Handle weight, Handle grad, Handle first, Handle second, Handle average, Handle half, double learning_rate, double beta1, double beta2,
                  double epsilon, double weight_decay, int64_t step, double grad_scale, double average_decay, int feedback, Handle control);

// Low-rank adapters
int ballast_dropout(Handle x, double rate, uint64_t key);        // x *= mask / (1 - rate), the mask a function of key and place
int ballast_row_norms(Handle x, Handle out);                     // out [n] = norms of the rows of x [n, d]
int ballast_column_dots(Handle out, Handle a, Handle b);         // out [d] += sum over the rows of a * b
int ballast_mul(Handle to, Handle x);                            // to *= x, x repeated over the rows
int ballast_div(Handle to, Handle x);
int ballast_transpose(Handle x, Handle* out);                    // a view
int ballast_svd(Handle x, Handle* u, Handle* s, Handle* vt);     // x = u diag(s) vt, the thin form
}
#pragma GCC visibility pop
