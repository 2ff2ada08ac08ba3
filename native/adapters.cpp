// What low-rank adapters need beyond the model's own operations; plain ATen for every dtype and device.
#include "tensor.h"
#include <ATen/Parallel.h>

using namespace ballast;

namespace {

// SplitMix64 of key and place: the mask of a place depends on nothing else, so that a pass that is made again drops the same places.
inline uint64_t mixed(uint64_t key, uint64_t place) {
    uint64_t z = key + (place + 1) * 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

}  // namespace

int ballast_dropout(Handle x_, double rate, uint64_t key) {
    return guarded([&] {
        auto& x = tensor(x_);
        auto mask = at::empty(x.sizes(), at::kFloat);
        float *to = mask.data_ptr<float>(), kept = static_cast<float>(1 / (1 - rate));
        at::parallel_for(0, mask.numel(), 16384, [&](int64_t begin, int64_t end) {
            for (int64_t i = begin; i < end; i++) to[i] = static_cast<double>(mixed(key, static_cast<uint64_t>(i)) >> 11) * 0x1p-53 < rate ? 0.0f : kept;
        });
        auto typed = mask.to(x.scalar_type());
        x.mul_(x.is_cuda() ? typed.pin_memory().to(x.device(), /*non_blocking=*/true) : typed);
    });
}
int ballast_row_norms(Handle x_, Handle out) {
    return guarded([&] { tensor(out).copy_(tensor(x_).pow(2).sum(at::IntArrayRef{1}).sqrt()); });
}
int ballast_column_dots(Handle out, Handle a_, Handle b_) {
    return guarded([&] {
        auto &o = tensor(out), &a = tensor(a_), &b = tensor(b_);
        o.add_((a.to(o.scalar_type()) * b.to(o.scalar_type())).sum(at::IntArrayRef{0}));
    });
}
int ballast_mul(Handle to, Handle x) {
    return guarded([&] { tensor(to).mul_(tensor(x)); });
}
int ballast_div(Handle to, Handle x) {
    return guarded([&] { tensor(to).div_(tensor(x)); });
}
int ballast_transpose(Handle x, Handle* out) {
    return guarded([&] { *out = handle(tensor(x).t()); });
}
int ballast_svd(Handle x, Handle* u, Handle* s, Handle* vt) {
    return guarded([&] {
        auto [left, values, right] = at::linalg_svd(tensor(x), false);
        *u = handle(left.contiguous());
        *s = handle(values);
        *vt = handle(right.contiguous());
    });
}
