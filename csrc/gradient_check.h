// The check of a gradient that a caller gives for the root of a pass.
#pragma once

#include <ATen/core/Tensor.h>

namespace flambeau {

// Throws unless root `i`, of this shape and dtype, can have this gradient. As PyTorch's Python
// layer.
void checkGradient(
    c10::SymIntArrayRef shape, at::ScalarType dtype, const at::Tensor& gradient, size_t i);

}  // namespace flambeau
