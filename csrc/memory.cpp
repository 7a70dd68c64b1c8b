// LibTorch's CPU allocator: it counts, keeps what is freed, and refuses what the machine has not.
#include "memory.h"

#include <c10/core/Allocator.h>
#include <c10/core/CPUAllocator.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <mutex>

#include "block_cache.h"
#include "budget.h"
#include "fences.h"
#include "arena.h"
#include "handles.h"
#include "large_blocks.h"
#include "machine.h"
#include "pages.h"
#include "small_blocks.h"

namespace flambeau {

namespace {

#if defined(__SANITIZE_ADDRESS__)
// It watches freed blocks, which it could not if they served again.
constexpr bool kKeepsSmall = false;
#else
constexpr bool kKeepsSmall = true;
#endif

constexpr size_t kAlignment = 64;
// An allocation of this size, or growth by it, is worth the look at what the machine has left.
constexpr size_t kCheckedFrom = size_t{256} << 20;

std::atomic<int64_t> liveBytes{0};
std::atomic<int64_t> peakBytes{0};
// Of buffers that the caller asked for.
std::atomic<int64_t> bufferBytes{0};
std::atomic<int64_t> checkedAt{0};

size_t sizeOfBlock(void* block) {
  const size_t large = largeBlockBytes(block);
  return large > 0 ? large : blockBytes(block);
}

[[noreturn]] void outOfMemory(size_t bytes, int64_t available) {
  TORCH_CHECK_WITH(
      OutOfMemoryError,
      false,
      "can't allocate memory: ",
      bytes,
      " bytes were asked for, and ",
      available,
      " are available; tensors hold ",
      liveBytes.load());
}

// The kernel lends more than it has, and ends the process when it is used: better refused before.
void checkAvailable(size_t bytes) {
  const int64_t live = liveBytes.load(std::memory_order_relaxed);
  const auto asked = static_cast<int64_t>(std::min<size_t>(bytes, size_t{1} << 62));
  if (asked < static_cast<int64_t>(kCheckedFrom) &&
      live - checkedAt.load() < static_cast<int64_t>(kCheckedFrom)) {
    return;
  }
  checkedAt = live;
  if (asked <= availableMemory()) return;
  blockCache().clear();
  const int64_t available = availableMemory();
  if (asked > available) outOfMemory(bytes, available);
}

// What was asked for, of blocks that were made while the profiler watched.
struct Watched {
  std::mutex mutex;
  std::map<void*, int64_t> sizes;
  std::atomic<bool> any{false};
};

Watched& watched() {
  static auto* blocks = new Watched();
  return *blocks;
}

void tellProfiler(void* block, int64_t change) {
  const int64_t live = liveBytes.load(std::memory_order_relaxed);
  c10::reportMemoryUsageToProfiler(
      block,
      change,
      static_cast<size_t>(live),
      static_cast<size_t>(live + blockCache().held()),
      c10::Device(c10::DeviceType::CPU));
}

void tellOfMade(void* block, size_t bytes) {
  if (!c10::memoryProfilingEnabled()) return;
  {
    const std::lock_guard<std::mutex> lock(watched().mutex);
    watched().sizes[block] = static_cast<int64_t>(bytes);
    watched().any = true;
  }
  tellProfiler(block, static_cast<int64_t>(bytes));
}

void tellOfFreed(void* block) {
  if (!watched().any.load(std::memory_order_relaxed)) return;
  int64_t bytes = 0;
  {
    const std::lock_guard<std::mutex> lock(watched().mutex);
    const auto found = watched().sizes.find(block);
    if (found == watched().sizes.end()) return;
    bytes = found->second;
    watched().sizes.erase(found);
    watched().any = !watched().sizes.empty();
  }
  if (c10::memoryProfilingEnabled()) tellProfiler(block, -bytes);
}

// Large pages suit what is walked through again and again. What is written once and read once, as a
// buffer of the caller's is, does better with small ones, which the system has at hand: a large one
// may be memory that a virtual machine has to ask its host for.
enum class LiesOn { LargePages, SmallPages };

void* newBlockOrNull(size_t bytes, LiesOn lies) {
  const bool large = lies == LiesOn::LargePages && bytes >= kLargeFrom;
  void* block = large ? newLargeBlock(bytes) : nullptr;
  if (block != nullptr) return block;
  return posix_memalign(&block, kAlignment, bytes) == 0 ? block : nullptr;
}

void* newBlock(size_t bytes, LiesOn lies) {
  void* block = newBlockOrNull(bytes, lies);
  if (block != nullptr) return block;
  fb_memory_trim();
  block = newBlockOrNull(bytes, lies);
  if (block == nullptr) outOfMemory(bytes, availableMemory());
  return block;
}

void* keptBlock(size_t bytes) {
  const bool cached = keepsFreed.load(std::memory_order_relaxed);
  if (bytes <= kSmallUpTo) return smallBlock(bytes, cached && kKeepsSmall);
  return cached && bytes >= kCachedFrom ? blockCache().take(bytes) : nullptr;
}

void* takeBlock(size_t bytes) {
  if (Budget* budget = budgetHere()) budget->spend(bytes);
  checkAvailable(bytes);
  void* block = keptBlock(bytes);
  if (block == nullptr) block = newBlock(bytes, LiesOn::LargePages);
  const auto size = static_cast<int64_t>(sizeOfBlock(block));
  // What giveBlock gives back.
  if (Budget* budget = budgetHere()) budget->used += size - static_cast<int64_t>(bytes);
  const int64_t live = liveBytes.fetch_add(size, std::memory_order_relaxed) + size;
  int64_t peak = peakBytes.load(std::memory_order_relaxed);
  while (live > peak && !peakBytes.compare_exchange_weak(peak, live)) {
  }
  tellOfMade(block, bytes);
  return block;
}

void giveBlock(void* block) {
  if (block == nullptr) return;
  const size_t size = sizeOfBlock(block);
  liveBytes.fetch_sub(static_cast<int64_t>(size), std::memory_order_relaxed);
  tellOfFreed(block);
  if (Budget* budget = budgetHere()) budget->used -= static_cast<int64_t>(size);
  const bool cached = keepsFreed.load(std::memory_order_relaxed);
  if (size < kCachedFrom) {
    giveSmallBlock(block, size, cached && kKeepsSmall);
  } else if (cached) {
    blockCache().give(block, size);
  } else {
    freeBlock(block);
  }
}

class CountingAllocator final : public c10::Allocator {
 public:
  c10::DataPtr allocate(size_t bytes) override {
    if (fenced && bytes > 0) {
      checkAvailable(bytes);
      return fencedMemory(bytes);
    }
    void* block = bytes == 0 ? nullptr : takeBlock(bytes);
    return {block, block, &giveBlock, c10::Device(c10::DeviceType::CPU)};
  }
  c10::DeleterFnPtr raw_deleter() const override { return fenced ? &freeFenced : &giveBlock; }
  void copy_data(void* target, const void* source, size_t count) const override {
    default_copy_data(target, source, count);
  }
};

const bool installed = [] {
  static auto* allocator = new CountingAllocator();
  c10::SetCPUAllocator(allocator, 1);
  return true;
}();

}  // namespace

void* newBuffer(size_t bytes) noexcept {
  try {
    checkAvailable(bytes);
    void* block = keptBlock(bytes);
    if (block == nullptr) block = newBlock(bytes, LiesOn::SmallPages);
    bufferBytes.fetch_add(static_cast<int64_t>(sizeOfBlock(block)), std::memory_order_relaxed);
    return block;
  } catch (...) {
    return nullptr;
  }
}

void freeBuffer(void* block) noexcept {
  const size_t size = sizeOfBlock(block);
  bufferBytes.fetch_sub(static_cast<int64_t>(size), std::memory_order_relaxed);
  // A thread of the collector's has no use for it.
  if (inArena(block)) return giveSmallBlock(block, size, /*cached=*/false);
  if (size >= kCachedFrom && keepsFreed.load(std::memory_order_relaxed)) {
    try {
      blockCache().give(block, size);
      return;
    } catch (...) {
      // There is no memory to note it with.
    }
  }
  freeBlock(block);
}

}  // namespace flambeau

using namespace flambeau;

namespace {

// Called by the collector, on any thread: (bytes, the page's first word).
void ballastCollected(void* /*bytes*/, void* handles) {
  pageCollected(handles);
}

void bufferCollected(void* block, void* /*anything*/) {
  freeBuffer(block);
}

}  // namespace

double fb_ballast(int32_t what) {
  if (what == 0) return toHandle(emptyMemory());
  const auto deleter = what == 1   ? &ballastCollected
                       : what == 2 ? &bufferCollected
                                   : &sharedBufferCollected;
  return static_cast<double>(reinterpret_cast<uintptr_t>(deleter));
}

double fb_block_new(double bytes) {
  const bool sound = bytes >= 1 && bytes < 9e15;
  return sound ? toHandle(newBuffer(static_cast<size_t>(bytes))) : 0;
}

double fb_memory(int32_t what) {
  switch (what) {
    case 0:
      return static_cast<double>(liveBytes.load(std::memory_order_relaxed));
    case 1:
      return static_cast<double>(blockCache().held() + smallBytesKept());
    case 2:
      return static_cast<double>(peakBytes.load(std::memory_order_relaxed));
    case 4:
      return static_cast<double>(tensorsCollected());
    case 5:
      return static_cast<double>(forgottenScripts());
    case 6:
      return static_cast<double>(forgottenNodes());
    case 7:
      return static_cast<double>(sharedPageBytes());
    case 9:
      return static_cast<double>(leastSharedPageBytes());
    case 8:
      return static_cast<double>(singlePages());
    case 10:
      return static_cast<double>(bufferBytes.load(std::memory_order_relaxed));
    default:
      return static_cast<double>(totalMemory());
  }
}

void fb_memory_trim(void) {
  guard(0, [&] {
    freeDuePages();
    blockCache().clear();
    freeSmallBlocks();
    return 0;
  });
}

int32_t fb_memory_cache(int32_t on) {
  const bool before = keepsFreed.load();
  if (on >= 0) {
    keepsFreed = on != 0;
    if (on == 0) fb_memory_trim();
  }
  return before ? 1 : 0;
}
