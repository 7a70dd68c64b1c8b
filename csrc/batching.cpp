// Batching of ops that LibTorch has no rule for: PyTorch's Python layer decomposes them into others
// when vmap is first used (torch/_functorch/vmap.py), and so does this.
#include "batching.h"

#include <ATen/ATen.h>
#include <torch/library.h>

namespace flambeau {
namespace {

using at::Tensor;

double meanFactor(const Tensor& self, int64_t reduction) {
  return reduction == at::Reduction::Mean ? 1.0 / static_cast<double>(self.numel()) : 1.0;
}

Tensor mseLossBackward(
    const Tensor& gradient, const Tensor& self, const Tensor& target, int64_t reduction) {
  return (self - target) * gradient * (2 * meanFactor(self, reduction));
}

Tensor smoothL1LossBackward(
    const Tensor& gradient,
    const Tensor& self,
    const Tensor& target,
    int64_t reduction,
    double beta) {
  const Tensor x = self - target;
  const Tensor scaled = gradient * meanFactor(self, reduction);
  return at::where(x.abs() < beta, scaled * x / beta, scaled * x.sign());
}

Tensor huberLossBackward(
    const Tensor& gradient,
    const Tensor& self,
    const Tensor& target,
    int64_t reduction,
    double delta) {
  const Tensor x = self - target;
  return gradient * x.clamp(-delta, delta) * meanFactor(self, reduction);
}

Tensor addr(
    const Tensor& self,
    const Tensor& first,
    const Tensor& second,
    const at::Scalar& beta,
    const at::Scalar& alpha) {
  return self * beta + at::outer(first, second) * alpha;
}

int64_t channelOf(const Tensor& self) {
  return self.dim() < 2 ? 0 : 1;
}

Tensor alongChannel(const Tensor& self, const Tensor& weight) {
  std::vector<int64_t> shape(static_cast<size_t>(self.dim()), 1);
  shape[static_cast<size_t>(channelOf(self))] = weight.numel();
  return weight.reshape(shape);
}

std::tuple<Tensor, Tensor> nllLossForward(
    const Tensor& self,
    const Tensor& target,
    const std::optional<Tensor>& weight,
    int64_t reduction,
    c10::SymInt ignored) {
  const int64_t channel = channelOf(self);
  const bool weighted = weight.has_value() && weight->defined();
  const Tensor used = target != ignored.expect_int();
  const Tensor index = at::where(used, target, 0).unsqueeze(channel);
  const auto pick = [&](const Tensor& from) {
    return at::where(used, from.gather(channel, index).squeeze(channel), 0);
  };
  const Tensor scaled = weighted ? self * alongChannel(self, *weight) : self;
  const Tensor result = -pick(scaled);
  if (reduction == at::Reduction::None && self.dim() > 1) {
    return {result, at::zeros({}, self.options())};
  }
  const Tensor total = weighted ? pick(alongChannel(self, *weight).expand_as(self)).sum()
                                : used.sum().to(self.scalar_type());
  if (reduction == at::Reduction::Sum) return {result.sum(), total};
  if (reduction == at::Reduction::Mean) return {result.sum() / total, total};
  return {result, total};
}

Tensor nllLossBackward(
    const Tensor& gradient,
    const Tensor& self,
    const Tensor& target,
    const std::optional<Tensor>& weight,
    int64_t reduction,
    c10::SymInt ignored,
    const Tensor& total) {
  const int64_t channel = channelOf(self);
  const Tensor labels = target.unsqueeze(channel);
  const Tensor used = labels != ignored.expect_int();
  const Tensor picked = at::zeros_like(self).scatter(channel, at::where(used, labels, 0), -1.0);
  Tensor scaled = reduction == at::Reduction::Mean ? gradient / total : gradient;
  if (self.dim() > scaled.dim() && scaled.dim() > 0) scaled = scaled.unsqueeze(channel);
  if (weight.has_value() && weight->defined()) scaled = scaled * alongChannel(self, *weight);
  return picked * at::where(used, scaled, 0);
}

}  // namespace

void registerBatching() {
  static const torch::Library* library = [] {
    auto* made = new torch::Library(
        torch::Library::IMPL,
        "aten",
        c10::DispatchKey::FuncTorchBatchedDecomposition,
        __FILE__,
        __LINE__);
    made->impl("mse_loss_backward", mseLossBackward);
    made->impl("smooth_l1_loss_backward", smoothL1LossBackward);
    made->impl("huber_loss_backward", huberLossBackward);
    made->impl("addr", addr);
    made->impl("nll_loss_forward", nllLossForward);
    made->impl("nll_loss2d_forward", nllLossForward);
    made->impl("nll_loss_backward", nllLossBackward);
    made->impl("nll_loss2d_backward", nllLossBackward);
    return made;
  }();
  static_cast<void>(library);
}

}  // namespace flambeau
