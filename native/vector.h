// What the kernels share: the vector width of the instruction set, bfloat16, exponential and tanh, and a small matrix product.
// Included once in each file that is compiled per instruction set. Plain C++ only: nothing from the standard library or libtorch is instantiated here,
// so no code of a wide instruction set can leak into the rest through the linker.
#pragma once
#include "kernels.h"

namespace ballast {
namespace {

#if defined(__AVX512F__)
constexpr int kLanes = 16, kRows = 8;
#elif defined(__AVX2__)
constexpr int kLanes = 8, kRows = 6;
#else
constexpr int kLanes = 4, kRows = 4;
#endif
constexpr int kTile = 2 * kLanes;  // columns of one register tile
typedef float Vector __attribute__((vector_size(kLanes * 4), aligned(4)));

struct bf16 { uint16_t bits; };
inline float load(float x) { return x; }
inline float load(bf16 x) {
    uint32_t bits = static_cast<uint32_t>(x.bits) << 16;
    float value;
    __builtin_memcpy(&value, &bits, 4);
    return value;
}
inline uint16_t to_half(float x) {  // round to nearest even; NaN stays NaN
    uint32_t bits;
    __builtin_memcpy(&bits, &x, 4);
    uint32_t rounded = (bits + 0x7fff + ((bits >> 16) & 1)) >> 16;
    return static_cast<uint16_t>((bits & 0x7fffffff) > 0x7f800000 ? 0x7fc0 : rounded);
}
inline void store(float* to, float x) { *to = x; }
inline void store(bf16* to, float x) { to->bits = to_half(x); }

inline float exponential(float x) {  // Cephes polynomial, relative error below 2e-7
    x = x < -87.0f ? -87.0f : x;
    x = x > 88.0f ? 88.0f : x;
    float n = __builtin_rintf(x * 1.44269504088896341f);
    float r = x - n * 0.693359375f + n * 2.12194440e-4f;
    float p = 1.9875691500e-4f;
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = p * r * r + r + 1.0f;
    uint32_t bits = static_cast<uint32_t>(static_cast<int32_t>(n) + 127) << 23;
    float power;
    __builtin_memcpy(&power, &bits, 4);
    return p * power;
}

inline float hyperbolic_tangent(float x) {  // Cephes: a polynomial near 0, where the difference of the other form would cancel
    float z = x * x, size = x < 0 ? -x : x;
    float p = -5.70498872745e-3f;
    p = p * z + 2.06390887954e-2f;
    p = p * z - 5.37397155531e-2f;
    p = p * z + 1.33314422036e-1f;
    p = p * z - 3.33332819422e-1f;
    float near = p * z * x + x, far = 1.0f - 2.0f / (exponential(2.0f * size) + 1.0f);
    return size < 0.625f ? near : x < 0 ? -far : far;
}

#define BY_TYPE(type, call) \
    if ((type) == 0) {      \
        typedef float S;    \
        call;               \
    } else {                \
        typedef bf16 S;     \
        call;               \
    }

// ---- A small matrix product in registers: C[m, n] (+)= A[m, k] B[k, n] -----------------------------------------------------------------
// A is read element by element at a[i * ai + k * ak] (either orientation); B and C have contiguous rows of whole tiles.

template <int Rows>
inline __attribute__((always_inline)) void tile(const float* a, int64_t ai, int64_t ak, const float* b, int64_t bk, float* c, int64_t ci, int64_t k0,
                                                int64_t k1, bool add) {
    Vector acc[Rows][2];
#pragma GCC unroll 8
    for (int i = 0; i < Rows; i++)
        for (int v = 0; v < 2; v++) acc[i][v] = add ? *reinterpret_cast<Vector*>(c + i * ci + v * kLanes) : Vector{};
    for (int64_t k = k0; k < k1; k++) {
        Vector b0 = *reinterpret_cast<const Vector*>(b + k * bk), b1 = *reinterpret_cast<const Vector*>(b + k * bk + kLanes);
#pragma GCC unroll 8
        for (int i = 0; i < Rows; i++) {
            float x = a[i * ai + k * ak];
            acc[i][0] += x * b0;
            acc[i][1] += x * b1;
        }
    }
#pragma GCC unroll 8
    for (int i = 0; i < Rows; i++)
        for (int v = 0; v < 2; v++) *reinterpret_cast<Vector*>(c + i * ci + v * kLanes) = acc[i][v];
}

// Rows i of C; columns [0, columns(i)) rounded up to tiles; the sum runs over [first(i), last(i)) for the tile of rows that begins at i.
template <class Bounds>
inline __attribute__((always_inline)) void product(const float* a, int64_t ai, int64_t ak, const float* b, int64_t bk, float* c, int64_t ci, int64_t rows, bool add,
                                                   Bounds bounds) {
    int64_t i = 0;
    for (; i + kRows <= rows; i += kRows) {
        int64_t columns, k0, k1;
        bounds(i, i + kRows, columns, k0, k1);
        for (int64_t j = 0; j < columns; j += kTile) tile<kRows>(a + i * ai, ai, ak, b + j, bk, c + i * ci + j, ci, k0, k1, add);
    }
    for (; i < rows; i++) {
        int64_t columns, k0, k1;
        bounds(i, i + 1, columns, k0, k1);
        for (int64_t j = 0; j < columns; j += kTile) tile<1>(a + i * ai, ai, ak, b + j, bk, c + i * ci + j, ci, k0, k1, add);
    }
}

}  // namespace
}  // namespace ballast
