// The CPU's memory. Tensors of 1 MiB and more lie side by side in one range of addresses: each takes the lowest gap that holds it, and gaps that meet become one, so
// that blocks of many sizes leave little unused. Freed pages are kept, because handing them back to the system costs a page fault for every 4 KiB at every step; they
// are huge pages where the system has some. Smaller tensors are malloc's.
#include <c10/core/Allocator.h>
#include <c10/core/CPUAllocator.h>
#include <malloc.h>
#include <sys/mman.h>
#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <map>
#include <mutex>
#include <stdexcept>
#include <string>
#include <unordered_map>

namespace ballast {
namespace {

constexpr size_t kLarge = size_t(1) << 20, kPage = size_t(4) << 10, kHuge = size_t(2) << 20, kStep = size_t(64) << 20;

size_t up(size_t n, size_t unit) { return (n + unit - 1) / unit * unit; }

using Gaps = std::map<size_t, size_t>;            // offset -> bytes

struct Arena {
    std::mutex lock;
    char* base = nullptr;                         // on a huge page
    size_t reserved = size_t(1) << 44;            // bytes of addresses
    size_t writable = 0, top = 0;                 // bytes from base that may hold memory; that do
    Gaps gaps;                                    // below top
    std::unordered_map<void*, size_t> blocks;     // bytes of every large block
    size_t in_use = 0, peak = 0;                  // bytes of all blocks, small ones too, now and at most
    size_t limit = SIZE_MAX;                      // no more than this is given out

    Arena() {
        for (; reserved >= kStep; reserved /= 2) {  // less under ulimit -v
            void* range = mmap(nullptr, reserved + kHuge, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
            if (range == MAP_FAILED) continue;
            base = reinterpret_cast<char*>(up(reinterpret_cast<size_t>(range), kHuge));
            return;
        }
    }
};
Arena& arena() {
    static Arena* instance = new Arena;           // outlives every tensor
    return *instance;
}

void count(Arena& a, size_t bytes) {
    a.in_use += bytes;
    a.peak = std::max(a.peak, a.in_use);
}

// The gap below top, of no bytes if there is none.
Gaps::iterator last_gap(Arena& a) {
    if (a.gaps.empty() || std::prev(a.gaps.end())->first + std::prev(a.gaps.end())->second != a.top) a.gaps.emplace(a.top, 0);
    return std::prev(a.gaps.end());
}

// Hands the memory of the gaps back to the system, by whole huge pages.
void trim(Arena& a) {
    auto last = last_gap(a);
    a.top = last->first;
    a.gaps.erase(last);
    auto drop = [&](size_t from, size_t to) {
        if (from < to) madvise(a.base + from, to - from, MADV_DONTNEED);
    };
    drop(up(a.top, kHuge), a.writable);
    for (auto [from, bytes] : a.gaps) drop(up(from, kHuge), (from + bytes) / kHuge * kHuge);
}

// Widens the last gap to so many bytes; none when the system has no more memory. What the gaps keep is bounded: beyond an eighth of what was once in use it goes back first.
Gaps::iterator grow(Arena& a, size_t bytes) {
    size_t most = std::max(a.peak, a.in_use + bytes);
    if (last_gap(a)->first + bytes > std::min(a.limit, most + most / 8 + kStep)) trim(a);
    auto last = last_gap(a);
    size_t top = last->first + bytes, writable = up(top, kStep);
    if (top > a.writable) {
        if (writable > a.reserved || mprotect(a.base + a.writable, writable - a.writable, PROT_READ | PROT_WRITE)) return a.gaps.end();
        madvise(a.base + a.writable, writable - a.writable, MADV_HUGEPAGE);
        a.writable = writable;
    }
    a.top = top;
    last->second = bytes;
    return last;
}

void* take(Arena& a, size_t bytes) {
    auto gap = std::find_if(a.gaps.begin(), a.gaps.end(), [&](auto& candidate) { return candidate.second >= bytes; });
    if (gap == a.gaps.end()) gap = grow(a, bytes);
    if (gap == a.gaps.end()) return nullptr;
    auto [from, room] = *gap;
    a.gaps.erase(gap);
    if (room > bytes) a.gaps[from + bytes] = room - bytes;
    void* block = a.base + from;
    a.blocks[block] = bytes;
    return block;
}

void give(Arena& a, size_t from, size_t bytes) {
    auto next = a.gaps.lower_bound(from);
    if (next != a.gaps.end() && next->first == from + bytes) {
        bytes += next->second;
        next = a.gaps.erase(next);
    }
    if (next != a.gaps.begin() && std::prev(next)->first + std::prev(next)->second == from) std::prev(next)->second += bytes;
    else a.gaps[from] = bytes;
}

void* acquire(size_t bytes) {
    Arena& a = arena();
    std::lock_guard<std::mutex> guard(a.lock);
    void* block = nullptr;
    if (bytes <= a.limit && a.in_use <= a.limit - bytes) {
        if (bytes >= kLarge) block = take(a, up(bytes, kPage));
        else if (posix_memalign(&block, 64, bytes)) block = nullptr;
    }
    if (!block)
        throw std::runtime_error("out of memory: " + std::to_string(bytes) + " bytes were asked for with " + std::to_string(a.in_use) + " in use" +
                                 (a.limit == SIZE_MAX ? "" : " of at most " + std::to_string(a.limit)));
    count(a, bytes >= kLarge ? up(bytes, kPage) : malloc_usable_size(block));
    return block;
}

void release(void* block) {
    if (!block) return;
    Arena& a = arena();
    std::lock_guard<std::mutex> guard(a.lock);
    auto found = a.blocks.find(block);
    if (found == a.blocks.end()) {
        a.in_use -= malloc_usable_size(block);
        std::free(block);
        return;
    }
    a.in_use -= found->second;
    give(a, static_cast<char*>(block) - a.base, found->second);
    a.blocks.erase(found);
}

struct ArenaAllocator final : c10::Allocator {
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
    static ArenaAllocator allocator;
    c10::SetCPUAllocator(&allocator, 1);
    return true;
}();

}  // namespace

void release_cached_memory() {
    std::lock_guard<std::mutex> guard(arena().lock);
    trim(arena());
}

void memory(int64_t limit, int reset, int64_t* in_use, int64_t* peak) {
    std::lock_guard<std::mutex> guard(arena().lock);
    if (limit > 0) arena().limit = size_t(limit);
    if (reset) arena().peak = arena().in_use;
    *in_use = int64_t(arena().in_use);
    *peak = int64_t(arena().peak);
}

}  // namespace ballast
