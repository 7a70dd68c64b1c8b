// Checks that LibTorch leaves out, by op.
#pragma once

#include <ATen/core/ivalue.h>

#include <string>
#include <vector>

namespace flambeau {

// Throws where the arguments on the stack would end the process.
using OpGuard = void (*)(const std::vector<at::IValue>& stack);

// The guard of an op ("aten::native_batch_norm"), null for the many that need none.
OpGuard guardOf(const std::string& name);

}  // namespace flambeau
