// Checks that LibTorch leaves out, by op.
#pragma once

#include <ATen/core/ivalue.h>
#include <c10/core/impl/LocalDispatchKeySet.h>

#include <string>
#include <vector>

namespace flambeau {

// Throws where the arguments on the stack would end the process.
using OpGuard = void (*)(const std::vector<at::IValue>& stack);

// The guard of an op ("aten::native_batch_norm"), null for the many that need none.
OpGuard guardOf(const std::string& name);

// While it lives, the ops that TorchScript programs call on this thread, and on those that it hands
// work to, are checked as those that JavaScript calls.
class GuardedPrograms {
 public:
  GuardedPrograms();

 private:
  c10::impl::IncludeDispatchKeyGuard included_;
};

}  // namespace flambeau
