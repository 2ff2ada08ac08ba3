// Attention and its cache: our kernels where they can run, plain ATen elsewhere (see ops.cpp).
#include "flash.h"
#include "parts.h"
#include <cmath>

using namespace ballast;

namespace {

AttentionShape attention_shape(const at::Tensor& qkv, const at::Tensor& starts, int64_t batch, int64_t heads, int64_t kv_heads, double scale, double cap) {
    int64_t width = qkv.size(1);
    TORCH_CHECK(width % (heads + 2 * kv_heads) == 0 && qkv.size(0) % batch == 0 && heads % kv_heads == 0, "attention: qkv ", qkv.sizes(), " does not fit");
    return {batch, qkv.size(0) / batch, heads, kv_heads, width / (heads + 2 * kv_heads), width, static_cast<float>(scale),
            static_cast<float>(cap), starts.defined() ? starts.data_ptr<int32_t>() : nullptr};
}

at::Tensor repeated(const at::Tensor& x, int64_t times) {  // [B, K, T, C] to [B, K times, T, C]
    return x.unsqueeze(2).expand({x.size(0), x.size(1), times, x.size(2), x.size(3)}).reshape({x.size(0), x.size(1) * times, x.size(2), x.size(3)});
}
struct Heads {
    at::Tensor q, k, v;  // [B, H, T, C], keys and values repeated for their groups, in the accumulation dtype
};
Heads split(const at::Tensor& qkv, const AttentionShape& s) {
    auto x = qkv.view({s.batch, s.tokens, s.heads + 2 * s.kv_heads, s.head_dim}).permute({0, 2, 1, 3}).to(accumulation(qkv));
    auto repeat = [&](int64_t from) { return repeated(x.narrow(1, from, s.kv_heads), s.heads / s.kv_heads); };
    return {x.narrow(1, 0, s.heads), repeat(s.heads), repeat(s.heads + s.kv_heads)};
}
at::Tensor hidden_keys(const at::Tensor& qkv, const at::Tensor& starts, const AttentionShape& s) {  // [B or 1, 1, T, T], true where a key is not seen
    auto place = at::arange(s.tokens, qkv.options().dtype(at::kLong));
    auto hidden = (place.unsqueeze(0) > place.unsqueeze(1)).view({1, 1, s.tokens, s.tokens});
    if (!starts.defined()) return hidden;
    return hidden.logical_or(place.view({1, 1, 1, s.tokens}) < starts.to(at::kLong).view({s.batch, 1, s.tokens, 1}));
}
at::Tensor capped(const at::Tensor& scores, double cap) { return cap > 0 ? at::tanh(scores / cap).mul(cap) : scores; }

}  // namespace

int ballast_attention(Handle qkv_, Handle starts_, Handle bounds_, int64_t longest, int64_t window, int64_t batch, int64_t heads, int64_t kv_heads, double scale, double cap,
                      Handle out_, Handle* lse_) {
    return guarded([&] {
        auto &qkv = tensor(qkv_), &out = tensor(out_);
        auto starts = optional(starts_);
        auto s = attention_shape(qkv, starts, batch, heads, kv_heads, scale, cap);
        Flash f{optional(bounds_), longest, window, batch, heads, kv_heads, s.head_dim};
        if (flash_fits(qkv, f, cap)) {
            *lse_ = handle(flash(qkv, f, scale, out));
            return;
        }
        int type = kernel_type({qkv, out});
        auto lse = at::empty({batch, heads, s.tokens}, qkv.options().dtype(accumulation(qkv)));
        *lse_ = handle(lse);
        if (type < 0) {
            auto x = split(qkv, s);
            auto scores = capped(at::matmul(x.q, x.k.transpose(2, 3)).mul(scale), cap).masked_fill(hidden_keys(qkv, starts, s), -INFINITY);
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
int ballast_attention_backward(Handle qkv_, Handle starts_, Handle bounds_, int64_t longest, int64_t window, int64_t batch, int64_t heads, int64_t kv_heads, double scale, double cap,
                               Handle out_, Handle lse_, Handle d_out_, Handle d_qkv_) {
    return guarded([&] {
        auto &qkv = tensor(qkv_), &out = tensor(out_), &lse = tensor(lse_), &d_out = tensor(d_out_), &d_qkv = tensor(d_qkv_);
        auto starts = optional(starts_);
        auto s = attention_shape(qkv, starts, batch, heads, kv_heads, scale, cap);
        Flash f{optional(bounds_), longest, window, batch, heads, kv_heads, s.head_dim};
        if (flash_fits(qkv, f, cap)) {
            flash_gradient(qkv, f, scale, out, lse, d_out, d_qkv);
            return;
        }
        int type = kernel_type({qkv, out, d_out, d_qkv});
        if (type < 0) {
            auto x = split(qkv, s);
            auto wide = accumulation(qkv);
            auto rows = [&](const at::Tensor& t) { return t.view({batch, s.tokens, heads, s.head_dim}).transpose(1, 2).to(wide); };
            auto g = rows(d_out), delta = (g * rows(out)).sum(-1, true);
            auto scores = capped(at::matmul(x.q, x.k.transpose(2, 3)).mul(scale), cap);
            auto p = at::exp(scores.masked_fill(hidden_keys(qkv, starts, s), -INFINITY) - lse.to(wide).unsqueeze(-1));
            auto ds = p * (at::matmul(g, x.v.transpose(2, 3)) - delta) * scale;
            if (cap > 0) ds.mul_(1 - scores.div(cap).pow(2));
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
int ballast_attention_decode(Handle qkv_, Handle keys_, Handle values_, Handle starts_, Handle lengths_, int64_t heads, double scale, double cap, Handle out_) {
    return guarded([&] {
        auto &qkv = tensor(qkv_), &keys = tensor(keys_), &values = tensor(values_), &lengths = tensor(lengths_), &out = tensor(out_);
        auto starts = optional(starts_);
        int64_t batch = qkv.size(0), kv_heads = keys.size(1), capacity = keys.size(2);
        auto s = attention_shape(qkv, starts, batch, heads, kv_heads, scale, cap);
        int type = kernel_type({qkv, keys, values, out});
        if (type < 0) {
            auto wide = accumulation(qkv);
            auto q = qkv.narrow(1, 0, heads * s.head_dim).reshape({batch, heads, 1, s.head_dim}).to(wide);
            auto k = repeated(keys.to(wide), heads / kv_heads), v = repeated(values.to(wide), heads / kv_heads);
            auto place = at::arange(capacity, lengths.options()).view({1, capacity});
            auto hidden = place >= lengths.view({batch, 1});
            if (starts.defined()) hidden = hidden.logical_or(place < starts.to(at::kLong).view({batch, 1}));
            hidden = hidden.view({batch, 1, 1, capacity});
            auto p = at::softmax(capped(at::matmul(q, k.transpose(2, 3)).mul(scale), cap).masked_fill(hidden, -INFINITY), -1);
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
