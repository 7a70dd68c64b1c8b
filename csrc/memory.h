// What memory.cpp offers to the shim's other sources.
#pragma once

#include <cstddef>

namespace c10 {
struct StorageImpl;
}

namespace flambeau {

// A hold on a storage's memory, which then lives until sharedBufferCollected lets go of it, even
// where the storage is given other memory (shared_memory.cpp).
void* holdMemory(c10::StorageImpl& storage);
// The deleter of a buffer over shared memory.
void sharedBufferCollected(void* bytes, void* block);

// Memory for the caller's buffers, from the blocks that are kept, and back; null where there is
// none.
void* newBuffer(size_t bytes) noexcept;
void freeBuffer(void* block) noexcept;

}  // namespace flambeau
