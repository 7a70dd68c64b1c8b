// Freed blocks of a megabyte and more, kept for a few seconds.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <utility>
#include <vector>

namespace flambeau {

// Smaller ones are kept by small_blocks.cpp.
constexpr size_t kCachedFrom = size_t{1} << 20;

// glibc gives a large block back to the kernel at once, and the next one is faulted in page by
// page: a training step of 4 MB tensors spent half its time so.
class BlockCache {
 public:
  // One that is not much larger than `bytes`, or null.
  void* take(size_t bytes);
  void give(void* block, size_t size);
  void clear();

  int64_t held() const { return held_.load(std::memory_order_relaxed); }

 private:
  using Time = std::chrono::steady_clock::time_point;
  using Blocks = std::multimap<size_t, std::pair<void*, Time>>;

  // What no one asked for in a while; all that is too much otherwise, the largest first.
  void dropOld(Time now, std::vector<void*>& dropped);
  Blocks::iterator drop(Blocks::iterator at, std::vector<void*>& dropped);

  std::mutex mutex_;
  Blocks blocks_;
  std::atomic<int64_t> held_{0};
  Time swept_{};
};

BlockCache& blockCache();

// Frees a block that is kept nowhere.
void freeBlock(void* block);

}  // namespace flambeau
