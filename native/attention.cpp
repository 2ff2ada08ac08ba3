// Causal attention of one sequence and one key/value head; never more than a block of query rows times T is held.
#include "attention.h"
#include "vector.h"

namespace ballast {
namespace {

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

// The first key that any of the block's rows sees, on a whole tile: what lies before it is never computed.
inline int64_t first_key(const AttentionShape& s, int64_t row, int64_t rows) {
    if (!s.starts) return 0;
    int64_t first = s.starts[row];
    for (int64_t i = 1; i < rows; i++) first = least(first, s.starts[row + i]);
    return first / kTile * kTile;
}

// Scores of the block's rows against keys [first, i]: S = Q K^T
inline void scores(const float* q, const float* kt, float* s, const AttentionShape& shape, const Sizes& p, int64_t i0, int64_t rows, int64_t first) {
    product(q, p.c, 1, kt + first, p.t, s + first, p.t, rows, false, [&](int64_t, int64_t to, int64_t& columns, int64_t& k0, int64_t& k1) {
        columns = i0 + to - first;
        k0 = 0;
        k1 = shape.head_dim;
    });
}

template <class S>
void attention_one(const AttentionShape& s, const S* qkv, S* out, float* lse, float* scratch, int64_t sequence, int64_t kv_head) {
    Sizes p(s);
    int64_t groups = s.heads / s.kv_heads, rows0 = sequence * s.tokens;
    float unit = s.cap > 0 ? 1.0f : s.scale;  // capped scores are scaled already
    float *kt = scratch, *v = kt + s.head_dim * p.t, *score = v + p.t * p.c, *q = score + kBlock * p.t, *o = q + kBlock * p.c;
    const S* base = qkv + rows0 * s.width;
    pack_transposed(base + (s.heads + kv_head) * s.head_dim, s.width, s.tokens, s.head_dim, kt, p.t);
    pack(base + (s.heads + s.kv_heads + kv_head) * s.head_dim, s.width, s.tokens, s.head_dim, v, p.c);
    for (int64_t g = 0; g < groups; g++) {
        int64_t head = kv_head * groups + g;
        for (int64_t i0 = 0; i0 < s.tokens; i0 += kBlock) {
            int64_t rows = least(kBlock, s.tokens - i0);
            pack(base + i0 * s.width + head * s.head_dim, s.width, rows, s.head_dim, q, p.c);
            int64_t first = first_key(s, rows0 + i0, rows);
            scores(q, kt, score, s, p, i0, rows, first);
            float inverse[kBlock];
            for (int64_t i = 0; i < rows; i++) {
                float* row = score + i * p.t;
                int64_t last = i0 + i + 1, start = s.starts ? s.starts[rows0 + i0 + i] : 0;
                if (s.cap > 0) for (int64_t j = start; j < last; j++) row[j] = s.cap * hyperbolic_tangent(row[j] * s.scale / s.cap);
                float top = row[start], sum = 0;
                for (int64_t j = start; j < last; j++) top = row[j] > top ? row[j] : top;
                for (int64_t j = first; j < start; j++) row[j] = 0;
                for (int64_t j = start; j < last; j++) {
                    row[j] = exponential((row[j] - top) * unit);
                    sum += row[j];
                }
                for (int64_t j = last, stop = least(round_up(i0 + rows, kTile), p.t); j < stop; j++) row[j] = 0;
                inverse[i] = 1.0f / sum;
                lse[(sequence * s.heads + head) * s.tokens + i0 + i] = top * unit + __builtin_logf(sum);
            }
            product(score, p.t, 1, v, p.c, o, p.c, rows, false, [&](int64_t, int64_t to, int64_t& columns, int64_t& k0, int64_t& k1) {
                columns = s.head_dim;
                k0 = first;
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
            int64_t first = first_key(s, rows0 + i0, rows);
            scores(q, kt, prob, s, p, i0, rows, first);
            scores(d_o, vt, ds, s, p, i0, rows, first);
            for (int64_t i = 0; i < rows; i++) {
                float *pi = prob + i * p.t, *di = ds + i * p.t, delta = 0;
                int64_t last = i0 + i + 1, start = s.starts ? s.starts[rows0 + i0 + i] : 0;
                float shift = lse[(sequence * s.heads + head) * s.tokens + i0 + i];
                for (int64_t j = 0; j < s.head_dim; j++) delta += d_o[i * p.c + j] * load(out_block[i * wide + j]);
                for (int64_t j = first; j < start; j++) pi[j] = di[j] = 0;
                if (s.cap > 0) {
                    for (int64_t j = start; j < last; j++) {
                        float t = hyperbolic_tangent(pi[j] * s.scale / s.cap);
                        pi[j] = exponential(s.cap * t - shift);
                        di[j] = pi[j] * (di[j] - delta) * s.scale * (1.0f - t * t);
                    }
                } else {
                    for (int64_t j = start; j < last; j++) {
                        pi[j] = exponential(pi[j] * s.scale - shift);
                        di[j] = pi[j] * (di[j] - delta) * s.scale;
                    }
                }
                for (int64_t j = last, stop = least(round_up(i0 + rows, kTile), p.t); j < stop; j++) pi[j] = di[j] = 0;
            }
            product(ds, p.t, 1, k, p.c, dq, p.c, rows, false, [&](int64_t, int64_t to, int64_t& columns, int64_t& k0, int64_t& k1) {
                columns = s.head_dim;
                k0 = first;
                k1 = i0 + to;
            });
            unpack(dq, p.c, rows, s.head_dim, d_base + i0 * s.width + head * s.head_dim, s.width);
            auto below = [&](int64_t from, int64_t, int64_t& columns, int64_t& k0, int64_t& k1) {
                columns = s.head_dim;
                k0 = most(0, first + from - i0);
                k1 = rows;
            };
            product(ds + first, 1, p.t, q, p.c, dk + first * p.c, p.c, i0 + rows - first, true, below);
            product(prob + first, 1, p.t, d_o, p.c, dv + first * p.c, p.c, i0 + rows - first, true, below);
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
            score[j] = s.cap > 0 ? s.cap * hyperbolic_tangent(dot * s.scale / s.cap) : dot * s.scale;
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

}  // namespace

namespace BALLAST_ISA {

int64_t attention_scratch(const AttentionShape& s) {
    Sizes p(s);
    return 4 * p.t * p.c + 2 * s.head_dim * p.t + 2 * kBlock * p.t + 3 * kBlock * p.c + s.tokens;
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

}  // namespace BALLAST_ISA
}  // namespace ballast
