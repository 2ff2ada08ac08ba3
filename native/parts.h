// What the operations share: one contiguous part of a loop per thread, and the type of sums.
#pragma once
#include "tensor.h"
#include <ATen/Parallel.h>

namespace ballast {

constexpr int64_t kElements = 16384;  // elements that are worth a thread

inline int64_t part_count(int64_t n, int64_t least) { return std::max<int64_t>(1, std::min<int64_t>(at::get_num_threads(), n / std::max<int64_t>(1, least))); }

// Splits [0, n) into part_count(n, least) parts: body(part, begin, end). The partition depends on n and the thread count alone.
template <class Body>
void parts(int64_t n, int64_t least, Body body) {
    int64_t count = part_count(n, least), each = (n + count - 1) / count;
    at::parallel_for(0, count, 1, [&](int64_t first, int64_t last) {
        for (int64_t part = first; part < last; part++) body(part, std::min(n, part * each), std::min(n, (part + 1) * each));
    });
}

inline int64_t rows_worth(int64_t width) { return std::max<int64_t>(1, kElements / std::max<int64_t>(1, width)); }

inline at::ScalarType accumulation(const at::Tensor& x) { return x.scalar_type() == at::kDouble ? at::kDouble : at::kFloat; }

}  // namespace ballast
