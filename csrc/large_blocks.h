// Memory for large tensors, on large pages where the system gives them to those who ask.
//
// A convolution or a product of matrices walks through its memory in strides, and each small page
// that it comes to must be found; on a virtual machine that takes two searches.
#pragma once

#include <cstddef>

namespace flambeau {

// With less, a part of the one large page would be empty.
constexpr size_t kLargeFrom = size_t{2} << 20;

// At least `bytes`, of kLargeFrom or more; null where there is none.
void* newLargeBlock(size_t bytes) noexcept;

// The size of such a block, 0 of any other.
size_t largeBlockBytes(const void* block);

// Gives it back to the system. Whether it was one.
bool freeLargeBlock(void* block) noexcept;

}  // namespace flambeau
