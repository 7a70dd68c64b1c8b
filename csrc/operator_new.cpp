// C++'s operator new and delete, for LibTorch and for this library.
//
// A tensor is three or four objects beside its memory, and a node of a graph is more; a collection
// frees thousands of them at once, which malloc merges with their neighbours and splits again for
// the next: a sixth of the time of a small training step. Freed objects are kept in lists by size
// instead, as blocks of tensors are.
//
// The loader finds these before libstdc++'s for whatever was opened together with this library;
// neither runtime exports any, and neither uses these.
#include <cstdlib>
#include <new>
#include <sstream>
#include <string>

#include "arena.h"
#include "small_blocks.h"

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)

namespace {

void* newObject(size_t bytes) {
  const bool small = bytes <= flambeau::kObjectUpTo;
  if (small && flambeau::keepsFreed.load(std::memory_order_relaxed)) {
    if (void* block = flambeau::keptObject(bytes)) return block;
  }
  return std::malloc(small ? flambeau::objectBytes(bytes) : bytes);
}

void* newOrThrow(size_t bytes) {
  for (;;) {
    if (void* block = newObject(bytes)) return block;
    const std::new_handler handler = std::get_new_handler();
    if (handler == nullptr) throw std::bad_alloc();
    handler();
  }
}

void freeObject(void* block) noexcept {
  if (block == nullptr) return;
  flambeau::giveObject(block, flambeau::keepsFreed.load(std::memory_order_relaxed));
}

// A buffer that libstdc++'s own code makes.
class Probe : public std::stringbuf {
 public:
  const void* memory() {
    const std::string text(400, 'x');
    sputn(text.data(), static_cast<std::streamsize>(text.size()));
    return pbase();
  }
};

// A string that LibTorch made may be freed by libstdc++, which was there before and uses its own
// functions where a runtime is linked to it. Then all memory of objects has to be malloc's, for
// which it does not matter who frees it.
[[maybe_unused]] const bool probed = [] {
  flambeau::cutsObjects = true;
  const bool ours = flambeau::inArena(Probe().memory());
  flambeau::cutsObjects = ours;
  return ours;
}();

}  // namespace

#define FB_EXPORT __attribute__((visibility("default")))

FB_EXPORT void* operator new(size_t bytes) {
  return newOrThrow(bytes);
}

FB_EXPORT void* operator new[](size_t bytes) {
  return newOrThrow(bytes);
}

FB_EXPORT void* operator new(size_t bytes, const std::nothrow_t& /*tag*/) noexcept {
  return newObject(bytes);
}

FB_EXPORT void* operator new[](size_t bytes, const std::nothrow_t& /*tag*/) noexcept {
  return newObject(bytes);
}

FB_EXPORT void operator delete(void* block) noexcept {
  freeObject(block);
}

FB_EXPORT void operator delete[](void* block) noexcept {
  freeObject(block);
}

FB_EXPORT void operator delete(void* block, size_t /*bytes*/) noexcept {
  freeObject(block);
}

FB_EXPORT void operator delete[](void* block, size_t /*bytes*/) noexcept {
  freeObject(block);
}

FB_EXPORT void operator delete(void* block, const std::nothrow_t& /*tag*/) noexcept {
  freeObject(block);
}

FB_EXPORT void operator delete[](void* block, const std::nothrow_t& /*tag*/) noexcept {
  freeObject(block);
}

#endif
