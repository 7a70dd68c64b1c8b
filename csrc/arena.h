// Memory on large pages, of which blocks are cut once and for all.
//
// What a training step makes and forgets lies all over some ten megabytes until the collector comes
// by, on more small pages than the processor keeps addresses of; on a virtual machine finding one
// takes as long as the work on it. On pages of 2 MB they are a handful.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace flambeau {

constexpr size_t kArenaBytes = size_t{64} << 20;

// Where it begins; before there is one, where nothing lies.
extern std::atomic<uintptr_t> arenaStart;

inline bool inArena(const void* block) {
  const auto address = reinterpret_cast<uintptr_t>(block);
  return address - arenaStart.load(std::memory_order_relaxed) < kArenaBytes;
}

// A block of `bytes`, whose size has the number `index`, for good; null where there is no room
// left. Aligned to 64 where `bytes` is a multiple of 64, or else to 16.
void* cutBlock(int index, size_t bytes) noexcept;

// The number of the size of a block of the arena.
int indexOfBlock(const void* block);

}  // namespace flambeau
