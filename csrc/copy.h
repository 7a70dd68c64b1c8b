// Memory to memory, by as many threads as LibTorch would take.
#pragma once

#include <cstdint>

namespace flambeau {

void copyBytes(void* to, const void* from, int64_t bytes);

}  // namespace flambeau
