// The model's operations. Each has two paths: our kernel where it can run, and plain ATen (every dtype and device, what CUDA uses first).
#include "parts.h"
#include <cmath>
#include <vector>

using namespace ballast;

namespace {

int64_t rows_worth(int64_t width) { return std::max<int64_t>(1, kElements / std::max<int64_t>(1, width)); }

at::ScalarType accumulation(const at::Tensor& x) { return x.scalar_type() == at::kDouble ? at::kDouble : at::kFloat; }

AttentionShape attention_shape(const at::Tensor& qkv, const at::Tensor& starts, int64_t batch, int64_t heads, int64_t kv_heads, double scale) {
    int64_t width = qkv.size(1);
    TORCH_CHECK(width % (heads + 2 * kv_heads) == 0 && qkv.size(0) % batch == 0 && heads % kv_heads == 0, "attention: qkv ", qkv.sizes(), " does not fit");
    return {batch, qkv.size(0) / batch, heads, kv_heads, width / (heads + 2 * kv_heads), width, static_cast<float>(scale),
            starts.defined() ? starts.data_ptr<int32_t>() : nullptr};
}

struct Heads {
    at::Tensor q, k, v;  // [B, H, T, C], keys and values repeated for their groups, in the accumulation dtype
};
Heads split(const at::Tensor& qkv, const AttentionShape& s) {
    auto x = qkv.view({s.batch, s.tokens, s.heads + 2 * s.kv_heads, s.head_dim}).permute({0, 2, 1, 3}).to(accumulation(qkv));
    auto repeat = [&](int64_t from) { return x.narrow(1, from, s.kv_heads).repeat_interleave(s.heads / s.kv_heads, 1); };
    return {x.narrow(1, 0, s.heads), repeat(s.heads), repeat(s.heads + s.kv_heads)};
}
at::Tensor hidden_keys(const at::Tensor& qkv, const at::Tensor& starts, const AttentionShape& s) {  // [B or 1, 1, T, T], true where a key is not seen
    auto place = at::arange(s.tokens, qkv.options().dtype(at::kLong));
    auto hidden = (place.unsqueeze(0) > place.unsqueeze(1)).view({1, 1, s.tokens, s.tokens});
    if (!starts.defined()) return hidden;
    return hidden.logical_or(place.view({1, 1, 1, s.tokens}) < starts.to(at::kLong).view({s.batch, 1, s.tokens, 1}));
}

}  // namespace

int ballast_add_bias(Handle out, Handle bias) {
    return guarded([&] { tensor(out).add_(tensor(bias)); });
}
int ballast_bias_backward(Handle d_bias, Handle dy) {
    return guarded([&] { tensor(d_bias).add_(tensor(dy).sum(at::IntArrayRef{0}, false, tensor(d_bias).scalar_type())); });
}

int ballast_rms_norm(Handle x_, Handle w_, double eps, Handle y_, Handle rstd_) {
    return guarded([&] {
        auto &x = tensor(x_), &w = tensor(w_), &y = tensor(y_), &rstd = tensor(rstd_);
        int type = kernel_type({x, w, y});
        if (type < 0) {
            auto wide = x.to(accumulation(x));
            rstd.copy_(wide.pow(2).mean(-1).add(eps).rsqrt());
            y.copy_((wide * rstd.unsqueeze(-1)).to(x.scalar_type()) * w);
            return;
        }
        int64_t d = x.size(1);
        parts(x.size(0), rows_worth(d), [&](int64_t, int64_t begin, int64_t end) {
            kernels().rms_norm(type, x.data_ptr(), w.data_ptr(), static_cast<float>(eps), y.data_ptr(), rstd.data_ptr<float>(), begin, end, d);
        });
    });
}
int ballast_rms_norm_apply(Handle x_, Handle w_, Handle rstd_, Handle y_) {
    return guarded([&] {
        auto &x = tensor(x_), &w = tensor(w_), &y = tensor(y_), &rstd = tensor(rstd_);
        int type = kernel_type({x, w, y});
        if (type < 0) {
            y.copy_((x.to(accumulation(x)) * rstd.unsqueeze(-1)).to(x.scalar_type()) * w);
            return;
        }
        int64_t d = x.size(1);
        parts(x.size(0), rows_worth(d), [&](int64_t, int64_t begin, int64_t end) {
            kernels().rms_norm_apply(type, x.data_ptr(), w.data_ptr(), rstd.data_ptr<float>(), y.data_ptr(), begin, end, d);
        });
    });
}
int ballast_rms_norm_backward(Handle dy_, Handle x_, Handle w_, Handle rstd_, Handle dx_, Handle dw_) {
    return guarded([&] {
        auto &dy = tensor(dy_), &x = tensor(x_), &w = tensor(w_), &rstd = tensor(rstd_), &dx = tensor(dx_), &dw = tensor(dw_);
        int type = kernel_type({dy, x, w, dx});
        int64_t d = x.size(1), n = x.size(0);
        if (type < 0) {
            auto wide = accumulation(x);
            auto g = dy.to(wide), normal = x.to(wide) * rstd.unsqueeze(-1), scaled = g * w.to(wide);
            dw.add_((g * normal).sum(0));
            dx.copy_(dx.to(wide) + rstd.unsqueeze(-1) * (scaled - normal * (scaled * normal).mean(-1, true)));
            return;
        }
        int64_t count = part_count(n, rows_worth(d));
        auto partial = at::zeros({count, d}, at::kFloat);  // summed in order of the parts: the same bits for the same number of threads
        float* sums = partial.data_ptr<float>();
        parts(n, rows_worth(d), [&](int64_t part, int64_t begin, int64_t end) {
            kernels().rms_norm_backward(type, dy.data_ptr(), x.data_ptr(), w.data_ptr(), rstd.data_ptr<float>(), dx.data_ptr(), sums + part * d, begin, end, d);
        });
        dw.add_(partial.sum(0));
    });
}

int ballast_rope(Handle qkv_, Handle cos_, Handle sin_, Handle positions_, int64_t rotated_heads, int64_t head_dim, int backward) {
    return guarded([&] {
        auto &qkv = tensor(qkv_), &cos = tensor(cos_), &sin = tensor(sin_), &positions = tensor(positions_);
        int64_t half = cos.size(1), width = qkv.size(1), n = qkv.size(0);
        int type = kernel_type({qkv});
        if (type < 0 || cos.scalar_type() != at::kFloat) {
            auto heads = qkv.narrow(1, 0, rotated_heads * head_dim).view({n, rotated_heads, head_dim});
            auto wide = accumulation(qkv);
            auto first = heads.narrow(2, 0, half).to(wide), second = heads.narrow(2, half, half).to(wide);
            auto c = at::index_select(cos, 0, positions).to(wide).unsqueeze(1), s = at::index_select(sin, 0, positions).to(wide).unsqueeze(1);
            if (backward) s = -s;
            auto turned = first * c - second * s, other = second * c + first * s;
            heads.narrow(2, 0, half).copy_(turned);
            heads.narrow(2, half, half).copy_(other);
            return;
        }
        parts(n, rows_worth(width), [&](int64_t, int64_t begin, int64_t end) {
            kernels().rope(type, qkv.data_ptr(), cos.data_ptr<float>(), sin.data_ptr<float>(), positions.data_ptr<int64_t>(), begin, end, width, rotated_heads,
                           head_dim, 2 * half, backward ? -1.0f : 1.0f);
        });
    });
}

int ballast_swiglu(Handle gate_up_, Handle out_) {
    return guarded([&] {
        auto &gate_up = tensor(gate_up_), &out = tensor(out_);
        int64_t inner = out.size(1);
        int type = kernel_type({gate_up, out});
        if (type < 0) {
            out.copy_(at::silu(gate_up.narrow(1, 0, inner)) * gate_up.narrow(1, inner, inner));
            return;
        }
        parts(out.size(0), rows_worth(inner), [&](int64_t, int64_t begin, int64_t end) { kernels().swiglu(type, gate_up.data_ptr(), out.data_ptr(), begin, end, inner); });
    });
}
int ballast_swiglu_backward(Handle gate_up_, Handle d_out_) {
    return guarded([&] {
        auto &gate_up = tensor(gate_up_), &d_out = tensor(d_out_);
        int64_t inner = d_out.size(1);
        int type = kernel_type({gate_up, d_out});
        if (type < 0) {
            auto wide = accumulation(gate_up);
            auto gate = gate_up.narrow(1, 0, inner), up = gate_up.narrow(1, inner, inner);
            auto g = gate.to(wide), u = up.to(wide), d = d_out.to(wide), sigmoid = at::sigmoid(g), silu = g * sigmoid;
            auto d_gate = d * u * (sigmoid + silu * (1 - sigmoid)), d_up = d * silu;  // before anything is overwritten: u and d may be views
            d_out.copy_(silu * u);
            up.copy_(d_up);
            gate.copy_(d_gate);
            return;
        }
        parts(d_out.size(0), rows_worth(inner), [&](int64_t, int64_t begin, int64_t end) {
            kernels().swiglu_backward(type, gate_up.data_ptr(), d_out.data_ptr(), begin, end, inner);
        });
    });
}

int ballast_attention(Handle qkv_, Handle starts_, int64_t batch, int64_t heads, int64_t kv_heads, double scale, Handle out_, Handle lse_) {
    return guarded([&] {
        auto &qkv = tensor(qkv_), &out = tensor(out_), &lse = tensor(lse_);
        auto starts = optional(starts_);
        auto s = attention_shape(qkv, starts, batch, heads, kv_heads, scale);
        int type = kernel_type({qkv, out});
        if (type < 0) {
            auto x = split(qkv, s);
            auto scores = at::matmul(x.q, x.k.transpose(2, 3)).mul(scale).masked_fill(hidden_keys(qkv, starts, s), -INFINITY);
            lse.copy_(at::logsumexp(scores, -1));
            out.copy_(at::matmul(at::softmax(scores, -1), x.v).transpose(1, 2).reshape(out.sizes()));
            return;
        }
        int64_t size = kernels().attention_scratch(s), tasks = batch * kv_heads, workers = part_count(tasks, 1);
        auto scratch = at::empty({workers, size}, at::kFloat);
        float* memory = scratch.data_ptr<float>();
        parts(tasks, 1, [&](int64_t part, int64_t begin, int64_t end) {
            for (int64_t i = begin; i < end; i++)
                kernels().attention(type, s, qkv.data_ptr(), out.data_ptr(), lse.data_ptr<float>(), memory + part * size, i / kv_heads, i % kv_heads);
        });
    });
}
int ballast_attention_backward(Handle qkv_, Handle starts_, int64_t batch, int64_t heads, int64_t kv_heads, double scale, Handle out_, Handle lse_, Handle d_out_,
                               Handle d_qkv_) {
    return guarded([&] {
        auto &qkv = tensor(qkv_), &out = tensor(out_), &lse = tensor(lse_), &d_out = tensor(d_out_), &d_qkv = tensor(d_qkv_);
        auto starts = optional(starts_);
        auto s = attention_shape(qkv, starts, batch, heads, kv_heads, scale);
        int type = kernel_type({qkv, out, d_out, d_qkv});
        if (type < 0) {
            auto x = split(qkv, s);
            auto wide = accumulation(qkv);
            auto rows = [&](const at::Tensor& t) { return t.view({batch, s.tokens, heads, s.head_dim}).transpose(1, 2).to(wide); };
            auto g = rows(d_out), delta = (g * rows(out)).sum(-1, true);
            auto scores = at::matmul(x.q, x.k.transpose(2, 3)).mul(scale).masked_fill(hidden_keys(qkv, starts, s), -INFINITY);
            auto p = at::exp(scores - lse.to(wide).unsqueeze(-1));
            auto ds = p * (at::matmul(g, x.v.transpose(2, 3)) - delta) * scale;
            auto grouped = [&](const at::Tensor& t) { return t.view({batch, kv_heads, heads / kv_heads, s.tokens, s.head_dim}).sum(2); };
            auto all = at::cat({at::matmul(ds, x.k), grouped(at::matmul(ds.transpose(2, 3), x.q)), grouped(at::matmul(p.transpose(2, 3), g))}, 1);
            d_qkv.copy_(all.transpose(1, 2).reshape(d_qkv.sizes()));
            return;
        }
        int64_t size = kernels().attention_scratch(s), tasks = batch * kv_heads, workers = part_count(tasks, 1);
        auto scratch = at::empty({workers, size}, at::kFloat);
        float* memory = scratch.data_ptr<float>();
        parts(tasks, 1, [&](int64_t part, int64_t begin, int64_t end) {
            for (int64_t i = begin; i < end; i++)
                kernels().attention_backward(type, s, qkv.data_ptr(), out.data_ptr(), lse.data_ptr<float>(), d_out.data_ptr(), d_qkv.data_ptr(), memory + part * size,
                                             i / kv_heads, i % kv_heads);
        });
    });
}

// Keys and values of the rows [B * T] go to cache[b, head, position]; cache [B, kv_heads, capacity, head_dim].
int ballast_cache_write(Handle qkv_, Handle keys_, Handle values_, Handle positions_, int64_t batch, int64_t heads) {
    return guarded([&] {
        auto &qkv = tensor(qkv_), &keys = tensor(keys_), &values = tensor(values_), &positions = tensor(positions_);
        int64_t kv_heads = keys.size(1), head_dim = keys.size(3), tokens = qkv.size(0) / batch;
        auto x = qkv.view({batch, tokens, heads + 2 * kv_heads, head_dim});
        auto where = positions.view({batch, tokens}).unsqueeze(1).unsqueeze(3).expand({batch, kv_heads, tokens, head_dim});
        keys.scatter_(2, where, x.narrow(2, heads, kv_heads).transpose(1, 2));
        values.scatter_(2, where, x.narrow(2, heads + kv_heads, kv_heads).transpose(1, 2));
    });
}
int ballast_attention_decode(Handle qkv_, Handle keys_, Handle values_, Handle starts_, Handle lengths_, int64_t heads, double scale, Handle out_) {
    return guarded([&] {
        auto &qkv = tensor(qkv_), &keys = tensor(keys_), &values = tensor(values_), &lengths = tensor(lengths_), &out = tensor(out_);
        auto starts = optional(starts_);
        int64_t batch = qkv.size(0), kv_heads = keys.size(1), capacity = keys.size(2);
        auto s = attention_shape(qkv, starts, batch, heads, kv_heads, scale);
        int type = kernel_type({qkv, keys, values, out});
        if (type < 0) {
            auto wide = accumulation(qkv);
            auto q = qkv.narrow(1, 0, heads * s.head_dim).reshape({batch, heads, 1, s.head_dim}).to(wide);
            auto k = keys.to(wide).repeat_interleave(heads / kv_heads, 1), v = values.to(wide).repeat_interleave(heads / kv_heads, 1);
            auto place = at::arange(capacity, lengths.options()).view({1, capacity});
            auto hidden = place >= lengths.view({batch, 1});
            if (starts.defined()) hidden = hidden.logical_or(place < starts.to(at::kLong).view({batch, 1}));
            hidden = hidden.view({batch, 1, 1, capacity});
            auto p = at::softmax(at::matmul(q, k.transpose(2, 3)).mul(scale).masked_fill(hidden, -INFINITY), -1);
            out.copy_(at::matmul(p, v.masked_fill(hidden.view({batch, 1, capacity, 1}), 0)).view(out.sizes()));
            return;
        }
        int64_t size = capacity + 2 * s.head_dim, tasks = batch * kv_heads, workers = part_count(tasks, 4);
        auto scratch = at::empty({workers, size}, at::kFloat);
        float* memory = scratch.data_ptr<float>();
        parts(tasks, 4, [&](int64_t part, int64_t begin, int64_t end) {
            for (int64_t i = begin; i < end; i++)
                kernels().attention_decode(type, s, qkv.data_ptr(), keys.data_ptr(), values.data_ptr(), lengths.data_ptr<int64_t>(), capacity, out.data_ptr(),
                                           memory + part * size, i / kv_heads, i % kv_heads);
        });
    });
}

int ballast_cross_entropy(Handle logits_, Handle targets_, double scale, int gradient, Handle losses_, Handle best_) {
    return guarded([&] {
        auto &logits = tensor(logits_), &targets = tensor(targets_), &losses = tensor(losses_), &best = tensor(best_);
        int64_t n = logits.size(0), vocab = logits.size(1);
        int type = kernel_type({logits});
        if (type < 0) {
            auto log_probability = at::log_softmax(logits.to(accumulation(logits)), -1);
            best.copy_(logits.argmax(-1));
            losses.copy_(-log_probability.gather(1, targets.unsqueeze(1)).squeeze(1));
            if (gradient) {
                auto d = log_probability.exp();
                d.scatter_add_(1, targets.unsqueeze(1), at::full({n, 1}, -1.0, d.options()));
                logits.copy_(d.mul(scale));
            }
            return;
        }
        parts(n, rows_worth(vocab), [&](int64_t, int64_t begin, int64_t end) {
            kernels().cross_entropy(type, logits.data_ptr(), targets.data_ptr<int64_t>(), static_cast<float>(scale), gradient, losses.data_ptr<float>(),
                                    best.data_ptr<int64_t>(), begin, end, vocab);
        });
    });
}

int ballast_embedding(Handle table, Handle ids, Handle out) {
    return guarded([&] { at::index_select_out(tensor(out), tensor(table), 0, tensor(ids)); });
}
int ballast_embedding_backward(Handle ids_, Handle dy_, Handle dw_, int64_t skip) {
    return guarded([&] {
        auto &ids = tensor(ids_), &dy = tensor(dy_), &dw = tensor(dw_);
        int64_t n = dy.size(0), d = dy.size(1);
        int type = kernel_type({dy});
        if (type < 0 || dw.scalar_type() != at::kFloat) {
            auto kept = at::nonzero(ids != skip).squeeze(1);
            dw.index_add_(0, at::index_select(ids, 0, kept), at::index_select(dy, 0, kept).to(dw.scalar_type()));
            return;
        }
        parts(d, rows_worth(n), [&](int64_t, int64_t begin, int64_t end) {  // by columns: rows may share a token
            kernels().embedding_backward(type, ids.data_ptr<int64_t>(), dy.data_ptr(), dw.data_ptr<float>(), n, d, skip, begin, end);
        });
    });
}

int ballast_square_sum(Handle x_, double* out) {
    return guarded([&] {
        auto& x = tensor(x_);
        if (kernel_type({x}) != 0) {
            *out = x.to(at::kDouble).pow(2).sum().item<double>();
            return;
        }
        std::vector<double> sums(part_count(x.numel(), kElements));
        const float* data = x.data_ptr<float>();
        parts(x.numel(), kElements, [&](int64_t part, int64_t begin, int64_t end) { sums[part] = kernels().square_sum(data, begin, end); });
        *out = 0;
        for (double sum : sums) *out += sum;
    });
}

int ballast_adamw(Handle weight_, Handle grad_, Handle first_, Handle second_, Handle average_, Handle half_, double learning_rate, double beta1, double beta2,
                  double epsilon, double weight_decay, int64_t step, double grad_scale, double average_decay, int feedback) {
    return guarded([&] {
        auto &weight = tensor(weight_), &grad = tensor(grad_), &first = tensor(first_), &second = tensor(second_);
        auto average = optional(average_), half = optional(half_);
        double bias1 = 1 - std::pow(beta1, step), bias2_root = std::sqrt(1 - std::pow(beta2, step));
        if (kernel_type({weight, grad, first, second}) != 0) {
            auto g = grad * grad_scale;
            weight.mul_(1 - learning_rate * weight_decay);
            first.lerp_(g, 1 - beta1);
            second.mul_(beta2).addcmul_(g, g, 1 - beta2);
            weight.addcdiv_(first, second.sqrt().div_(bias2_root).add_(epsilon), -learning_rate / bias1);
            if (average.defined()) {
                average.lerp_(weight, 1 - average_decay);
                if (feedback) weight.copy_(average);
            }
            if (half.defined()) half.copy_(weight);
            return;
        }
        AdamW options{static_cast<float>(learning_rate), static_cast<float>(beta1),  static_cast<float>(beta2),     static_cast<float>(epsilon),
                      static_cast<float>(weight_decay),  static_cast<float>(bias1),  static_cast<float>(bias2_root), static_cast<float>(grad_scale),
                      static_cast<float>(average_decay), feedback};
        float *w = weight.data_ptr<float>(), *g = grad.data_ptr<float>(), *m = first.data_ptr<float>(), *v = second.data_ptr<float>();
        float* a = average.defined() ? average.data_ptr<float>() : nullptr;
        auto* h = half.defined() ? reinterpret_cast<uint16_t*>(half.data_ptr()) : nullptr;
        parts(weight.numel(), kElements, [&](int64_t, int64_t begin, int64_t end) { kernels().adamw(options, w, g, m, v, a, h, begin, end); });
    });
}
