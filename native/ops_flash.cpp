// Attention through libtorch's flash kernels (Dao et al., arXiv 2205.14135), for CUDA in half precision: no scores are held, heads may share keys, and what a token sees
// is given by sequence bounds and a window instead of a mask.
#include "flash.h"
#include "operator.h"

namespace ballast {

namespace {

struct Rows {
    at::Tensor q, k, v;  // views of qkv: [B, T, heads, C], or [N, heads, C] where sequences lie one behind the other
};
Rows rows(const at::Tensor& qkv, const Flash& f) {
    auto x = f.bounds.defined() ? qkv.view({-1, f.heads + 2 * f.kv_heads, f.head_dim}) : qkv.view({f.batch, -1, f.heads + 2 * f.kv_heads, f.head_dim});
    return {x.narrow(-2, 0, f.heads), x.narrow(-2, f.heads, f.kv_heads), x.narrow(-2, f.heads + f.kv_heads, f.kv_heads)};
}
c10::IValue left(const Flash& f) { return f.window > 0 ? c10::IValue(f.window - 1) : c10::IValue(); }
c10::IValue right(const Flash& f) { return f.window > 0 ? c10::IValue(int64_t(0)) : c10::IValue(); }

}  // namespace

bool flash_fits(const at::Tensor& qkv, const Flash& f, double cap) {
    bool half = qkv.scalar_type() == at::kBFloat16 || qkv.scalar_type() == at::kHalf;
    return half && as_on_cuda(qkv) && cap == 0 && f.window >= 0 && f.head_dim % 8 == 0 && f.head_dim <= 256 && flash_forward().runs_on(qkv.device().type());
}

at::Tensor flash(const at::Tensor& qkv, const Flash& f, double scale, at::Tensor& out) {
    auto x = rows(qkv, f);
    auto bounds = f.bounds.defined() ? c10::IValue(f.bounds) : c10::IValue();
    int64_t longest = f.bounds.defined() ? f.longest : x.q.size(1);
    auto result = flash_forward()({{"query", x.q}, {"key", x.k}, {"value", x.v}, {"cum_seq_q", bounds}, {"cum_seq_k", bounds}, {"max_q", longest}, {"max_k", longest},
                                   {"dropout_p", 0.0}, {"is_causal", true}, {"return_debug_mask", false}, {"scale", scale}, {"window_size_left", left(f)}, {"window_size_right", right(f)}});
    out.copy_(result[0].toTensor().reshape(out.sizes()));
    return result[1].toTensor();
}

void flash_gradient(const at::Tensor& qkv, const Flash& f, double scale, const at::Tensor& out, const at::Tensor& lse, const at::Tensor& d_out, at::Tensor& d_qkv) {
    auto x = rows(qkv, f), d = rows(d_qkv, f);
    int64_t longest = f.bounds.defined() ? f.longest : x.q.size(1);
    auto random = at::empty({2}, qkv.options().dtype(at::kLong));  // of dropout, which there is none of
    auto result = flash_backward()({{"grad_out", d_out.view(x.q.sizes())}, {"query", x.q}, {"key", x.k}, {"value", x.v}, {"out", out.view(x.q.sizes())}, {"logsumexp", lse},
                                    {"cum_seq_q", f.bounds}, {"cum_seq_k", f.bounds}, {"max_q", longest}, {"max_k", longest}, {"dropout_p", 0.0}, {"is_causal", true},
                                    {"philox_seed", random}, {"philox_offset", random}, {"rng_state", random}, {"unused", random}, {"scale", scale},
                                    {"window_size_left", left(f)}, {"window_size_right", right(f)}});
    d.q.copy_(result[0].toTensor());
    d.k.copy_(result[1].toTensor());
    d.v.copy_(result[2].toTensor());
}

}  // namespace ballast
