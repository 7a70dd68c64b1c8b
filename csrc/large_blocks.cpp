// See large_blocks.h.
#include "large_blocks.h"

#include <sys/mman.h>

#include <cstdint>
#include <mutex>
#include <unordered_map>

#include "machine.h"

namespace flambeau {
namespace {

#if defined(__SANITIZE_ADDRESS__)
// It watches what lies beyond a block, which it could not of memory that is not malloc's.
constexpr bool kHasLarge = false;
#else
constexpr bool kHasLarge = true;
#endif

struct Registry {
  std::mutex mutex;
  std::unordered_map<const void*, size_t> sizes;
};

// Never destroyed: blocks are freed until the process has ended.
Registry& registry() {
  static auto* all = new Registry();
  return *all;
}

bool mayBeLarge(const void* block) {
  return kHasLarge && reinterpret_cast<uintptr_t>(block) % kLargePage == 0;
}

// Memory that begins where a large page does.
void* mapAligned(size_t bytes) {
  void* memory =
      mmap(nullptr, bytes + kLargePage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return nullptr;
  const auto begin = reinterpret_cast<uintptr_t>(memory);
  const uintptr_t block = (begin + kLargePage - 1) / kLargePage * kLargePage;
  if (block > begin) munmap(memory, block - begin);
  const uintptr_t rest = begin + kLargePage - block;
  if (rest > 0) munmap(reinterpret_cast<void*>(block + bytes), rest);
  return reinterpret_cast<void*>(block);
}

}  // namespace

void* newLargeBlock(size_t bytes) noexcept {
  if (!kHasLarge || bytes > SIZE_MAX / 2) return nullptr;
  const size_t whole = (bytes + kSmallPage - 1) / kSmallPage * kSmallPage;
  void* block = mapAligned(whole);
  if (block == nullptr) return nullptr;
  // Where the system has no large pages, it is memory like other memory.
  madvise(block, whole, MADV_HUGEPAGE);
  try {
    const std::lock_guard<std::mutex> lock(registry().mutex);
    registry().sizes.emplace(block, whole);
    return block;
  } catch (...) {
    munmap(block, whole);
    return nullptr;
  }
}

size_t largeBlockBytes(const void* block) {
  if (!mayBeLarge(block)) return 0;
  const std::lock_guard<std::mutex> lock(registry().mutex);
  const auto found = registry().sizes.find(block);
  return found == registry().sizes.end() ? 0 : found->second;
}

bool freeLargeBlock(void* block) noexcept {
  if (!mayBeLarge(block)) return false;
  size_t bytes = 0;
  {
    const std::lock_guard<std::mutex> lock(registry().mutex);
    const auto found = registry().sizes.find(block);
    if (found == registry().sizes.end()) return false;
    bytes = found->second;
    registry().sizes.erase(found);
  }
  munmap(block, bytes);
  return true;
}

}  // namespace flambeau
