// Lists sorted by what a program says is less.
#pragma once

#include <ATen/core/operator_name.h>
#include <ATen/core/stack.h>

#include <optional>

namespace flambeau {

// Code to take the place of an operator that sorts, none where LibTorch's own does no harm.
// LibTorch gives std::sort whatever compares: a class's `__lt__` that is always true, or tensors
// of the same value in reverse, and it writes past the ends of the list.
std::optional<torch::jit::Operation> sortOf(const c10::OperatorName& name);

}  // namespace flambeau
