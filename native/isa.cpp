// Chooses the widest kernels this processor has.
#include "kernels.h"
#include <cstdlib>
#include <cstring>

namespace ballast {

extern const Kernels kernels_baseline;
#if defined(__x86_64__)
extern const Kernels kernels_avx2, kernels_avx512;
#endif

const Kernels& kernels() {
    static const Kernels& best = []() -> const Kernels& {
#if defined(__x86_64__)
        const char* asked = std::getenv("BALLAST_CPU");
        bool wide = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
                    __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512cd");
        bool medium = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2");
        if (wide && (!asked || !std::strcmp(asked, "avx512"))) return kernels_avx512;
        if (medium && (!asked || std::strcmp(asked, "baseline"))) return kernels_avx2;
#endif
        return kernels_baseline;
    }();
    return best;
}

}  // namespace ballast
