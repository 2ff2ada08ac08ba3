#include "gemm.h"

#if defined(__AMX_BF16__) && defined(__AVX512BF16__)
#include <cstring>
#include <immintrin.h>

namespace ballast {

namespace {

constexpr int64_t kDepth = 32;            // products that one tile operation sums
constexpr int64_t kTileBytes = 1024;      // 16 rows of 64 bytes
constexpr int64_t kParts = 3;             // bfloat16 parts of a float32
constexpr int64_t kBlockBytes = kParts * 2 * kTileBytes;  // kSide x kDepth elements: [part][half of the side]
constexpr int64_t kChunk = kSplitDepth / kDepth;  // tiles of depth at a time
constexpr int64_t kPanel = 16;            // blocks of the left factor that stay in the second cache

int64_t ceiling(int64_t n, int64_t d) { return (n + d - 1) / d; }
int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

struct alignas(64) TileShapes {
    uint8_t palette = 1, start = 0, reserved[14] = {};
    uint16_t bytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
    uint8_t rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
};

inline __mmask16 first(int64_t n) { return n >= 16 ? 0xffff : n <= 0 ? 0 : static_cast<__mmask16>((1u << n) - 1); }

// Rows and columns of 16 x 16 floats change places.
inline void transpose(__m512* v) {
    __m512 t[16];
    for (int i = 0; i < 16; i += 2) {
        t[i] = _mm512_unpacklo_ps(v[i], v[i + 1]);
        t[i + 1] = _mm512_unpackhi_ps(v[i], v[i + 1]);
    }
    auto low = [](__m512 x, __m512 y) { return _mm512_castpd_ps(_mm512_unpacklo_pd(_mm512_castps_pd(x), _mm512_castps_pd(y))); };
    auto high = [](__m512 x, __m512 y) { return _mm512_castpd_ps(_mm512_unpackhi_pd(_mm512_castps_pd(x), _mm512_castps_pd(y))); };
    for (int i = 0; i < 16; i += 4)
        for (int j = 0; j < 2; j++) {
            v[i + 2 * j] = low(t[i + j], t[i + j + 2]);
            v[i + 2 * j + 1] = high(t[i + j], t[i + j + 2]);
        }
    for (int i = 0; i < 4; i++) {
        t[i] = _mm512_shuffle_f32x4(v[i], v[i + 4], 0x88);
        t[i + 4] = _mm512_shuffle_f32x4(v[i], v[i + 4], 0xdd);
        t[i + 8] = _mm512_shuffle_f32x4(v[i + 8], v[i + 12], 0x88);
        t[i + 12] = _mm512_shuffle_f32x4(v[i + 8], v[i + 12], 0xdd);
    }
    for (int i = 0; i < 4; i++) {
        v[i] = _mm512_shuffle_f32x4(t[i], t[i + 8], 0x88);
        v[i + 4] = _mm512_shuffle_f32x4(t[i + 4], t[i + 12], 0x88);
        v[i + 8] = _mm512_shuffle_f32x4(t[i], t[i + 8], 0xdd);
        v[i + 12] = _mm512_shuffle_f32x4(t[i + 4], t[i + 12], 0xdd);
    }
}

// Writes the three parts of 32 floats as one row of a tile; interleaved: low[0], high[0], low[1], high[1], ...
template <bool Interleaved>
inline void write_parts(__m512 low, __m512 high, char* row) {
    alignas(64) static const uint16_t kZip[32] = {0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31};
    for (int64_t part = 0; part < kParts; part++) {
        __m512i both = reinterpret_cast<__m512i>(_mm512_cvtne2ps_pbh(high, low));
        _mm512_store_si512(row + part * 2 * kTileBytes, Interleaved ? _mm512_permutexvar_epi16(_mm512_load_si512(kZip), both) : both);
        auto wide = [](__m256i half) { return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(half), 16)); };
        low = _mm512_sub_ps(low, wide(_mm512_castsi512_si256(both)));
        high = _mm512_sub_ps(high, wide(_mm512_extracti64x4_epi64(both, 1)));
    }
}

// 16 elements of the side and 32 of the depth become a tile of each part: rows of the side for a left factor, pairs of depths for a right one.
template <bool Contiguous, bool Right>
inline void pack_tile(const float* x, int64_t stride, int64_t side, int64_t depth, char* tile) {
    __m512 v[32];
    if (Contiguous) {
        for (int64_t i = 0; i < 16; i++) {
            v[i] = _mm512_maskz_loadu_ps(i < side ? first(depth) : 0, x + i * stride);
            v[16 + i] = _mm512_maskz_loadu_ps(i < side ? first(depth - 16) : 0, x + i * stride + 16);
        }
    } else {
        for (int64_t d = 0; d < 32; d++) v[d] = _mm512_maskz_loadu_ps(d < depth ? first(side) : 0, x + d * stride);
    }
    if (Contiguous == Right) {
        transpose(v);
        transpose(v + 16);
    }
    for (int64_t i = 0; i < 16; i++) write_parts<Right>(Right ? v[2 * i] : v[i], Right ? v[2 * i + 1] : v[16 + i], tile + i * 64);
}

// Blocks [begin, end) of the side and `inside` tiles of depth from `chunk` on, laid out as [block][tile of depth][part][half of the side].
template <bool Contiguous, bool Right>
void pack(const Matrix& x, int64_t n, int64_t k, int64_t chunk, int64_t inside, int64_t begin, int64_t end, char* packed) {
    auto one = [&](int64_t i, int64_t d) {
        int64_t from = i * 16, deep = (chunk + d) * kDepth;
        char* tile = packed + ((i / 2 - begin) * inside + d) * kBlockBytes + i % 2 * kTileBytes;
        pack_tile<Contiguous, Right>(x.data + from * x.side + deep * x.depth, Contiguous ? x.side : x.depth, n - from, k - deep, tile);
    };
    if (Contiguous) {  // along the rows of memory
        for (int64_t i = 2 * begin; i < 2 * end; i++)
            for (int64_t d = 0; d < inside; d++) one(i, d);
    } else {
        for (int64_t d = 0; d < inside; d++)
            for (int64_t i = 2 * begin; i < 2 * end; i++) one(i, d);
    }
}

// Tiles: 0 to 3 hold c, 4 and 5 a part of the left block, 6 and 7 a part of the right one. Each load lies beside the products that do not need it.
inline void load_left(const char* block, int64_t part, int half) {
    if (half) _tile_loadd(5, block + part * 2 * kTileBytes + kTileBytes, 64);
    else _tile_loadd(4, block + part * 2 * kTileBytes, 64);
}
inline void load_right(const char* block, int64_t part, int half) {
    if (half) _tile_loadd(7, block + part * 2 * kTileBytes + kTileBytes, 64);
    else _tile_loadd(6, block + part * 2 * kTileBytes, 64);
}
// The right part is new (and the left one too where it is given).
inline void by_right(const char* b, int64_t part) {
    load_right(b, part, 0);
    _tile_dpbf16ps(0, 4, 6);
    load_right(b, part, 1);
    _tile_dpbf16ps(2, 5, 6);
    _tile_dpbf16ps(1, 4, 7);
    _tile_dpbf16ps(3, 5, 7);
}
inline void by_left(const char* a, int64_t part) {
    load_left(a, part, 0);
    _tile_dpbf16ps(0, 4, 6);
    load_left(a, part, 1);
    _tile_dpbf16ps(1, 4, 7);
    _tile_dpbf16ps(2, 5, 6);
    _tile_dpbf16ps(3, 5, 7);
}

inline void block(const char* a, const char* b, int64_t depth, float* c, int64_t stride, bool add) {
    if (add) {
        _tile_loadd(0, c, stride * 4);
        _tile_loadd(1, c + 16, stride * 4);
        _tile_loadd(2, c + 16 * stride, stride * 4);
        _tile_loadd(3, c + 16 * stride + 16, stride * 4);
    } else {
        _tile_zero(0);
        _tile_zero(1);
        _tile_zero(2);
        _tile_zero(3);
    }
    for (; depth > 0; depth--, a += kBlockBytes, b += kBlockBytes) {
        load_left(a, 0, 0);  // from the smallest products of parts to the largest
        load_left(a, 0, 1);
        by_right(b, 2);
        by_right(b, 1);
        by_left(a, 1);
        by_right(b, 0);
        by_left(a, 2);
        by_left(a, 0);
    }
    _tile_stored(0, c, stride * 4);
    _tile_stored(1, c + 16, stride * 4);
    _tile_stored(2, c + 16 * stride, stride * 4);
    _tile_stored(3, c + 16 * stride + 16, stride * 4);
}

// A block at the edge of c goes through a whole one.
inline void edge(const char* a, const char* b, int64_t depth, float* c, int64_t stride, int64_t rows, int64_t columns, bool add) {
    alignas(64) float whole[kSide * kSide] = {};
    if (add)
        for (int64_t i = 0; i < rows; i++) std::memcpy(whole + i * kSide, c + i * stride, columns * sizeof(float));
    block(a, b, depth, whole, kSide, add);
    for (int64_t i = 0; i < rows; i++) std::memcpy(c + i * stride, whole + i * kSide, columns * sizeof(float));
}

}  // namespace

const bool split_gemm_built = true;
int64_t split_gemm_bytes(int64_t n, int64_t k) { return ceiling(n, kSide) * ceiling(k, kDepth) * kBlockBytes; }
int64_t split_gemm_scratch() { return kPanel * kChunk * kBlockBytes; }

void split_gemm_pack(const Matrix& right, int64_t n, int64_t k, char* packed, int64_t begin, int64_t end) {
    int64_t depth = ceiling(k, kDepth);
    for (int64_t d = 0; d < depth; d += kChunk) {
        int64_t inside = least(kChunk, depth - d);
        (right.side == 1 ? pack<false, true> : pack<true, true>)(right, n, k, d, inside, begin, end, packed + (d * ceiling(n, kSide) + begin * inside) * kBlockBytes);
    }
}

void split_gemm_rows(const Matrix& left, const char* right, float* c, int64_t stride, int64_t m, int64_t n, int64_t k, bool add, char* scratch, int64_t begin, int64_t end) {
    static const TileShapes shapes;
    _tile_loadconfig(&shapes);
    int64_t columns = ceiling(n, kSide), depth = ceiling(k, kDepth);
    for (int64_t i0 = begin; i0 < end; i0 += kPanel)
        for (int64_t d = 0; d < depth; d += kChunk) {
            int64_t inside = least(kChunk, depth - d), rows = least(kPanel, end - i0);
            (left.depth == 1 ? pack<true, false> : pack<false, false>)(left, m, k, d, inside, i0, i0 + rows, scratch);
            for (int64_t j0 = 0; j0 < columns; j0 += kPanel)
                for (int64_t i = i0; i < i0 + rows; i++)
                    for (int64_t j = j0; j < least(columns, j0 + kPanel); j++) {
                        const char *a = scratch + (i - i0) * inside * kBlockBytes, *b = right + (d * columns + j * inside) * kBlockBytes;
                        float* to = c + i * kSide * stride + j * kSide;
                        int64_t high = least(kSide, m - i * kSide), wide = least(kSide, n - j * kSide);
                        if (high == kSide && wide == kSide) block(a, b, inside, to, stride, add || d > 0);
                        else edge(a, b, inside, to, stride, high, wide, add || d > 0);
                    }
        }
    _tile_release();
}

}  // namespace ballast

#else

namespace ballast {

const bool split_gemm_built = false;
int64_t split_gemm_bytes(int64_t, int64_t) { return 0; }
int64_t split_gemm_scratch() { return 0; }
void split_gemm_pack(const Matrix&, int64_t, int64_t, char*, int64_t, int64_t) {}
void split_gemm_rows(const Matrix&, const char*, float*, int64_t, int64_t, int64_t, int64_t, bool, char*, int64_t, int64_t) {}

}  // namespace ballast

#endif
