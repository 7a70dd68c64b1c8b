// Fences around tensors' memory. See fences.h.
#include "fences.h"

#include <sys/mman.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <mutex>
#include <unordered_map>

#include "machine.h"

namespace flambeau {

const bool fenced = std::getenv("FLAMBEAU_FENCES") != nullptr;

namespace {

// What kernels may take for granted. A larger one would leave a gap before the fence.
constexpr size_t kAlignment = 16;
constexpr unsigned char kUntouched = 0xa5;
// Freed memory that stays away: what is freed later may come back.
constexpr size_t kKeptAway = 2000;
// A process has 65,530 mappings, of which a block takes three. More have no fences.
constexpr size_t kMostFenced = 10000;

struct Fenced {
  char* begin;
  size_t pages;  // in bytes, without the fences
};

struct All {
  std::mutex mutex;
  std::unordered_map<void*, Fenced> blocks;
  std::deque<Fenced> freed;
};

// Never destroyed: tensors of static storage are freed after it would be.
All& all() {
  static auto* made = new All();
  return *made;
}

void unmap(const Fenced& block) {
  munmap(block.begin - kSmallPage, block.pages + 2 * kSmallPage);
}

void checkBefore(const Fenced& block, const void* data) {
  for (const char* at = block.begin; at < data; at++) {
    if (static_cast<unsigned char>(*at) == kUntouched) continue;
    std::fprintf(stderr, "Fences: an op wrote before its tensor.\n");
    std::abort();
  }
}

}  // namespace

c10::DataPtr fencedMemory(size_t bytes) {
  TORCH_CHECK_WITH(
      OutOfMemoryError,
      bytes < (size_t{1} << 40),
      "can't allocate memory: ",
      bytes,
      " bytes were asked for");
  const std::lock_guard<std::mutex> lock(all().mutex);
  if (all().blocks.size() >= kMostFenced) {
    void* plain = nullptr;
    TORCH_CHECK_WITH(
        OutOfMemoryError,
        posix_memalign(&plain, 64, bytes) == 0,
        "can't allocate memory: ",
        bytes,
        " bytes were asked for");
    all().blocks[plain] = {nullptr, 0};
    return {plain, plain, &freeFenced, c10::Device(c10::DeviceType::CPU)};
  }
  const size_t taken = (bytes + kAlignment - 1) / kAlignment * kAlignment;
  const size_t pages = (taken + kSmallPage - 1) / kSmallPage * kSmallPage;
  void* mapped = mmap(
      nullptr,
      pages + 2 * kSmallPage,
      PROT_READ | PROT_WRITE,
      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
      -1,
      0);
  TORCH_CHECK_WITH(
      OutOfMemoryError,
      mapped != MAP_FAILED,
      "can't allocate memory: ",
      bytes,
      " bytes were asked for");
  char* begin = static_cast<char*>(mapped) + kSmallPage;
  mprotect(mapped, kSmallPage, PROT_NONE);
  mprotect(begin + pages, kSmallPage, PROT_NONE);
  char* data = begin + pages - taken;
  std::memset(begin, kUntouched, static_cast<size_t>(data - begin));
  all().blocks[data] = {begin, pages};
  return {data, data, &freeFenced, c10::Device(c10::DeviceType::CPU)};
}

void freeFenced(void* data) {
  if (data == nullptr) return;
  const std::lock_guard<std::mutex> lock(all().mutex);
  const auto found = all().blocks.find(data);
  if (found == all().blocks.end()) {
    std::fprintf(stderr, "Fences: memory was freed twice.\n");
    std::abort();
  }
  const Fenced block = found->second;
  all().blocks.erase(found);
  if (block.begin == nullptr) {
    std::free(data);
    return;
  }
  checkBefore(block, data);
  mprotect(block.begin, block.pages, PROT_NONE);
  madvise(block.begin, block.pages, MADV_DONTNEED);
  all().freed.push_back(block);
  if (all().freed.size() <= kKeptAway) return;
  unmap(all().freed.front());
  all().freed.pop_front();
}

}  // namespace flambeau
