// Checks that LibTorch leaves out, by op.
#pragma once

#include <ATen/core/ivalue.h>
#include <ATen/core/operator_name.h>

#include <string>
#include <vector>

namespace flambeau {

// Throws where the arguments would end the process.
using OpGuard = void (*)(c10::ArrayRef<at::IValue> arguments);

// The guard of an op ("aten::native_batch_norm"), null for the many that need none.
OpGuard guardOf(const c10::OperatorName& name);

// Puts the guards in front of the operators that TorchScript runs, once a process: whoever makes
// something that can run calls it first.
void guardOperators();

}  // namespace flambeau
