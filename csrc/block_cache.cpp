#include "block_cache.h"

#include <cstdlib>
#include <iterator>

#include "large_blocks.h"
#include "machine.h"

namespace flambeau {
namespace {

constexpr auto kKept = std::chrono::seconds(3);

int64_t limit() {
  static const int64_t share = totalMemory() / 8;
  return share;
}

}  // namespace

void freeBlock(void* block) {
  if (!freeLargeBlock(block)) std::free(block);
}

// Never destroyed: tensors of static storage are freed after this would be.
BlockCache& blockCache() {
  static auto* cache = new BlockCache();
  return *cache;
}

void* BlockCache::take(size_t bytes) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto found = blocks_.lower_bound(bytes);
  // A block that is much too large would be wasted.
  if (found == blocks_.end() || found->first > bytes + bytes / 4) return nullptr;
  void* block = found->second.first;
  held_ -= static_cast<int64_t>(found->first);
  blocks_.erase(found);
  return block;
}

void BlockCache::give(void* block, size_t size) {
  const auto now = std::chrono::steady_clock::now();
  std::vector<void*> dropped;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    // Before others of its size: the block that came last is the one to serve next, as it may
    // still be in the processor's cache.
    blocks_.emplace_hint(blocks_.lower_bound(size), size, std::make_pair(block, now));
    held_ += static_cast<int64_t>(size);
    if (held_ > limit() || now - swept_ > kKept) dropOld(now, dropped);
  }
  for (void* one : dropped) freeBlock(one);
}

void BlockCache::clear() {
  Blocks blocks;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    blocks.swap(blocks_);
    held_ = 0;
  }
  for (const auto& [size, entry] : blocks) freeBlock(entry.first);
}

void BlockCache::dropOld(Time now, std::vector<void*>& dropped) {
  for (auto at = blocks_.begin(); at != blocks_.end();) {
    if (now - at->second.second > kKept) {
      at = drop(at, dropped);
    } else {
      ++at;
    }
  }
  while (held_ > limit() && !blocks_.empty()) drop(std::prev(blocks_.end()), dropped);
  swept_ = now;
}

BlockCache::Blocks::iterator BlockCache::drop(Blocks::iterator at, std::vector<void*>& dropped) {
  held_ -= static_cast<int64_t>(at->first);
  dropped.push_back(at->second.first);
  return blocks_.erase(at);
}

}  // namespace flambeau
