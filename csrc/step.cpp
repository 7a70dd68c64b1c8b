// A step of plain gradient descent over many parameters.
#include <ATen/ATen.h>

#include "internal.h"

namespace flambeau {
namespace {

struct Stepped {
  at::Tensor param;
  at::Tensor grad;
};

void descend(const Stepped& one, double lr, double weightDecay, bool maximize) {
  if (weightDecay == 0) {
    one.param.add_(one.grad, maximize ? lr : -lr);
    return;
  }
  const at::Tensor grad = maximize ? one.grad.neg() : one.grad;
  one.param.add_(grad.add(one.param, weightDecay), -lr);
}

}  // namespace
}  // namespace flambeau

using namespace flambeau;

int32_t fb_step_descend(double ctx, double lr, double weightDecay, bool maximize) {
  return guard(-1, [&] {
    Reader in(ctx);
    c10::SmallVector<Stepped, 32> all;
    for (size_t i = 0, n = in.nextCount(); i < n; i++) {
      at::Tensor param = borrowTensor(in.next());
      at::Tensor grad = param.grad();
      if (!grad.defined()) continue;
      if (grad.layout() != at::kStrided) return 1;
      all.push_back({std::move(param), std::move(grad)});
    }
    try {
      for (const Stepped& one : all) descend(one, lr, weightDecay, maximize);
    } catch (...) {
      mendTrace();
      throw;
    }
    return 0;
  });
}
