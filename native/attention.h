// The attention kernels (attention.cpp), compiled like kernels.cpp once per instruction set, each time into a namespace of that name.
#pragma once
#include "kernels.h"

namespace ballast::BALLAST_ISA {

int64_t attention_scratch(const AttentionShape& shape);
void attention(int type, const AttentionShape& shape, const void* qkv, void* out, float* lse, float* scratch, int64_t sequence, int64_t kv_head);
void attention_backward(int type, const AttentionShape& shape, const void* qkv, const void* out, const float* lse, const void* d_out, void* d_qkv, float* scratch,
                        int64_t sequence, int64_t kv_head);
void attention_decode(int type, const AttentionShape& shape, const void* qkv, const void* keys, const void* values, const int64_t* lengths, int64_t capacity,
                      void* out, float* scratch, int64_t sequence, int64_t kv_head);

}  // namespace ballast::BALLAST_ISA
