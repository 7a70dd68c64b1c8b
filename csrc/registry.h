// Registered operators by name, as jit.ops calls them.
#pragma once

#include <torch/csrc/jit/runtime/operator.h>

#include "internal.h"

namespace flambeau {

// An overload with the arguments that it is to be called with.
struct ChosenOp {
  std::shared_ptr<torch::jit::Operator> op;
  std::vector<at::IValue> stack;
};

// Reads the arguments from the context by the first overload that takes them.
ChosenOp chooseOverload(double ctx, const char* name, uint32_t bytes);
// Runs it; what it gives is left on the stack.
void runChosen(ChosenOp& chosen);
// One result as it is, several as an array.
void writeResults(Writer& out, const std::vector<at::IValue>& stack);

}  // namespace flambeau
