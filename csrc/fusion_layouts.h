// In which layout kernels of oneDNN's hand on their results.
#pragma once

#include <torch/csrc/jit/ir/ir.h>

namespace flambeau {

// A kernel gives its result in a layout of oneDNN's own where only kernels take it. If the guard of
// one of those fails, its part runs unfused, and reads that memory as what it is not. So where a
// guard may fail, with arguments that the program's own guard let through, what comes to it has
// strides.
void keepStridesWhereGuardsMayFail(torch::jit::Graph& fused);

}  // namespace flambeau
