// What the machine, or the group of processes that this one is in, has of memory.
#pragma once

#include <cstddef>
#include <cstdint>

namespace flambeau {

// Bytes of a page, and of a large one.
constexpr size_t kSmallPage = 4096;
constexpr size_t kLargePage = size_t{2} << 20;

// Bytes.
int64_t totalMemory();

// Bytes that can still be had before the kernel ends a process for it.
int64_t availableMemory();

}  // namespace flambeau
