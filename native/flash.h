// Attention through libtorch's flash kernels (ops_flash.cpp), where a CUDA device takes it.
#pragma once
#include "tensor.h"

namespace ballast {

struct Flash {
    at::Tensor bounds;  // int32 [S + 1]: where each of S sequences begins among all rows, and the end; undefined: batch sequences of one length
    int64_t longest;    // of those sequences
    int64_t window;     // tokens that a token sees, itself included; 0: all before it; below 0: what a token sees has another form
    int64_t batch, heads, kv_heads, head_dim;
};

bool flash_fits(const at::Tensor& qkv, const Flash& f, double cap);
at::Tensor flash(const at::Tensor& qkv, const Flash& f, double scale, at::Tensor& out);  // the log-sum of the scores, in the kernel's own layout
void flash_gradient(const at::Tensor& qkv, const Flash& f, double scale, const at::Tensor& out, const at::Tensor& lse, const at::Tensor& d_out, at::Tensor& d_qkv);

}  // namespace ballast
