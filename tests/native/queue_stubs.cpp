// Stands in for the parts of the shim that ThreadSanitizer's test leaves out, because LibTorch's
// interpreter and parser synchronize inside of code that is not instrumented. What is under test,
// the queue and the handing over, is the shim's own.
#include <ATen/ATen.h>

#include "../../csrc/internal.h"
#include "../../csrc/registry.h"
#include "../../csrc/script.h"

namespace flambeau {

ChosenOp chooseOverload(double ctx, const char* /*name*/, uint32_t /*bytes*/) {
  Reader in(ctx);
  ChosenOp chosen;
  for (size_t count = in.nextCount(); count > 0; count--) {
    TORCH_CHECK(in.nextTag() == FB_VALUE_TENSOR);
    chosen.stack.emplace_back(borrowTensor(in.next()));
  }
  return chosen;
}

void runChosen(ChosenOp& chosen) {
  const at::Tensor product = at::mul(chosen.stack[0].toTensor(), chosen.stack[1].toTensor());
  chosen.stack = {product};
}

void writeValue(Writer& out, const at::IValue& value) {
  out.put(FB_VALUE_TENSOR);
  out.putTensor(value.toTensor());
}

void writeResults(Writer& out, const std::vector<at::IValue>& stack) {
  writeValue(out, stack.at(0));
}

std::vector<at::IValue> readArguments(
    Reader& /*in*/, const c10::FunctionSchema& /*schema*/, const std::optional<at::IValue>&) {
  return {};
}

at::Tensor unwrapTracked(at::Tensor tensor) {
  return tensor;
}

}  // namespace flambeau
