// What the machine, or the group of processes that this one is in, has of memory.
#pragma once

#include <cstdint>

namespace flambeau {

// Bytes.
int64_t totalMemory();

// Bytes that can still be had before the kernel ends a process for it.
int64_t availableMemory();

}  // namespace flambeau
