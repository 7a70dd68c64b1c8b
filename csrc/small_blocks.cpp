// malloc is slow at what a training step does: posix_memalign splits a larger chunk at both ends,
// thousands of tensors that a collection frees at once are merged with their neighbours, and each
// request of a kilobyte or more has malloc tidy up its lists of smaller ones. Blocks are kept in
// lists by size instead, which take and give in a few nanoseconds. The first are cut from an arena
// (arena.h), where there is one; those go back to lists only.
#include "small_blocks.h"

#include <malloc.h>
#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <mutex>
#include <new>
#include <vector>

#include "arena.h"
#include "machine.h"

namespace flambeau {
namespace {

constexpr size_t kStep = 64;
constexpr size_t kEvenUpTo = 1024;
constexpr int kEvenClasses = kEvenUpTo / kStep;
// Above, eight sizes from each power of two to the next.
constexpr int kTensorClasses = kEvenClasses + 10 * 8;
// Objects have sizes of their own, since malloc's alignment is enough for them.
constexpr size_t kObjectStep = 16;
constexpr int kClasses = kTensorClasses + kObjectUpTo / kObjectStep;
constexpr size_t kMostKept = size_t{48} << 20;
// More than a program takes from one collection of its garbage to the next: what a collection freed
// at once is all needed again by then, though it lies idle at first.
constexpr uint32_t kTakesASweep = 1 << 19;

struct Size {
  int index;
  size_t bytes;
};

// The least size that holds `bytes`.
Size sizeFor(size_t bytes) {
  if (bytes <= kEvenUpTo) {
    const auto steps = (bytes + kStep - 1) / kStep;
    return {static_cast<int>(steps) - 1, steps * kStep};
  }
  const int width = std::bit_width(bytes - 1);
  const size_t top = (bytes - 1) >> (width - 4);
  return {kEvenClasses + (width - 11) * 8 + static_cast<int>(top) - 8, (top + 1) << (width - 4)};
}

// The largest size that fits into `bytes`, at least kStep.
Size sizeWithin(size_t bytes) {
  if (bytes < kEvenUpTo + kEvenUpTo / 8) return sizeFor(std::min(bytes, kEvenUpTo) / kStep * kStep);
  const int shift = std::bit_width(bytes) - 4;
  return sizeFor(bytes >> shift << shift);
}

// The least size of objects that holds `bytes`, and the largest that fits into them.
Size objectSizeFor(size_t bytes) {
  const auto steps = std::max<size_t>(1, (bytes + kObjectStep - 1) / kObjectStep);
  return {kTensorClasses + static_cast<int>(steps) - 1, steps * kObjectStep};
}

Size objectSizeWithin(size_t bytes) {
  return objectSizeFor(std::min(bytes, kObjectUpTo) / kObjectStep * kObjectStep);
}

size_t bytesOf(int index) {
  if (index >= kTensorClasses)
    return (static_cast<size_t>(index - kTensorClasses) + 1) * kObjectStep;
  if (index < kEvenClasses) return (static_cast<size_t>(index) + 1) * kStep;
  const int above = index - kEvenClasses;
  return (static_cast<size_t>(above % 8) + 9) << (above / 8 + 7);
}

struct Block {
  Block* next;
};

// The next to be taken is a block that nobody has touched for long.
void fetch(const Block* block) {
  if (block != nullptr) __builtin_prefetch(block, 1);
}

// Blocks of the arena that no thread keeps.
class SharedBlocks {
 public:
  void* take(int index) {
    if (count_.load(std::memory_order_relaxed) == 0) return nullptr;
    const std::lock_guard<std::mutex> lock(mutex_);
    Block*& first = lists_[static_cast<size_t>(index)];
    Block* block = first;
    if (block == nullptr) return nullptr;
    first = block->next;
    count_.fetch_sub(1, std::memory_order_relaxed);
    return block;
  }

  void give(void* memory, int index) {
    const std::lock_guard<std::mutex> lock(mutex_);
    Block*& first = lists_[static_cast<size_t>(index)];
    auto* block = static_cast<Block*>(memory);
    block->next = first;
    first = block;
    count_.fetch_add(1, std::memory_order_relaxed);
  }

  // Gives the system back what is under them.
  void dropPages() {
    const std::lock_guard<std::mutex> lock(mutex_);
    for (int i = 0; i < kClasses; i++) {
      for (Block* block = lists_[static_cast<size_t>(i)]; block != nullptr; block = block->next) {
        const auto begin = reinterpret_cast<uintptr_t>(block);
        const uintptr_t first = (begin + sizeof(Block) + kSmallPage - 1) / kSmallPage * kSmallPage;
        const uintptr_t last = (begin + bytesOf(i)) / kSmallPage * kSmallPage;
        if (first < last) madvise(reinterpret_cast<void*>(first), last - first, MADV_DONTNEED);
      }
    }
  }

 private:
  std::mutex mutex_;
  std::array<Block*, kClasses> lists_{};
  std::atomic<uint32_t> count_{0};
};

// Never destroyed: threads may end while the process does.
SharedBlocks& sharedBlocks() {
  static auto* shared = new (std::malloc(sizeof(SharedBlocks))) SharedBlocks();
  return *shared;
}

struct List {
  Block* first = nullptr;
  uint32_t count = 0;
  // The fewest that there were since the last sweep: so many were not needed.
  uint32_t least = 0;
};

class ThreadBlocks {
 public:
  ThreadBlocks();
  ~ThreadBlocks();
  ThreadBlocks(const ThreadBlocks&) = delete;
  ThreadBlocks& operator=(const ThreadBlocks&) = delete;

  void* take(const Size& size) {
    if (++takes_ == kTakesASweep) sweep();
    List& list = lists_[static_cast<size_t>(size.index)];
    Block* block = list.first;
    if (block == nullptr) return nullptr;
    list.first = block->next;
    fetch(list.first);
    list.least = std::min(list.least, --list.count);
    keep(-static_cast<int64_t>(size.bytes));
    return block;
  }

  bool give(void* memory, const Size& size) {
    if (toBeFreed.load(std::memory_order_relaxed)) freeAll();
    if (kept.load(std::memory_order_relaxed) + size.bytes > kMostKept) return false;
    List& list = lists_[static_cast<size_t>(size.index)];
    auto* block = static_cast<Block*>(memory);
    block->next = list.first;
    list.first = block;
    list.count++;
    keep(static_cast<int64_t>(size.bytes));
    return true;
  }

  void freeAll() {
    toBeFreed.store(false, std::memory_order_relaxed);
    for (List& list : lists_) drop(list, list.count);
    kept.store(0, std::memory_order_relaxed);
  }

  // Written by the thread alone, read by all.
  std::atomic<size_t> kept{0};
  std::atomic<bool> toBeFreed{false};

 private:
  void keep(int64_t bytes) {
    kept.store(
        kept.load(std::memory_order_relaxed) + static_cast<size_t>(bytes),
        std::memory_order_relaxed);
  }

  static void drop(List& list, uint32_t count) {
    for (; count > 0; count--, list.count--) {
      Block* block = list.first;
      list.first = block->next;
      if (inArena(block)) {
        sharedBlocks().give(block, indexOfBlock(block));
      } else {
        std::free(block);
      }
    }
    list.least = list.count;
  }

  // A program that goes on to other sizes does not hold on to the old ones.
  void sweep() {
    takes_ = 0;
    size_t bytes = 0;
    for (int i = 0; i < kClasses; i++) {
      List& list = lists_[static_cast<size_t>(i)];
      drop(list, list.least);
      bytes += list.count * bytesOf(i);
    }
    kept.store(bytes, std::memory_order_relaxed);
  }

  std::array<List, kClasses> lists_{};
  uint32_t takes_ = 0;
};

struct AllThreads {
  std::mutex mutex;
  std::vector<ThreadBlocks*> threads;
};

// Never destroyed: threads may end while the process does.
AllThreads& allThreads() {
  static auto* all = new AllThreads();
  return *all;
}

ThreadBlocks::ThreadBlocks() {
  const std::lock_guard<std::mutex> lock(allThreads().mutex);
  allThreads().threads.push_back(this);
}

ThreadBlocks::~ThreadBlocks() {
  const std::lock_guard<std::mutex> lock(allThreads().mutex);
  std::erase(allThreads().threads, this);
  freeAll();
}

thread_local ThreadBlocks* mine = nullptr;
// What ends with the thread may free tensors after this has ended; and to make it takes memory.
thread_local bool endedOrStarting = false;

struct OfThread {
  ThreadBlocks blocks;
  OfThread() {
    mine = &blocks;
    endedOrStarting = false;
  }
  ~OfThread() {
    mine = nullptr;
    endedOrStarting = true;
  }
};

ThreadBlocks* startThread() {
  if (endedOrStarting) return nullptr;
  endedOrStarting = true;
  thread_local OfThread made;
  return mine;
}

ThreadBlocks* threadBlocks() {
  return mine != nullptr ? mine : startThread();
}

}  // namespace

std::atomic<bool> keepsFreed{true};

namespace {

void* keptOrCut(const Size& size, bool cut) {
  ThreadBlocks* blocks = threadBlocks();
  if (blocks == nullptr) return nullptr;
  void* block = blocks->take(size);
  if (block == nullptr) block = sharedBlocks().take(size.index);
  if (block == nullptr && cut) block = cutBlock(size.index, size.bytes);
  return block;
}

void giveCut(void* block, bool cached) {
  const int index = indexOfBlock(block);
  ThreadBlocks* blocks = cached ? threadBlocks() : nullptr;
  if (blocks == nullptr || !blocks->give(block, {index, bytesOf(index)})) {
    sharedBlocks().give(block, index);
  }
}

}  // namespace

size_t blockBytes(void* block) {
  return inArena(block) ? bytesOf(indexOfBlock(block)) : malloc_usable_size(block);
}

void* smallBlock(size_t bytes, bool cached) {
  const Size size = sizeFor(bytes);
  void* block = cached ? keptOrCut(size, /*cut=*/true) : nullptr;
  if (block != nullptr) return block;
  return posix_memalign(&block, kStep, size.bytes) == 0 ? block : nullptr;
}

void giveSmallBlock(void* block, size_t size, bool cached) {
  if (inArena(block)) return giveCut(block, cached);
  ThreadBlocks* blocks = cached && size >= kStep ? threadBlocks() : nullptr;
  if (blocks == nullptr || !blocks->give(block, sizeWithin(size))) std::free(block);
}

std::atomic<bool> cutsObjects{false};

void* keptObject(size_t bytes) {
  return keptOrCut(objectSizeFor(bytes), cutsObjects.load(std::memory_order_relaxed));
}

size_t objectBytes(size_t bytes) {
  return objectSizeFor(bytes).bytes;
}

void giveObject(void* block, bool cached) {
  if (inArena(block)) return giveCut(block, cached);
  const size_t size = cached ? malloc_usable_size(block) : 0;
  const bool fits = size >= kObjectStep && size < kObjectUpTo + kObjectStep;
  ThreadBlocks* blocks = fits ? threadBlocks() : nullptr;
  if (blocks == nullptr || !blocks->give(block, objectSizeWithin(size))) std::free(block);
}

int64_t smallBytesKept() {
  const std::lock_guard<std::mutex> lock(allThreads().mutex);
  int64_t bytes = 0;
  for (const ThreadBlocks* blocks : allThreads().threads) {
    bytes += static_cast<int64_t>(blocks->kept.load(std::memory_order_relaxed));
  }
  return bytes;
}

void freeSmallBlocks() {
  if (ThreadBlocks* blocks = threadBlocks()) blocks->freeAll();
  const std::lock_guard<std::mutex> lock(allThreads().mutex);
  for (ThreadBlocks* blocks : allThreads().threads) {
    if (blocks != mine) blocks->toBeFreed.store(true, std::memory_order_relaxed);
  }
  sharedBlocks().dropPages();
}

}  // namespace flambeau
