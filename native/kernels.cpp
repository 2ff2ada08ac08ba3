// Compiled once per instruction set (BALLAST_ISA names the table, the compiler flags set the width). Plain C++ only: nothing from the standard
// library or libtorch is instantiated here, so no code of a wide instruction set can leak into the rest through the linker.
#include "kernels.h"

namespace ballast {
namespace {

#if defined(__AVX512F__)
constexpr int kLanes = 16, kRows = 8;
#elif defined(__AVX2__)
constexpr int kLanes = 8, kRows = 6;
#else
constexpr int kLanes = 4, kRows = 4;
#endif
constexpr int kTile = 2 * kLanes;  // columns of one register tile
typedef float Vector __attribute__((vector_size(kLanes * 4), aligned(4)));

struct bf16 { uint16_t bits; };
inline float load(float x) { return x; }
inline float load(bf16 x) {
    uint32_t bits = static_cast<uint32_t>(x.bits) << 16;
    float value;
    __builtin_memcpy(&value, &bits, 4);
    return value;
}
inline uint16_t to_half(float x) {  // round to nearest even; NaN stays NaN
    uint32_t bits;
    __builtin_memcpy(&bits, &x, 4);
    uint32_t rounded = (bits + 0x7fff + ((bits >> 16) & 1)) >> 16;
    return static_cast<uint16_t>((bits & 0x7fffffff) > 0x7f800000 ? 0x7fc0 : rounded);
}
inline void store(float* to, float x) { *to = x; }
inline void store(bf16* to, float x) { to->bits = to_half(x); }

inline float exponential(float x) {  // Cephes polynomial, relative error below 2e-7
    x = x < -87.0f ? -87.0f : x;
    x = x > 88.0f ? 88.0f : x;
    float n = __builtin_rintf(x * 1.44269504088896341f);
    float r = x - n * 0.693359375f + n * 2.12194440e-4f;
    float p = 1.9875691500e-4f;
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = p * r * r + r + 1.0f;
    uint32_t bits = static_cast<uint32_t>(static_cast<int32_t>(n) + 127) << 23;
    float power;
    __builtin_memcpy(&power, &bits, 4);
    return p * power;
}

#define BY_TYPE(type, call) \
    if ((type) == 0) {      \
        typedef float S;    \
        call;               \
    } else {                \
        typedef bf16 S;     \
        call;               \
    }

// ---- RMSNorm: y = x * rstd * w, rstd = 1 / sqrt(mean(x^2) + eps) -------------------------------------------------------------------

template <class S>
void rms_norm_apply_rows(const S* x, const S* w, const float* rstd, S* y, int64_t begin, int64_t end, int64_t d) {
    for (int64_t i = begin; i < end; i++) {
        const S* xi = x + i * d;
        S* yi = y + i * d;
        float scale = rstd[i];
        for (int64_t j = 0; j < d; j++) {
            S rounded;
            store(&rounded, load(xi[j]) * scale);
            store(yi + j, load(rounded) * load(w[j]));
        }
    }
}

template <class S>
void rms_norm_rows(const S* x, const S* w, float eps, S* y, float* rstd, int64_t begin, int64_t end, int64_t d) {
    for (int64_t i = begin; i < end; i++) {
        const S* xi = x + i * d;
        float sum = 0;
        for (int64_t j = 0; j < d; j++) sum += load(xi[j]) * load(xi[j]);
        rstd[i] = 1.0f / __builtin_sqrtf(sum / static_cast<float>(d) + eps);
        rms_norm_apply_rows(x, w, rstd, y, i, i + 1, d);
    }
}

// dx += rstd * (w * dy - xhat * mean(w * dy * xhat)); dw += dy * xhat
template <class S>
void rms_norm_backward_rows(const S* dy, const S* x, const S* w, const float* rstd, S* dx, float* dw, int64_t begin, int64_t end, int64_t d) {
    for (int64_t i = begin; i < end; i++) {
        const S *dyi = dy + i * d, *xi = x + i * d;
        S* dxi = dx + i * d;
        float scale = rstd[i], dot = 0;
        for (int64_t j = 0; j < d; j++) dot += load(w[j]) * load(dyi[j]) * load(xi[j]);
        float shift = dot * scale * scale / static_cast<float>(d);
        for (int64_t j = 0; j < d; j++) {
            float g = load(dyi[j]), v = load(xi[j]);
            dw[j] += g * v * scale;
            store(dxi + j, load(dxi[j]) + scale * (load(w[j]) * g - v * shift));
        }
    }
}

// ---- Rotary embedding, rotate-half pairs (c, c + rotary_dim / 2); direction -1 turns back ---------------------------------------------

template <class S>
void rope_rows(S* x, const float* cos, const float* sin, const int64_t* positions, int64_t begin, int64_t end, int64_t width, int64_t heads,
               int64_t head_dim, int64_t rotary_dim, float direction) {
    int64_t half = rotary_dim / 2;
    for (int64_t i = begin; i < end; i++) {
        const float *c = cos + positions[i] * half, *s = sin + positions[i] * half;
        for (int64_t h = 0; h < heads; h++) {
            S *first = x + i * width + h * head_dim, *second = first + half;
#pragma GCC ivdep
            for (int64_t j = 0; j < half; j++) {
                float a = load(first[j]), b = load(second[j]), t = direction * s[j];
                store(first + j, a * c[j] - b * t);
                store(second + j, b * c[j] + a * t);
            }
        }
    }
}

// ---- SwiGLU: out = silu(gate) * up; backward turns gate_up into its gradient and d_out into the recomputed out ------------------------

template <class S>
void swiglu_rows(const S* gate_up, S* out, int64_t begin, int64_t end, int64_t inner) {
    for (int64_t i = begin; i < end; i++) {
        const S *gate = gate_up + i * 2 * inner, *up = gate + inner;
        S* o = out + i * inner;
        for (int64_t j = 0; j < inner; j++) {
            float g = load(gate[j]);
            store(o + j, g / (1.0f + exponential(-g)) * load(up[j]));
        }
    }
}

template <class S>
void swiglu_backward_rows(S* gate_up, S* d_out, int64_t begin, int64_t end, int64_t inner) {
    for (int64_t i = begin; i < end; i++) {
        S *gate = gate_up + i * 2 * inner, *up = gate + inner, *d = d_out + i * inner;
#pragma GCC ivdep
        for (int64_t j = 0; j < inner; j++) {
            float g = load(gate[j]), u = load(up[j]), dy = load(d[j]);
            float sigmoid = 1.0f / (1.0f + exponential(-g)), silu = g * sigmoid;
            store(d + j, silu * u);
            store(up + j, dy * silu);
            store(gate + j, dy * u * (sigmoid + silu * (1.0f - sigmoid)));
        }
    }
}

// ---- Cross-entropy: losses, best token, and (gradient) logits -> scale * (softmax - one_hot) in place --------------------------------

template <class S>
void cross_entropy_rows(S* logits, const int64_t* targets, float scale, int gradient, float* losses, int64_t* best, int64_t begin, int64_t end, int64_t vocab) {
    for (int64_t i = begin; i < end; i++) {
        S* row = logits + i * vocab;
        float top = load(row[0]);
        for (int64_t j = 0; j < vocab; j++) {
            float v = load(row[j]);
            top = v > top ? v : top;
        }
        int64_t winner = 0;
        while (winner < vocab - 1 && load(row[winner]) != top) winner++;
        float sum = 0, target = load(row[targets[i]]);
        if (gradient && sizeof(S) == 4) {
            for (int64_t j = 0; j < vocab; j++) {
                float e = exponential(load(row[j]) - top);
                store(row + j, e);
                sum += e;
            }
            float factor = scale / sum;
            for (int64_t j = 0; j < vocab; j++) store(row + j, load(row[j]) * factor);
        } else {
            for (int64_t j = 0; j < vocab; j++) sum += exponential(load(row[j]) - top);
            float factor = scale / sum;
            if (gradient) for (int64_t j = 0; j < vocab; j++) store(row + j, exponential(load(row[j]) - top) * factor);
        }
        losses[i] = top + __builtin_logf(sum) - target;
        if (gradient) store(row + targets[i], load(row[targets[i]]) - scale);
        best[i] = winner;
    }
}

// ---- A small matrix product in registers: C[m, n] (+)= A[m, k] B[k, n] -----------------------------------------------------------------
// A is read element by element at a[i * ai + k * ak] (either orientation); B and C have contiguous rows of whole tiles.

template <int Rows>
inline __attribute__((always_inline)) void tile(const float* a, int64_t ai, int64_t ak, const float* b, int64_t bk, float* c, int64_t ci, int64_t k0,
                                                int64_t k1, bool add) {
    Vector acc[Rows][2];
#pragma GCC unroll 8
    for (int i = 0; i < Rows; i++)
        for (int v = 0; v < 2; v++) acc[i][v] = add ? *reinterpret_cast<Vector*>(c + i * ci + v * kLanes) : Vector{};
    for (int64_t k = k0; k < k1; k++) {
        Vector b0 = *reinterpret_cast<const Vector*>(b + k * bk), b1 = *reinterpret_cast<const Vector*>(b + k * bk + kLanes);
#pragma GCC unroll 8
        for (int i = 0; i < Rows; i++) {
            float x = a[i * ai + k * ak];
            acc[i][0] += x * b0;
            acc[i][1] += x * b1;
        }
    }
#pragma GCC unroll 8
    for (int i = 0; i < Rows; i++)
        for (int v = 0; v < 2; v++) *reinterpret_cast<Vector*>(c + i * ci + v * kLanes) = acc[i][v];
}

// Rows i of C; columns [0, columns(i)) rounded up to tiles; the sum runs over [first(i), last(i)) for the tile of rows that begins at i.
template <class Bounds>
inline __attribute__((always_inline)) void product(const float* a, int64_t ai, int64_t ak, const float* b, int64_t bk, float* c, int64_t ci, int64_t rows, bool add,
                                                   Bounds bounds) {
    int64_t i = 0;
    for (; i + kRows <= rows; i += kRows) {
        int64_t columns, k0, k1;
        bounds(i, i + kRows, columns, k0, k1);
        for (int64_t j = 0; j < columns; j += kTile) tile<kRows>(a + i * ai, ai, ak, b + j, bk, c + i * ci + j, ci, k0, k1, add);
    }
    for (; i < rows; i++) {
        int64_t columns, k0, k1;
        bounds(i, i + 1, columns, k0, k1);
        for (int64_t j = 0; j < columns; j += kTile) tile<1>(a + i * ai, ai, ak, b + j, bk, c + i * ci + j, ci, k0, k1, add);
    }
}

// ---- Causal attention of one sequence and one key/value head; never more than a block of query rows times T is held -------------------

constexpr int64_t kBlock = 64;  // query rows at a time
inline int64_t round_up(int64_t n, int64_t to) { return (n + to - 1) / to * to; }
inline int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }
inline int64_t most(int64_t a, int64_t b) { return a > b ? a : b; }

template <class S>
void pack(const S* from, int64_t stride, int64_t rows, int64_t columns, float* to, int64_t padded) {  // rows -> padded rows, zero-filled
    for (int64_t i = 0; i < rows; i++) {
        for (int64_t j = 0; j < columns; j++) to[i * padded + j] = load(from[i * stride + j]);
        for (int64_t j = columns; j < padded; j++) to[i * padded + j] = 0;
    }
}

template <class S>
void pack_transposed(const S* from, int64_t stride, int64_t rows, int64_t columns, float* to, int64_t padded) {  // [rows, columns] -> [columns, padded]
    for (int64_t j = 0; j < columns; j++) {
        for (int64_t i = 0; i < rows; i++) to[j * padded + i] = load(from[i * stride + j]);
        for (int64_t i = rows; i < padded; i++) to[j * padded + i] = 0;
    }
}

template <class S>
void unpack(const float* from, int64_t padded, int64_t rows, int64_t columns, S* to, int64_t stride) {
    for (int64_t i = 0; i < rows; i++)
        for (int64_t j = 0; j < columns; j++) store(to + i * stride + j, from[i * padded + j]);
}

struct Sizes {
    int64_t t, c;  // tokens and head size, padded to whole tiles
    explicit Sizes(const AttentionShape& s) : t(round_up(s.tokens, kTile)), c(round_up(s.head_dim, kTile)) {}
};

int64_t attention_scratch(const AttentionShape& s) {
    Sizes p(s);
    return 4 * p.t * p.c + 2 * s.head_dim * p.t + 2 * kBlock * p.t + 3 * kBlock * p.c + s.tokens;
}

// Scores of the block's rows against keys [0, i]: S = Q K^T
inline void scores(const float* q, const float* kt, float* s, const AttentionShape& shape, const Sizes& p, int64_t i0, int64_t rows) {
    product(q, p.c, 1, kt, p.t, s, p.t, rows, false, [&](int64_t, int64_t to, int64_t& columns, int64_t& k0, int64_t& k1) {
        columns = i0 + to;
        k0 = 0;
        k1 = shape.head_dim;
    });
}

template <class S>
void attention_one(const AttentionShape& s, const S* qkv, S* out, float* lse, float* scratch, int64_t sequence, int64_t kv_head) {
    Sizes p(s);
    int64_t groups = s.heads / s.kv_heads, rows0 = sequence * s.tokens;
    float *kt = scratch, *v = kt + s.head_dim * p.t, *score = v + p.t * p.c, *q = score + kBlock * p.t, *o = q + kBlock * p.c;
    const S* base = qkv + rows0 * s.width;
    pack_transposed(base + (s.heads + kv_head) * s.head_dim, s.width, s.tokens, s.head_dim, kt, p.t);
    pack(base + (s.heads + s.kv_heads + kv_head) * s.head_dim, s.width, s.tokens, s.head_dim, v, p.c);
    for (int64_t g = 0; g < groups; g++) {
        int64_t head = kv_head * groups + g;
        for (int64_t i0 = 0; i0 < s.tokens; i0 += kBlock) {
            int64_t rows = least(kBlock, s.tokens - i0);
            pack(base + i0 * s.width + head * s.head_dim, s.width, rows, s.head_dim, q, p.c);
            scores(q, kt, score, s, p, i0, rows);
            float inverse[kBlock];
            for (int64_t i = 0; i < rows; i++) {
                float* row = score + i * p.t;
                int64_t last = i0 + i + 1, start = s.starts ? s.starts[rows0 + i0 + i] : 0;
                float top = row[start], sum = 0;
                for (int64_t j = start; j < last; j++) top = row[j] > top ? row[j] : top;
                for (int64_t j = 0; j < start; j++) row[j] = 0;
                for (int64_t j = start; j < last; j++) {
                    row[j] = exponential((row[j] - top) * s.scale);
                    sum += row[j];
                }
                for (int64_t j = last, stop = least(round_up(i0 + rows, kTile), p.t); j < stop; j++) row[j] = 0;
                inverse[i] = 1.0f / sum;
                lse[(sequence * s.heads + head) * s.tokens + i0 + i] = top * s.scale + __builtin_logf(sum);
            }
            product(score, p.t, 1, v, p.c, o, p.c, rows, false, [&](int64_t, int64_t to, int64_t& columns, int64_t& k0, int64_t& k1) {
                columns = s.head_dim;
                k0 = 0;
                k1 = i0 + to;
            });
            for (int64_t i = 0; i < rows; i++)
                for (int64_t j = 0; j < s.head_dim; j++) o[i * p.c + j] *= inverse[i];
            unpack(o, p.c, rows, s.head_dim, out + (rows0 + i0) * s.heads * s.head_dim + head * s.head_dim, s.heads * s.head_dim);
        }
    }
}

template <class S>
void attention_backward_one(const AttentionShape& s, const S* qkv, const S* out, const float* lse, const S* d_out, S* d_qkv, float* scratch, int64_t sequence,
                            int64_t kv_head) {
    Sizes p(s);
    int64_t groups = s.heads / s.kv_heads, rows0 = sequence * s.tokens, wide = s.heads * s.head_dim;
    float *k = scratch, *dk = k + p.t * p.c, *dv = dk + p.t * p.c, *kt = dv + p.t * p.c, *vt = kt + s.head_dim * p.t;
    float *prob = vt + s.head_dim * p.t, *ds = prob + kBlock * p.t, *q = ds + kBlock * p.t, *d_o = q + kBlock * p.c, *dq = d_o + kBlock * p.c;
    const S *base = qkv + rows0 * s.width, *keys = base + (s.heads + kv_head) * s.head_dim, *values = keys + s.kv_heads * s.head_dim;
    S* d_base = d_qkv + rows0 * s.width;
    pack(keys, s.width, s.tokens, s.head_dim, k, p.c);
    pack_transposed(keys, s.width, s.tokens, s.head_dim, kt, p.t);
    pack_transposed(values, s.width, s.tokens, s.head_dim, vt, p.t);
    for (int64_t i = 0; i < p.t * p.c; i++) dk[i] = dv[i] = 0;
    for (int64_t g = 0; g < groups; g++) {
        int64_t head = kv_head * groups + g;
        for (int64_t i0 = 0; i0 < s.tokens; i0 += kBlock) {
            int64_t rows = least(kBlock, s.tokens - i0);
            const S* out_block = out + (rows0 + i0) * wide + head * s.head_dim;
            pack(base + i0 * s.width + head * s.head_dim, s.width, rows, s.head_dim, q, p.c);
            pack(d_out + (rows0 + i0) * wide + head * s.head_dim, wide, rows, s.head_dim, d_o, p.c);
            scores(q, kt, prob, s, p, i0, rows);
            scores(d_o, vt, ds, s, p, i0, rows);
            for (int64_t i = 0; i < rows; i++) {
                float *pi = prob + i * p.t, *di = ds + i * p.t, delta = 0;
                int64_t last = i0 + i + 1, start = s.starts ? s.starts[rows0 + i0 + i] : 0;
                float shift = lse[(sequence * s.heads + head) * s.tokens + i0 + i];
                for (int64_t j = 0; j < s.head_dim; j++) delta += d_o[i * p.c + j] * load(out_block[i * wide + j]);
                for (int64_t j = 0; j < start; j++) pi[j] = di[j] = 0;
                for (int64_t j = start; j < last; j++) {
                    pi[j] = exponential(pi[j] * s.scale - shift);
                    di[j] = pi[j] * (di[j] - delta) * s.scale;
                }
                for (int64_t j = last, stop = least(round_up(i0 + rows, kTile), p.t); j < stop; j++) pi[j] = di[j] = 0;
            }
            product(ds, p.t, 1, k, p.c, dq, p.c, rows, false, [&](int64_t, int64_t to, int64_t& columns, int64_t& k0, int64_t& k1) {
                columns = s.head_dim;
                k0 = 0;
                k1 = i0 + to;
            });
            unpack(dq, p.c, rows, s.head_dim, d_base + i0 * s.width + head * s.head_dim, s.width);
            auto below = [&](int64_t from, int64_t, int64_t& columns, int64_t& k0, int64_t& k1) {
                columns = s.head_dim;
                k0 = most(0, from - i0);
                k1 = rows;
            };
            product(ds, 1, p.t, q, p.c, dk, p.c, i0 + rows, true, below);
            product(prob, 1, p.t, d_o, p.c, dv, p.c, i0 + rows, true, below);
        }
    }
    unpack(dk, p.c, s.tokens, s.head_dim, d_base + (s.heads + kv_head) * s.head_dim, s.width);
    unpack(dv, p.c, s.tokens, s.head_dim, d_base + (s.heads + s.kv_heads + kv_head) * s.head_dim, s.width);
}

// One new token of one sequence against its cached keys and values [B, kv_heads, capacity, head_dim]; lengths include the new token.
template <class S>
void attention_decode_one(const AttentionShape& s, const S* qkv, const S* keys, const S* values, const int64_t* lengths, int64_t capacity, S* out, float* scratch,
                          int64_t sequence, int64_t kv_head) {
    int64_t groups = s.heads / s.kv_heads, d = s.head_dim, length = lengths[sequence];
    int64_t start = s.starts ? s.starts[sequence] : 0;
    const S *k = keys + (sequence * s.kv_heads + kv_head) * capacity * d, *v = values + (sequence * s.kv_heads + kv_head) * capacity * d;
    float *q = scratch, *o = q + d, *score = o + d;
    for (int64_t g = 0; g < groups; g++) {
        int64_t head = kv_head * groups + g;
        const S* from = qkv + sequence * s.width + head * d;
        for (int64_t c = 0; c < d; c++) q[c] = load(from[c]), o[c] = 0;
        float top = -3.4e38f, sum = 0;
        for (int64_t j = start; j < length; j++) {
            float dot = 0;
            for (int64_t c = 0; c < d; c++) dot += q[c] * load(k[j * d + c]);
            score[j] = dot * s.scale;
            top = score[j] > top ? score[j] : top;
        }
        for (int64_t j = start; j < length; j++) {
            score[j] = exponential(score[j] - top);
            sum += score[j];
        }
        for (int64_t j = start; j < length; j++)
            for (int64_t c = 0; c < d; c++) o[c] += score[j] * load(v[j * d + c]);
        for (int64_t c = 0; c < d; c++) store(out + sequence * s.heads * d + head * d + c, o[c] / sum);
    }
}

template <class S>
void embedding_backward_columns(const int64_t* ids, const S* dy, float* dw, int64_t rows, int64_t d, int64_t skip, int64_t begin, int64_t end) {
    for (int64_t i = 0; i < rows; i++) {
        if (ids[i] == skip) continue;
        float* to = dw + ids[i] * d;
        const S* from = dy + i * d;
        for (int64_t j = begin; j < end; j++) to[j] += load(from[j]);
    }
}

// ---- AdamW (decoupled decay, epsilon outside the root and after the bias correction) with the EMA in the same pass --------------------

template <bool Average, bool Half>
void adamw_range(const AdamW& o, float* weight, const float* grad, float* first, float* second, float* average, uint16_t* half, int64_t begin, int64_t end) {
    float step = o.learning_rate / o.bias1, keep = 1.0f - o.learning_rate * o.weight_decay, root = 1.0f / o.bias2_root;
#pragma GCC ivdep
    for (int64_t i = begin; i < end; i++) {
        float g = grad[i] * o.grad_scale;
        float m = first[i] + (1.0f - o.beta1) * (g - first[i]);
        float v = o.beta2 * second[i] + (1.0f - o.beta2) * g * g;
        first[i] = m;
        second[i] = v;
        float w = weight[i] * keep - step * m / (__builtin_sqrtf(v) * root + o.epsilon);
        if (Average) {
            float a = average[i] + (1.0f - o.average_decay) * (w - average[i]);
            average[i] = a;
            w = o.feedback ? a : w;
        }
        weight[i] = w;
        if (Half) half[i] = to_half(w);
    }
}

// ---- The table ------------------------------------------------------------------------------------------------------------------------

void rms_norm(int type, const void* x, const void* w, float eps, void* y, float* rstd, int64_t begin, int64_t end, int64_t d) {
    BY_TYPE(type, rms_norm_rows((const S*)x, (const S*)w, eps, (S*)y, rstd, begin, end, d))
}
void rms_norm_apply(int type, const void* x, const void* w, const float* rstd, void* y, int64_t begin, int64_t end, int64_t d) {
    BY_TYPE(type, rms_norm_apply_rows((const S*)x, (const S*)w, rstd, (S*)y, begin, end, d))
}
void rms_norm_backward(int type, const void* dy, const void* x, const void* w, const float* rstd, void* dx, float* dw, int64_t begin, int64_t end, int64_t d) {
    BY_TYPE(type, rms_norm_backward_rows((const S*)dy, (const S*)x, (const S*)w, rstd, (S*)dx, dw, begin, end, d))
}
void rope(int type, void* x, const float* cos, const float* sin, const int64_t* positions, int64_t begin, int64_t end, int64_t width, int64_t heads,
          int64_t head_dim, int64_t rotary_dim, float direction) {
    BY_TYPE(type, rope_rows((S*)x, cos, sin, positions, begin, end, width, heads, head_dim, rotary_dim, direction))
}
void swiglu(int type, const void* gate_up, void* out, int64_t begin, int64_t end, int64_t inner) {
    BY_TYPE(type, swiglu_rows((const S*)gate_up, (S*)out, begin, end, inner))
}
void swiglu_backward(int type, void* gate_up, void* d_out, int64_t begin, int64_t end, int64_t inner) {
    BY_TYPE(type, swiglu_backward_rows((S*)gate_up, (S*)d_out, begin, end, inner))
}
void cross_entropy(int type, void* logits, const int64_t* targets, float scale, int gradient, float* losses, int64_t* best, int64_t begin, int64_t end, int64_t vocab) {
    BY_TYPE(type, cross_entropy_rows((S*)logits, targets, scale, gradient, losses, best, begin, end, vocab))
}
void attention(int type, const AttentionShape& s, const void* qkv, void* out, float* lse, float* scratch, int64_t sequence, int64_t kv_head) {
    BY_TYPE(type, attention_one(s, (const S*)qkv, (S*)out, lse, scratch, sequence, kv_head))
}
void attention_backward(int type, const AttentionShape& s, const void* qkv, const void* out, const float* lse, const void* d_out, void* d_qkv, float* scratch,
                        int64_t sequence, int64_t kv_head) {
    BY_TYPE(type, attention_backward_one(s, (const S*)qkv, (const S*)out, lse, (const S*)d_out, (S*)d_qkv, scratch, sequence, kv_head))
}
void attention_decode(int type, const AttentionShape& s, const void* qkv, const void* keys, const void* values, const int64_t* lengths, int64_t capacity, void* out,
                      float* scratch, int64_t sequence, int64_t kv_head) {
    BY_TYPE(type, attention_decode_one(s, (const S*)qkv, (const S*)keys, (const S*)values, lengths, capacity, (S*)out, scratch, sequence, kv_head))
}
void embedding_backward(int type, const int64_t* ids, const void* dy, float* dw, int64_t rows, int64_t d, int64_t skip, int64_t begin, int64_t end) {
    BY_TYPE(type, embedding_backward_columns(ids, (const S*)dy, dw, rows, d, skip, begin, end))
}
void adamw(const AdamW& o, float* weight, const float* grad, float* first, float* second, float* average, uint16_t* half, int64_t begin, int64_t end) {
    if (average && half) adamw_range<true, true>(o, weight, grad, first, second, average, half, begin, end);
    else if (average) adamw_range<true, false>(o, weight, grad, first, second, average, half, begin, end);
    else if (half) adamw_range<false, true>(o, weight, grad, first, second, average, half, begin, end);
    else adamw_range<false, false>(o, weight, grad, first, second, average, half, begin, end);
}
double square_sum(const float* x, int64_t begin, int64_t end) {
    double total = 0;
    for (int64_t i = begin; i < end; i++) total += static_cast<double>(x[i]) * x[i];
    return total;
}
void accumulate(const uint16_t* x, float* y, int fresh, int64_t begin, int64_t end) {
    const bf16* from = reinterpret_cast<const bf16*>(x);
    for (int64_t i = begin; i < end; i++) y[i] = (fresh ? 0.0f : y[i]) + load(from[i]);
}

}  // namespace

#define BALLAST_JOIN_(a, b) a##b
#define BALLAST_JOIN(a, b) BALLAST_JOIN_(a, b)
#define BALLAST_TEXT_(a) #a
#define BALLAST_TEXT(a) BALLAST_TEXT_(a)
extern const Kernels BALLAST_JOIN(kernels_, BALLAST_ISA);
const Kernels BALLAST_JOIN(kernels_, BALLAST_ISA) = {
    BALLAST_TEXT(BALLAST_ISA), rms_norm, rms_norm_apply, rms_norm_backward, rope, swiglu, swiglu_backward, cross_entropy, attention_scratch, attention,
    attention_backward, attention_decode, embedding_backward, adamw, square_sum, accumulate,
};

}  // namespace ballast
