// Compiled once per instruction set (BALLAST_ISA names the table, the compiler flags set the width).
#include "attention.h"
#include "vector.h"

namespace ballast {
namespace {

// ---- RMSNorm: y = x * rstd * (offset + w), rstd = 1 / sqrt(mean(x^2) + eps). Half precision is rounded as the families do: without offset -----
// x * rstd is rounded before it meets w, with one there is a single rounding at the end.

template <class S>
void rms_norm_apply_rows(const S* x, const S* w, float offset, const float* rstd, S* y, int64_t begin, int64_t end, int64_t d) {
    for (int64_t i = begin; i < end; i++) {
        const S* xi = x + i * d;
        S* yi = y + i * d;
        float scale = rstd[i];
        if (offset != 0) {
            for (int64_t j = 0; j < d; j++) store(yi + j, load(xi[j]) * scale * (offset + load(w[j])));
            continue;
        }
        for (int64_t j = 0; j < d; j++) {
            S rounded;
            store(&rounded, load(xi[j]) * scale);
            store(yi + j, load(rounded) * load(w[j]));
        }
    }
}

template <class S>
void rms_norm_rows(const S* x, const S* w, float eps, float offset, S* y, float* rstd, int64_t begin, int64_t end, int64_t d) {
    for (int64_t i = begin; i < end; i++) {
        const S* xi = x + i * d;
        float sum = 0;
        for (int64_t j = 0; j < d; j++) sum += load(xi[j]) * load(xi[j]);
        rstd[i] = 1.0f / __builtin_sqrtf(sum / static_cast<float>(d) + eps);
        rms_norm_apply_rows(x, w, offset, rstd, y, i, i + 1, d);
    }
}

// dx += rstd * (v * dy - xhat * mean(v * dy * xhat)) with v = offset + w; dw += dy * xhat
template <class S>
void rms_norm_backward_rows(const S* dy, const S* x, const S* w, float offset, const float* rstd, S* dx, float* dw, int64_t begin, int64_t end, int64_t d) {
    for (int64_t i = begin; i < end; i++) {
        const S *dyi = dy + i * d, *xi = x + i * d;
        S* dxi = dx + i * d;
        float scale = rstd[i], dot = 0;
        for (int64_t j = 0; j < d; j++) dot += (offset + load(w[j])) * load(dyi[j]) * load(xi[j]);
        float shift = dot * scale * scale / static_cast<float>(d);
        for (int64_t j = 0; j < d; j++) {
            float g = load(dyi[j]), v = load(xi[j]);
            dw[j] += g * v * scale;
            store(dxi + j, load(dxi[j]) + scale * ((offset + load(w[j])) * g - v * shift));
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

// ---- Gated linear unit: out = act(gate) * up; backward turns gate_up into its gradient and d_out into the recomputed out ----------------
// act(g) = g * sigmoid(v): v = g for SiLU, v = 2 sqrt(2 / pi) (g + 0.044715 g^3) for GeLU in its tanh form.

template <bool Gelu>
inline float gate_argument(float g) { return Gelu ? 1.5957691216057308f * (g + 0.044715f * g * g * g) : g; }
template <bool Gelu>
inline float gate_slope(float g) { return Gelu ? 1.5957691216057308f * (1.0f + 0.134145f * g * g) : 1.0f; }

template <bool Gelu, class S>
void glu_rows(const S* gate_up, S* out, int64_t begin, int64_t end, int64_t inner) {
    for (int64_t i = begin; i < end; i++) {
        const S *gate = gate_up + i * 2 * inner, *up = gate + inner;
        S* o = out + i * inner;
        for (int64_t j = 0; j < inner; j++) {
            float g = load(gate[j]);
            store(o + j, g / (1.0f + exponential(-gate_argument<Gelu>(g))) * load(up[j]));
        }
    }
}

template <bool Gelu, class S>
void glu_backward_rows(S* gate_up, S* d_out, int64_t begin, int64_t end, int64_t inner) {
    for (int64_t i = begin; i < end; i++) {
        S *gate = gate_up + i * 2 * inner, *up = gate + inner, *d = d_out + i * inner;
#pragma GCC ivdep
        for (int64_t j = 0; j < inner; j++) {
            float g = load(gate[j]), u = load(up[j]), dy = load(d[j]);
            float sigmoid = 1.0f / (1.0f + exponential(-gate_argument<Gelu>(g))), act = g * sigmoid;
            store(d + j, act * u);
            store(up + j, dy * act);
            store(gate + j, dy * u * (sigmoid + act * (1.0f - sigmoid) * gate_slope<Gelu>(g)));
        }
    }
}

// ---- Cross-entropy: losses, best token, and (gradient) logits -> scale * (softmax - one_hot) in place. Logits y that were capped -----------
// (y = cap * tanh(x / cap)) get the gradient of x: that of y times 1 - (y / cap)^2.

template <class S>
void cross_entropy_rows(S* logits, const int64_t* targets, float scale, float cap, int gradient, float* losses, int64_t* best, int64_t begin, int64_t end, int64_t vocab) {
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
        if (gradient && sizeof(S) == 4 && cap == 0) {
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
            if (gradient) {
                float inverse = cap > 0 ? 1.0f / cap : 0.0f;
                for (int64_t j = 0; j < vocab; j++) {
                    float y = load(row[j]), t = y * inverse;
                    store(row + j, exponential(y - top) * factor * (1.0f - t * t));
                }
            }
        }
        losses[i] = top + __builtin_logf(sum) - target;
        if (gradient) store(row + targets[i], load(row[targets[i]]) - scale * (cap > 0 ? 1.0f - target / cap * (target / cap) : 1.0f));
        best[i] = winner;
    }
}

// ---- Embedding gradient: dw[ids[i]] += dy[i], column by column -------------------------------------------------------------------------

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
        float m = first[i] + o.rest1 * (g - first[i]);
        float v = o.beta2 * second[i] + o.rest2 * g * g;
        first[i] = m;
        second[i] = v;
        float w = weight[i] * keep - step * m / (__builtin_sqrtf(v) * root + o.epsilon);
        if (Average) {
            float a = average[i] + o.average_rest * (w - average[i]);
            average[i] = a;
            w = o.feedback ? a : w;
        }
        weight[i] = w;
        if (Half) half[i] = to_half(w);
    }
}

// ---- The table ------------------------------------------------------------------------------------------------------------------------

void rms_norm(int type, const void* x, const void* w, float eps, float offset, void* y, float* rstd, int64_t begin, int64_t end, int64_t d) {
    BY_TYPE(type, rms_norm_rows((const S*)x, (const S*)w, eps, offset, (S*)y, rstd, begin, end, d))
}
void rms_norm_apply(int type, const void* x, const void* w, float offset, const float* rstd, void* y, int64_t begin, int64_t end, int64_t d) {
    BY_TYPE(type, rms_norm_apply_rows((const S*)x, (const S*)w, offset, rstd, (S*)y, begin, end, d))
}
void rms_norm_backward(int type, const void* dy, const void* x, const void* w, float offset, const float* rstd, void* dx, float* dw, int64_t begin, int64_t end,
                       int64_t d) {
    BY_TYPE(type, rms_norm_backward_rows((const S*)dy, (const S*)x, (const S*)w, offset, rstd, (S*)dx, dw, begin, end, d))
}
void rope(int type, void* x, const float* cos, const float* sin, const int64_t* positions, int64_t begin, int64_t end, int64_t width, int64_t heads,
          int64_t head_dim, int64_t rotary_dim, float direction) {
    BY_TYPE(type, rope_rows((S*)x, cos, sin, positions, begin, end, width, heads, head_dim, rotary_dim, direction))
}
void glu(int type, int gelu, const void* gate_up, void* out, int64_t begin, int64_t end, int64_t inner) {
    if (gelu) BY_TYPE(type, glu_rows<true>((const S*)gate_up, (S*)out, begin, end, inner))
    else BY_TYPE(type, glu_rows<false>((const S*)gate_up, (S*)out, begin, end, inner))
}
void glu_backward(int type, int gelu, void* gate_up, void* d_out, int64_t begin, int64_t end, int64_t inner) {
    if (gelu) BY_TYPE(type, glu_backward_rows<true>((S*)gate_up, (S*)d_out, begin, end, inner))
    else BY_TYPE(type, glu_backward_rows<false>((S*)gate_up, (S*)d_out, begin, end, inner))
}
void cross_entropy(int type, void* logits, const int64_t* targets, float scale, float cap, int gradient, float* losses, int64_t* best, int64_t begin, int64_t end,
                   int64_t vocab) {
    BY_TYPE(type, cross_entropy_rows((S*)logits, targets, scale, cap, gradient, losses, best, begin, end, vocab))
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
    BALLAST_TEXT(BALLAST_ISA), rms_norm, rms_norm_apply, rms_norm_backward, rope, glu, glu_backward, cross_entropy,
    BALLAST_ISA::attention_scratch, BALLAST_ISA::attention, BALLAST_ISA::attention_backward, BALLAST_ISA::attention_decode, embedding_backward, adamw, square_sum, accumulate,
};

}  // namespace ballast
