// Handles, factories, views and the process-wide settings.
#include "gemm.h"
#include "operator.h"
#include "tensor.h"
#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <ATen/record_function.h>
#include <dlfcn.h>
#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstring>
#include <random>
#include <utility>

namespace ballast {

static thread_local std::string last_error;
static std::atomic<int64_t> live{0};
enum Path { kKernels, kPlain, kCuda };
static thread_local int path = kKernels;
static thread_local int64_t reads = 0;
static thread_local at::CallbackHandle watching = at::INVALID_CALLBACK_HANDLE;
void release_cached_memory();
void memory(int64_t limit, int reset, int64_t* in_use, int64_t* peak);

at::Tensor& tensor(Handle handle) {
    TORCH_CHECK(handle != nullptr, "a tensor handle is null");
    return *reinterpret_cast<at::Tensor*>(handle);
}
at::Tensor optional(Handle handle) { return handle ? tensor(handle) : at::Tensor(); }
Handle handle(at::Tensor value) {
    auto* owned = new at::Tensor(std::move(value));
    live++;
    return reinterpret_cast<Handle>(owned);
}
int fail(const char* text) {
    last_error = text;
    last_error = last_error.substr(0, last_error.find('\n'));
    return 1;
}
bool as_on_cuda(const at::Tensor& t) { return t.is_cuda() || path == kCuda; }
int kernel_type(std::initializer_list<at::Tensor> tensors) {
    if (path != kKernels) return -1;
    auto dtype = tensors.begin()->scalar_type();
    if (dtype != at::kFloat && dtype != at::kBFloat16) return -1;
    for (const auto& t : tensors)
        if (!t.device().is_cpu() || !t.is_contiguous() || t.scalar_type() != dtype) return -1;
    return dtype == at::kFloat ? 0 : 1;
}

static const at::ScalarType dtypes[] = {at::kFloat, at::kBFloat16, at::kDouble, at::kHalf, at::kLong, at::kInt, at::kByte, at::kBool};
static int code(at::ScalarType type) {
    for (int i = 0; i < 8; i++)
        if (dtypes[i] == type) return i;
    TORCH_CHECK(false, "dtype ", type, " has no code");
}
static at::Device device(int code) { return code == 0 ? at::Device(at::kCPU) : at::Device(at::kCUDA, static_cast<c10::DeviceIndex>(code - 1)); }
// Operators that hand values to the host, or whose result has a size that depends on values: on a CUDA device the host waits for them.
static std::unique_ptr<at::ObserverContext> count_read(const at::RecordFunction& call) {
    for (const char* name : {"aten::_local_scalar_dense", "aten::nonzero", "aten::masked_select", "aten::equal", "aten::is_nonzero", "aten::_unique2", "aten::unique_consecutive",
                             "aten::repeat_interleave", "aten::bincount"})
        if (std::strcmp(call.name(), name) == 0) reads++;
    return nullptr;
}
// Adds up a function of two tensors in float64, a million elements at a time: copies of whole models would double the memory of a run.
template <class Function>
static double in_parts(Handle a, Handle b, Function function) {
    constexpr int64_t part = int64_t(1) << 20;
    auto x = tensor(a).reshape(-1), y = tensor(b).reshape(-1);
    TORCH_CHECK(x.numel() == y.numel(), "two tensors of ", x.numel(), " and ", y.numel(), " elements");
    auto sum = at::zeros({}, x.options().dtype(at::kDouble));
    for (int64_t start = 0; start < x.numel(); start += part) {
        int64_t count = std::min(part, x.numel() - start);
        sum.add_(function(x.narrow(0, start, count).to(at::kDouble), y.narrow(0, start, count).to(at::kDouble)));
    }
    return sum.item<double>();
}

}  // namespace ballast

using namespace ballast;

const char* ballast_error() { return last_error.c_str(); }
const char* ballast_version() { return BALLAST_TORCH_VERSION; }
const char* ballast_describe() {
    static thread_local std::string text;
    if (guarded([] { text = at::show_config() + "\n" + at::get_parallel_info(); })) text = last_error;
    return text.c_str();
}
const char* ballast_capability() { return split_gemm_ready() ? "avx512+amx" : kernels().name; }
const char* ballast_library() {
    Dl_info info;
    return dladdr(reinterpret_cast<void*>(&at::get_num_threads), &info) && info.dli_fname ? info.dli_fname : "";
}
int64_t ballast_live() { return live; }
int ballast_threads(int set, int* threads) {
    return guarded([&] {
        if (set > 0) at::set_num_threads(set);
        *threads = at::get_num_threads();
    });
}
int ballast_path(int set) { return set < 0 ? path : std::exchange(path, set); }
int ballast_reads(int watch, int64_t* count) {
    return guarded([&] {
        if (watching != at::INVALID_CALLBACK_HANDLE) at::removeCallback(watching);
        watching = at::INVALID_CALLBACK_HANDLE;
        *count = reads;
        if (!watch) return;
        reads = 0;
        watching = at::addThreadLocalCallback(at::RecordFunctionCallback(count_read).scopes({at::RecordScope::FUNCTION}));
    });
}
int ballast_cuda(int* devices) {
    return guarded([&] { *devices = at::hasCUDA() ? static_cast<int>(at::detail::getCUDAHooks().getNumGPUs()) : 0; });
}
int ballast_fused(int where, int* adamw, int* attention) {
    return guarded([&] {
        auto type = device(where).type();
        *adamw = fused_adamw().runs_on(type);
        *attention = flash_forward().runs_on(type) && flash_backward().runs_on(type);
    });
}
int ballast_release_memory() {
    return guarded([] { release_cached_memory(); });
}
int ballast_memory(int64_t limit, int reset, int64_t* in_use, int64_t* peak) {
    return guarded([&] { memory(limit, reset, in_use, peak); });
}

int ballast_empty(const int64_t* shape, int rank, int dtype, int where, Handle* out) {
    return guarded([&] { *out = handle(at::empty(at::IntArrayRef(shape, rank), at::TensorOptions(dtypes[dtype]).device(device(where)))); });
}
int ballast_free(Handle t) {
    return guarded([&] {
        delete &tensor(t);
        live--;
    });
}
int ballast_data(Handle t, void** data) {
    return guarded([&] {
        TORCH_CHECK(tensor(t).device().is_cpu() && tensor(t).is_contiguous(), "only a contiguous tensor on the CPU has readable memory");
        *data = tensor(t).data_ptr();
    });
}
int ballast_rank(Handle t, int* rank) {
    return guarded([&] { *rank = static_cast<int>(tensor(t).dim()); });
}
int ballast_shape(Handle t, int64_t* shape) {
    return guarded([&] { for (auto size : tensor(t).sizes()) *shape++ = size; });
}
int ballast_kind(Handle t, int* dtype, int* where) {
    return guarded([&] {
        *dtype = code(tensor(t).scalar_type());
        *where = tensor(t).device().is_cpu() ? 0 : 1 + tensor(t).device().index();
    });
}
int ballast_view(Handle t, const int64_t* shape, int rank, Handle* out) {
    return guarded([&] { *out = handle(tensor(t).view(at::IntArrayRef(shape, rank))); });
}
int ballast_narrow(Handle t, int dim, int64_t start, int64_t length, Handle* out) {
    return guarded([&] { *out = handle(tensor(t).narrow(dim, start, length)); });
}
int ballast_copy(Handle to, Handle from) {
    return guarded([&] {
        if (tensor(to).is_cpu() && tensor(from).is_cuda()) reads++;
        tensor(to).copy_(tensor(from));
    });
}
int ballast_read(Handle from, int dtype, void* values) {
    return guarded([&] {
        reads++;
        at::from_blob(values, tensor(from).sizes(), dtypes[dtype]).copy_(tensor(from));
    });
}
int ballast_upload(Handle from, int where, Handle* out) {
    return guarded([&] {
        auto& here = tensor(from);
        auto to = at::empty(here.sizes(), here.options().device(device(where)));
        to.copy_(to.is_cuda() ? here.pin_memory() : here, /*non_blocking=*/true);
        *out = handle(to);
    });
}
int ballast_fill(Handle t, double value) {
    return guarded([&] { tensor(t).fill_(value); });
}
int ballast_normal(Handle t, double deviation, uint64_t seed) {  // Box-Muller over a fixed generator: the same numbers with every libtorch
    return guarded([&] {
        auto values = at::empty(tensor(t).sizes(), at::kFloat);
        float* to = values.data_ptr<float>();
        std::mt19937_64 generator(seed);
        auto uniform = [&] { return (static_cast<double>(generator() >> 11) + 0.5) / 9007199254740992.0; };
        for (int64_t i = 0; i < values.numel(); i++) {
            double radius = std::sqrt(-2 * std::log(uniform())), angle = 6.283185307179586 * uniform();
            to[i] = static_cast<float>(deviation * radius * std::cos(angle));
        }
        tensor(t).copy_(values);
    });
}
int ballast_index_select(Handle x, Handle rows, Handle* out) {
    return guarded([&] { *out = handle(at::index_select(tensor(x), 0, tensor(rows))); });
}
int ballast_set_rows(Handle to, Handle rows, Handle from) {
    return guarded([&] { tensor(to).index_copy_(0, tensor(rows), tensor(from)); });
}
int ballast_add(Handle to, Handle x, double factor) {
    return guarded([&] { tensor(to).add_(tensor(x), factor); });
}
int ballast_scale(Handle t, double factor) {
    return guarded([&] { tensor(t).mul_(factor); });
}
int ballast_lerp(Handle to, Handle x, double weight) {
    return guarded([&] { tensor(to).lerp_(tensor(x), weight); });
}
int ballast_dot(Handle a, Handle b, double* out) {
    return guarded([&] { *out = in_parts(a, b, [](const at::Tensor& x, const at::Tensor& y) { return at::dot(x, y); }); });
}
int ballast_distance(Handle a, Handle b, double* out) {
    return guarded([&] {
        *out = std::sqrt(in_parts(a, b, [](const at::Tensor& x, const at::Tensor& y) {
            auto way = at::sub(x, y);
            return at::dot(way, way);
        }));
    });
}
