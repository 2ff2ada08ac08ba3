// What the shim's files share: the guard around every call, handles, dtype codes and the choice of kernels.
#pragma once
#include <ATen/ATen.h>
#include <string>
#include "kernels.h"
#include "shim.h"

namespace ballast {

at::Tensor& tensor(Handle handle);
at::Tensor optional(Handle handle);               // undefined for null
Handle handle(at::Tensor value);                  // counted
int fail(const char* text);                       // stores the first line, returns 1
bool as_on_cuda(const at::Tensor& t);             // whether t takes the path of a CUDA device: it is there, or the thread asked for that path
// 0 float32, 1 bfloat16 when our kernels can take every tensor (CPU, contiguous, same dtype); -1: use ATen
int kernel_type(std::initializer_list<at::Tensor> tensors);

template <class Body>
int guarded(Body body) {
    try {
        body();
        return 0;
    } catch (const c10::Error& error) {
        return fail(error.what_without_backtrace());
    } catch (const std::exception& error) {
        return fail(error.what());
    } catch (...) {
        return fail("unknown native failure");
    }
}

}  // namespace ballast
