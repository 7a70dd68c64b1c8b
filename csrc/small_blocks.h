// Freed blocks of less than 64 kB, kept by the thread that freed them for its next tensors.
#pragma once

#include <cstddef>
#include <cstdint>

namespace flambeau {

constexpr size_t kSmallUpTo = size_t{60} << 10;
// Memory for 1 to kSmallUpTo bytes, aligned to 64 and for free(), or null. Fresh where `cached` is
// false.
void* smallBlock(size_t bytes, bool cached);
// Takes over such a block, or frees it; `size` is what malloc says that it holds.
void giveSmallBlock(void* block, size_t size, bool cached);
// Bytes that all threads keep.
int64_t smallBytesKept();
// Frees what this thread keeps now, and what the others keep when they come by next.
void freeSmallBlocks();

}  // namespace flambeau
