// See arena.h.
#include "arena.h"

#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <mutex>

#include "machine.h"

namespace flambeau {

std::atomic<uintptr_t> arenaStart{uintptr_t{1} << 63};

namespace {

// What holds blocks of one size only.
constexpr size_t kUnit = 4096;
// So much is cut for a size at once, so that small ones fill their units.
constexpr size_t kPiece = size_t{64} << 10;
constexpr size_t kMostSizes = 192;

struct Piece {
  uintptr_t next = 0;
  uintptr_t end = 0;
};

struct Arena {
  std::mutex mutex;
  bool failed = false;
  size_t used = 0;
  std::array<Piece, kMostSizes> pieces{};
};

Arena& arena() {
  static Arena made;
  return made;
}

// By unit. Written before a block of the unit is given out, and never again.
std::array<uint8_t, kArenaBytes / kUnit> indices{};

uintptr_t start(Arena& arena) {
  if (arena.failed) return 0;
  const uintptr_t begun = arenaStart.load(std::memory_order_relaxed);
  if (begun != uintptr_t{1} << 63) return begun;
  void* memory = mmap(
      nullptr,
      kArenaBytes + kLargePage,
      PROT_READ | PROT_WRITE,
      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
      -1,
      0);
  if (memory == MAP_FAILED) {
    arena.failed = true;
    return 0;
  }
  const uintptr_t address =
      (reinterpret_cast<uintptr_t>(memory) + kLargePage - 1) / kLargePage * kLargePage;
  // Where the system has no large pages, it is memory like other memory.
  madvise(reinterpret_cast<void*>(address), kArenaBytes, MADV_HUGEPAGE);
  arenaStart.store(address, std::memory_order_relaxed);
  return address;
}

// Large blocks begin where a page does, all alike: a load that follows a store to the same place of
// another page waits for it.
bool cutPiece(Arena& arena, int index, size_t bytes) {
  const uintptr_t from = start(arena);
  const size_t count = std::max<size_t>(1, kPiece / bytes);
  const size_t whole = (count * bytes + kUnit - 1) / kUnit * kUnit;
  if (from == 0 || arena.used + whole > kArenaBytes) return false;
  std::fill_n(indices.begin() + static_cast<ptrdiff_t>(arena.used / kUnit), whole / kUnit, index);
  Piece& piece = arena.pieces[static_cast<size_t>(index)];
  piece.next = from + arena.used;
  piece.end = piece.next + count * bytes;
  arena.used += whole;
  return true;
}

}  // namespace

void* cutBlock(int index, size_t bytes) noexcept {
  Arena& all = arena();
  const std::lock_guard<std::mutex> lock(all.mutex);
  Piece& piece = all.pieces[static_cast<size_t>(index)];
  if (piece.next == piece.end && !cutPiece(all, index, bytes)) return nullptr;
  const uintptr_t block = piece.next;
  piece.next += bytes;
  return reinterpret_cast<void*>(block);
}

int indexOfBlock(const void* block) {
  const auto offset =
      reinterpret_cast<uintptr_t>(block) - arenaStart.load(std::memory_order_relaxed);
  return indices[offset / kUnit];
}

}  // namespace flambeau
