// Where the nodes of a frozen module come from.
#pragma once

#include <torch/csrc/jit/api/module.h>

namespace flambeau {

// LibTorch's freezing inlines the methods of submodules and then deletes them, though the nodes go
// on pointing to them, and an error in such a node asks them for their names: of freed memory.
// This has the nodes point to functions of those names that live as long as the module.
void renewCallStacks(const torch::jit::Module& module);

}  // namespace flambeau
