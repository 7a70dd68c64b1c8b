// Fences around tensors' memory, for the fuzzer: with FLAMBEAU_FENCES=1 in the environment a tensor
// ends where a page begins that no one may touch, and freed memory is not there any more. An op
// that goes beyond its tensors then ends the process itself, and not some other op later.
#pragma once

#include <c10/core/Allocator.h>

namespace flambeau {

extern const bool fenced;

c10::DataPtr fencedMemory(size_t bytes);
void freeFenced(void* data);

}  // namespace flambeau
