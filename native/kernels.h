// Vectorized loops that libtorch lacks on the CPU. kernels.cpp and attention.cpp are compiled once per instruction set; shim code picks one table at load.
// Every function works on a range of rows, so that the caller decides about threads. S is float (Type 0) or bfloat16 (Type 1); arithmetic is float32.
#pragma once
#include <cstddef>
#include <cstdint>

namespace ballast {

// One attention problem: rows are [B * T, width] with width = (heads + 2 * kv_heads) * head_dim laid out as q | k | v.
struct AttentionShape {
    int64_t batch, tokens, heads, kv_heads, head_dim, width;
    float scale, cap;       // a score s becomes s * scale, with cap > 0 cap * tanh(s * scale / cap)
    const int32_t* starts;  // [B * T] first visible key of each row within its sequence, or null for 0
};

struct AdamW {
    float learning_rate, epsilon, weight_decay, bias1, bias2_root, grad_scale;
    float beta2, rest1, rest2;  // rest = 1 - beta, subtracted in double: 1 - 0.999f is off by 1e-5 of itself
    float average_rest;         // EMA: average += rest * (weight - average)
    int feedback;               // 1: the weight continues from the average
};

struct Kernels {
    const char* name;
    void (*rms_norm)(int type, const void* x, const void* w, float eps, float offset, void* y, float* rstd, int64_t begin, int64_t end, int64_t d);
    void (*rms_norm_apply)(int type, const void* x, const void* w, float offset, const float* rstd, void* y, int64_t begin, int64_t end, int64_t d);
    void (*rms_norm_backward)(int type, const void* dy, const void* x, const void* w, float offset, const float* rstd, void* dx, float* dw,
                              int64_t begin, int64_t end, int64_t d);
    void (*rope)(int type, void* x, const float* cos, const float* sin, const int64_t* positions, int64_t begin, int64_t end, int64_t width,
                 int64_t rotated_heads, int64_t head_dim, int64_t rotary_dim, float direction);
    void (*glu)(int type, int gelu, const void* gate_up, void* out, int64_t begin, int64_t end, int64_t inner);
    void (*glu_backward)(int type, int gelu, void* gate_up, void* d_out, int64_t begin, int64_t end, int64_t inner);
    void (*cross_entropy)(int type, void* logits, const int64_t* targets, float scale, float cap, int gradient, float* losses, int64_t* best,
                          int64_t begin, int64_t end, int64_t vocab);
    int64_t (*attention_scratch)(const AttentionShape& shape);  // floats that one call of the functions below needs
    void (*attention)(int type, const AttentionShape& shape, const void* qkv, void* out, float* lse, float* scratch, int64_t sequence, int64_t kv_head);
    void (*attention_backward)(int type, const AttentionShape& shape, const void* qkv, const void* out, const float* lse, const void* d_out, void* d_qkv,
                               float* scratch, int64_t sequence, int64_t kv_head);
    void (*attention_decode)(int type, const AttentionShape& shape, const void* qkv, const void* keys, const void* values, const int64_t* lengths,
                             int64_t capacity, void* out, float* scratch, int64_t sequence, int64_t kv_head);
    void (*embedding_backward)(int type, const int64_t* ids, const void* dy, float* dw, int64_t rows, int64_t d, int64_t skip, int64_t begin, int64_t end);
    void (*adamw)(const AdamW& options, float* weight, const float* grad, float* first, float* second, float* average, uint16_t* half,
                  int64_t begin, int64_t end);
    double (*square_sum)(const float* x, int64_t begin, int64_t end);
    void (*accumulate)(const uint16_t* x, float* y, int fresh, int64_t begin, int64_t end);  // y = (fresh ? 0 : y) + x
};

const Kernels& kernels();  // the best table for this processor; BALLAST_CPU=baseline|avx2|avx512|amx overrides

}  // namespace ballast
