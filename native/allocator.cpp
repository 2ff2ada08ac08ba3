// A caching allocator for the CPU: freed blocks of 1 MiB and more are kept and reused, because handing them back to the system costs a page fault
// for every 4 KiB at every step. Large blocks ask for huge pages.
#include <c10/core/Allocator.h>
#include <c10/core/CPUAllocator.h>
#include <sys/mman.h>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <new>
#include <unordered_map>

namespace ballast {
namespace {

constexpr size_t kLarge = size_t(1) << 20, kHuge = size_t(2) << 20;

struct Cache {
    std::mutex lock;
    std::multimap<size_t, void*> free;            // capacity -> block
    std::unordered_map<void*, size_t> capacity;   // of every large block, free or in use
};
Cache& cache() {
    static Cache* instance = new Cache;           // outlives every tensor
    return *instance;
}

void* acquire(size_t bytes) {
    void* block = nullptr;
    if (bytes < kLarge) {
        if (posix_memalign(&block, 64, bytes)) throw std::bad_alloc();
        return block;
    }
    std::lock_guard<std::mutex> guard(cache().lock);
    auto found = cache().free.lower_bound(bytes);
    if (found != cache().free.end() && found->first <= bytes + bytes / 4 + kHuge) {
        block = found->second;
        cache().free.erase(found);
        return block;
    }
    size_t capacity = (bytes + kLarge - 1) / kLarge * kLarge;
    if (posix_memalign(&block, capacity >= kHuge ? kHuge : 4096, capacity)) throw std::bad_alloc();
    if (capacity >= kHuge) madvise(block, capacity, MADV_HUGEPAGE);
    cache().capacity[block] = capacity;
    return block;
}

void release(void* block) {
    if (!block) return;
    {
        std::lock_guard<std::mutex> guard(cache().lock);
        auto found = cache().capacity.find(block);
        if (found != cache().capacity.end()) {
            cache().free.emplace(found->second, block);
            return;
        }
    }
    std::free(block);
}

struct CachingAllocator final : c10::Allocator {
#if BALLAST_TORCH_MAJOR > 2 || (BALLAST_TORCH_MAJOR == 2 && BALLAST_TORCH_MINOR >= 3)
    c10::DataPtr allocate(size_t bytes) override { return block(bytes); }
#else
    c10::DataPtr allocate(size_t bytes) const override { return block(bytes); }
#endif
#if BALLAST_TORCH_MAJOR > 2 || (BALLAST_TORCH_MAJOR == 2 && BALLAST_TORCH_MINOR >= 2)
    void copy_data(void* to, const void* from, std::size_t count) const override { std::memcpy(to, from, count); }
#endif
    c10::DeleterFnPtr raw_deleter() const override { return &release; }
    static c10::DataPtr block(size_t bytes) {
        void* data = bytes ? acquire(bytes) : nullptr;
        return {data, data, &release, c10::Device(c10::DeviceType::CPU)};
    }
};

const bool installed = [] {
    static CachingAllocator allocator;
    c10::SetCPUAllocator(&allocator, 1);
    return true;
}();

}  // namespace

void release_cached_memory() {
    std::lock_guard<std::mutex> guard(cache().lock);
    for (auto& entry : cache().free) {
        cache().capacity.erase(entry.second);
        std::free(entry.second);
    }
    cache().free.clear();
}

}  // namespace ballast
