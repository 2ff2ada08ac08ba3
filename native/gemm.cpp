// Matrix products: libtorch's, and for large float32 ones the tile unit's where there is one.
#include "gemm.h"
#include "parts.h"
#if defined(__linux__)
#include <csignal>
#include <sys/mman.h>
#include <unistd.h>
#endif

using namespace ballast;

namespace {

// On a thread that has used the tile unit (ours, or oneDNN's in bfloat16 products) the frame of a signal grows by the tile registers' 8 KiB. .NET handles null references on
// an alternate stack that is too small for it, and the process would end. The layout, a guard page below, is .NET's own: it frees the stack when the thread ends.
void widen_signal_stack() {
#if defined(__linux__)
    constexpr size_t kSize = 128 << 10;
    thread_local bool done = false;
    stack_t now;
    if (done) return;
    done = true;
    if (sigaltstack(nullptr, &now) != 0 || (now.ss_flags & (SS_DISABLE | SS_ONSTACK)) || now.ss_size >= kSize) return;
    size_t page = sysconf(_SC_PAGESIZE);
    void* memory = mmap(nullptr, page + kSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
    if (memory == MAP_FAILED) return;
    mprotect(memory, page, PROT_NONE);
    stack_t wide{};
    wide.ss_sp = static_cast<char*>(memory) + page;
    wide.ss_size = kSize;
    sigaltstack(&wide, nullptr);
#endif
}

// Worth splitting: every element of a factor must take part in many products.
bool fits_tiles(const at::Tensor& c, const at::Tensor& a, const at::Tensor& b) {
    auto plain = [](const at::Tensor& t) { return t.scalar_type() == at::kFloat && t.device().is_cpu() && t.dim() == 2; };
    auto dense = [](const at::Tensor& t) { return (t.stride(0) == 1 && t.stride(1) >= t.size(0)) || (t.stride(1) == 1 && t.stride(0) >= t.size(1)); };
    return kernel_type({c}) == 0 && plain(a) && plain(b) && dense(a) && dense(b) && a.size(0) >= 192 && b.size(1) >= 64 && a.size(1) >= 64 && split_gemm_ready();
}

constexpr int64_t kSplitBytes = 12 << 20;  // of a split factor at a time

void tile_product(at::Tensor& c, const at::Tensor& a, const at::Tensor& b, bool accumulate) {
    int64_t m = a.size(0), k = a.size(1), n = b.size(1), across = (n + kSide - 1) / kSide, down = (m + kSide - 1) / kSide;
    TORCH_CHECK(b.size(0) == k && c.size(0) == m && c.size(1) == n, "gemm: ", c.sizes(), " is not ", a.sizes(), " times ", b.sizes());
    Matrix left{a.data_ptr<float>(), a.stride(0), a.stride(1)}, right{b.data_ptr<float>(), b.stride(1), b.stride(0)};
    // As much of the depth at a time as fits; whole steps of the tile kernel's own, so the sums are the same.
    int64_t depth = std::min(k, std::max<int64_t>(1, kSplitBytes / split_gemm_bytes(n, kSplitDepth)) * kSplitDepth), bytes = split_gemm_bytes(n, depth);
    // One piece of memory: large enough for huge pages, of which a walk through the tiles touches few.
    auto memory = at::empty({bytes + part_count(down, 1) * split_gemm_scratch()}, at::kByte);
    auto *tiles = reinterpret_cast<char*>(memory.data_ptr()), *scratch = tiles + bytes;
    for (int64_t from = 0; from < k; from += depth) {
        int64_t inside = std::min(depth, k - from);
        parts(across, 1, [&](int64_t, int64_t begin, int64_t end) { split_gemm_pack(right, n, inside, tiles, begin, end); });
        parts(down, 1, [&](int64_t part, int64_t begin, int64_t end) {
            split_gemm_rows(left, tiles, c.data_ptr<float>(), n, m, n, inside, accumulate || from > 0, scratch + part * split_gemm_scratch(), begin, end);
        });
        left.data += inside * left.depth;
        right.data += inside * right.depth;
    }
}

}  // namespace

int ballast_gemm(Handle out, Handle a, Handle b, int transpose_a, int transpose_b, int accumulate) {
    return guarded([&] {
        widen_signal_stack();
        auto& o = tensor(out);
        auto x = transpose_a ? tensor(a).t() : tensor(a), y = transpose_b ? tensor(b).t() : tensor(b);
        if (fits_tiles(o, x, y)) {
            tile_product(o, x, y, accumulate);
            return;
        }
        if (o.scalar_type() == x.scalar_type()) {
            if (accumulate) o.addmm_(x, y);
            else at::mm_out(o, x, y);
            return;
        }
        auto product = at::mm(x, y);  // half precision in, float32 sum out
        if (kernel_type({product}) == 1 && o.is_contiguous() && o.scalar_type() == at::kFloat) {
            auto* from = reinterpret_cast<const uint16_t*>(product.data_ptr());
            float* to = o.data_ptr<float>();
            parts(o.numel(), kElements, [&](int64_t, int64_t begin, int64_t end) { kernels().accumulate(from, to, !accumulate, begin, end); });
        } else if (accumulate) {
            o.add_(product);
        } else {
            o.copy_(product);
        }
    });
}

