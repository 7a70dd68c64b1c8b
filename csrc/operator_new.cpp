// C++'s operator new and delete, for LibTorch and for this library.
//
// A tensor is three or four objects beside its memory, and a node of a graph is more; a collection
// frees thousands of them at once, which malloc merges with their neighbours and splits again for
// the next: a sixth of the time of a small training step. Freed objects are kept in lists by size
// instead, as blocks of tensors are. All memory is malloc's, so that it does not matter who frees
// what another made.
//
// The loader finds these before libstdc++'s for whatever was opened together with this library;
// neither runtime exports any, and neither uses these.
#include <malloc.h>

#include <cstdlib>
#include <new>

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
  const bool keeps = flambeau::keepsFreed.load(std::memory_order_relaxed);
  if (!keeps || !flambeau::keepObject(block, malloc_usable_size(block))) std::free(block);
}

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
