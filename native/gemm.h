// Float32 matrix products on the processor's bfloat16 tile unit (AMX).
//
// A float32 has 24 significant bits, a bfloat16 has 8: x = x1 + x2 + x3 exactly, each part a bfloat16 rounded to nearest. Of the nine products of parts the six down to
// 2^-16 of the whole are summed in float32; the three left out are below 2^-24 of it, which is float32's own rounding. (Henry, Tang, Heinecke: arXiv 1904.06376.)
#pragma once
#include <cstdint>

namespace ballast {

struct Matrix {
    const float* data;
    int64_t side, depth;  // a factor's element (i, d), d summed over, lies at data[i * side + d * depth]; one of the two is 1
};

constexpr int64_t kSide = 32;         // rows and columns of one block of the product
constexpr int64_t kSplitDepth = 256;  // products that are summed before c is touched

extern const bool split_gemm_built;  // the compiler knew the unit
bool split_gemm_ready();             // the processor has it and the operating system lets this process use it; BALLAST_CPU=avx512 turns it off
int64_t split_gemm_scratch();        // bytes that one call of split_gemm_rows needs

// Bytes of a right factor [k, n] once it is split and laid out in tiles.
int64_t split_gemm_bytes(int64_t n, int64_t k);

// Splits the blocks [begin, end) of kSide columns of a right factor.
void split_gemm_pack(const Matrix& right, int64_t n, int64_t k, char* packed, int64_t begin, int64_t end);

// c [m, n] (+)= left right, for the blocks [begin, end) of kSide rows of c; rows of c lie `stride` floats apart.
void split_gemm_rows(const Matrix& left, const char* right, float* c, int64_t stride, int64_t m, int64_t n, int64_t k, bool add, char* scratch, int64_t begin, int64_t end);

}  // namespace ballast
