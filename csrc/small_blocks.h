// Freed blocks of less than a megabyte, kept by the thread that freed them for its next tensors.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace flambeau {

// Whether freed memory is kept at all, of any size.
extern std::atomic<bool> keepsFreed;

constexpr size_t kSmallUpTo = size_t{960} << 10;
// Memory for 1 to kSmallUpTo bytes, aligned to 64, or null. Malloc's where `cached` is false.
void* smallBlock(size_t bytes, bool cached);
// Takes over such a block, or frees it; `size` is what blockBytes says.
void giveSmallBlock(void* block, size_t size, bool cached);
// What a block of smallBlock, or of malloc, holds.
size_t blockBytes(void* block);

constexpr size_t kObjectUpTo = 1024;
// Whether objects too may be cut from the arena: only where no one frees them but by giveObject.
extern std::atomic<bool> cutsObjects;
// Memory for an object of at most kObjectUpTo bytes, or null where malloc is to give it.
void* keptObject(size_t bytes);
// What is to be asked of malloc instead, so that it serves others of about that size.
size_t objectBytes(size_t bytes);
// Takes over such memory, or any of malloc's, or frees it.
void giveObject(void* block, bool cached);

// Bytes that all threads keep.
int64_t smallBytesKept();
// Frees what this thread keeps now, and what the others keep when they come by next.
void freeSmallBlocks();

}  // namespace flambeau
