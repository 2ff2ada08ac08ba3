// A caching allocator for the CPU: freed blocks of 1 MiB and more are kept and reused, because handing them back to the system costs a page fault
// for every 4 KiB at every step. Large blocks ask for huge pages. Kept blocks never exceed what was once in use at a time by more than an eighth, so that
// batches of many lengths do not pile up blocks of many sizes.
#include <c10/core/Allocator.h>
#include <c10/core/CPUAllocator.h>
#include <malloc.h>
#include <sys/mman.h>
#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <new>
#include <stdexcept>
#include <string>
#include <unordered_map>

namespace ballast {
namespace {

constexpr size_t kLarge = size_t(1) << 20, kHuge = size_t(2) << 20, kSlack = size_t(64) << 20;

struct Cache {
    std::mutex lock;
    std::multimap<size_t, void*> free;            // capacity -> block
    std::unordered_map<void*, size_t> capacity;   // of every large block, free or in use
    size_t kept = 0, in_use = 0, peak = 0;        // bytes of the free large blocks; bytes of all blocks in use, now and at most
    size_t limit = SIZE_MAX;                      // no more than this is given out
};
Cache& cache() {
    static Cache* instance = new Cache;           // outlives every tensor
    return *instance;
}

void count(Cache& c, size_t bytes) {
    c.in_use += bytes;
    c.peak = std::max(c.peak, c.in_use);
}

void* take(Cache& c, std::multimap<size_t, void*>::iterator found) {
    void* block = found->second;
    c.kept -= found->first;
    count(c, found->first);
    c.free.erase(found);
    return block;
}

// Hands kept blocks back to the system, the largest first, until at most so many bytes are kept.
void trim(Cache& c, size_t kept) {
    while (c.kept > kept && !c.free.empty()) {
        auto last = std::prev(c.free.end());
        c.kept -= last->first;
        c.capacity.erase(last->second);
        std::free(last->second);
        c.free.erase(last);
    }
}

void* fresh(Cache& c, size_t alignment, size_t bytes) {
    void* block = nullptr;
    bool fits = bytes <= c.limit && c.in_use <= c.limit - bytes;
    if (fits && posix_memalign(&block, alignment, bytes)) {
        trim(c, 0);
        fits = !posix_memalign(&block, alignment, bytes);
    }
    if (fits) return block;
    throw std::runtime_error("out of memory: " + std::to_string(bytes) + " bytes were asked for with " + std::to_string(c.in_use) + " in use" +
                             (c.limit == SIZE_MAX ? "" : " of at most " + std::to_string(c.limit)));
}

void* acquire(size_t bytes) {
    Cache& c = cache();
    std::lock_guard<std::mutex> guard(c.lock);
    if (bytes < kLarge) {
        void* block = fresh(c, 64, bytes);
        count(c, malloc_usable_size(block));
        return block;
    }
    auto found = c.free.lower_bound(bytes);
    if (found != c.free.end() && found->first <= bytes + bytes / 4 + kLarge) return take(c, found);
    size_t capacity = (bytes + kLarge - 1) / kLarge * kLarge, most = std::max(c.peak, c.in_use + capacity);
    most += most / 8 + kSlack;
    if (c.in_use + c.kept + capacity > most) {
        if (found != c.free.end()) return take(c, found);
        trim(c, most - c.in_use - capacity);
    }
    void* block = fresh(c, capacity >= kHuge ? kHuge : 4096, capacity);
    if (capacity >= kHuge) madvise(block, capacity, MADV_HUGEPAGE);
    c.capacity[block] = capacity;
    count(c, capacity);
    return block;
}

void release(void* block) {
    if (!block) return;
    Cache& c = cache();
    std::lock_guard<std::mutex> guard(c.lock);
    auto found = c.capacity.find(block);
    if (found == c.capacity.end()) {
        c.in_use -= malloc_usable_size(block);
        std::free(block);
        return;
    }
    c.in_use -= found->second;
    c.kept += found->second;
    c.free.emplace(found->second, block);
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
    trim(cache(), 0);
}

void memory(int64_t limit, int reset, int64_t* in_use, int64_t* peak) {
    std::lock_guard<std::mutex> guard(cache().lock);
    if (limit > 0) cache().limit = size_t(limit);
    if (reset) cache().peak = cache().in_use;
    *in_use = int64_t(cache().in_use);
    *peak = int64_t(cache().peak);
}

}  // namespace ballast
