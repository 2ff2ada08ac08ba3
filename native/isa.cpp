// Chooses the widest kernels this processor has.
#include "gemm.h"
#include "kernels.h"
#include <cstdlib>
#include <cstring>
#if defined(__x86_64__) && defined(__linux__)
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

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
        if (wide && (!asked || !std::strcmp(asked, "avx512") || !std::strcmp(asked, "amx"))) return kernels_avx512;
        if (medium && (!asked || std::strcmp(asked, "baseline"))) return kernels_avx2;
#endif
        return kernels_baseline;
    }();
    return best;
}

bool split_gemm_ready() {
    static const bool ready = [] {
#if defined(__x86_64__) && defined(__linux__)
        const char* asked = std::getenv("BALLAST_CPU");
        unsigned a, b, c, tiles, conversion;
        if ((asked && std::strcmp(asked, "amx")) || !split_gemm_built || !__builtin_cpu_supports("avx512bw")) return false;
        if (!__get_cpuid_count(7, 0, &a, &b, &c, &tiles) || !__get_cpuid_count(7, 1, &conversion, &b, &c, &a)) return false;
        bool amx = (tiles >> 22 & 1) && (tiles >> 24 & 1), bfloat16 = conversion >> 5 & 1;
        return amx && bfloat16 && syscall(SYS_arch_prctl, 0x1023 /* ARCH_REQ_XCOMP_PERM */, 18 /* tile data */) == 0;
#else
        return false;
#endif
    }();
    return ready;
}

}  // namespace ballast
