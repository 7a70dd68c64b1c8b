// Ops that end the process on arguments that LibTorch does not check, each with its reproduction.
// Everything that calls an op through its schema asks here first.
#include "guards.h"

#include <string>
#include <unordered_map>

#include "internal.h"

namespace flambeau {
namespace {

// torch.native_batch_norm(x, None, None, None, None, False, 0.1, 1e-5): reads the statistics that
// are not there.
void nativeBatchNorm(const std::vector<at::IValue>& stack) {
  const auto defined = [](const at::IValue& value) {
    return value.isTensor() && value.toTensor().defined();
  };
  if (stack.size() < 6 || stack[5].toBool()) return;
  TORCH_CHECK_VALUE(
      defined(stack[3]) && defined(stack[4]),
      "running_mean and running_var are needed when training is false");
}

const std::unordered_map<std::string, OpGuard>& checks() {
  static const auto* made = new std::unordered_map<std::string, OpGuard>{
      {"aten::native_batch_norm", nativeBatchNorm},
  };
  return *made;
}

}  // namespace

OpGuard guardOf(const std::string& name) {
  const auto found = checks().find(name);
  return found == checks().end() ? nullptr : found->second;
}

}  // namespace flambeau
