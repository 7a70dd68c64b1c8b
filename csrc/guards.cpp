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

void sameLayout(const at::Tensor& param, const at::Tensor& other) {
  TORCH_CHECK_VALUE(
      other.defined() && other.layout() == at::kStrided && other.device() == param.device() &&
          other.scalar_type() == param.scalar_type() && other.sizes() == param.sizes() &&
          other.strides() == param.strides(),
      "A fused optimizer takes gradients and states of the dtype and memory layout of their "
      "parameters");
}

void isNumberOrNone(const at::IValue& value) {
  if (!value.isTensor() || !value.toTensor().defined()) return;
  TORCH_CHECK_VALUE(
      value.toTensor().numel() == 1 && value.toTensor().scalar_type() == at::kFloat,
      "grad_scale and found_inf of a fused optimizer are float32 tensors of one number");
}

// torch._fused_adam_([torch.ones(2)], [torch.ones(1).expand(2)], ...): the kernels walk through the
// memory of parameters, gradients and states (the lists before `steps`) by the number of the
// parameter's elements.
void fusedStep(const std::vector<at::IValue>& stack, size_t lists, bool steps) {
  if (stack.size() < lists + (steps ? 1 : 0) + 2) return;
  const auto params = stack[0].toTensorVector();
  for (const auto& param : params) {
    TORCH_CHECK_VALUE(
        param.defined() && param.layout() == at::kStrided && param.is_non_overlapping_and_dense() &&
            at::isFloatingType(param.scalar_type()),
        "A fused optimizer takes dense parameters of floating-point numbers");
  }
  for (size_t i = 1; i < lists; i++) {
    const auto others = stack[i].toTensorVector();
    if (i >= 2 && others.empty()) continue;
    TORCH_CHECK_VALUE(
        others.size() == params.size(), "The lists of a fused optimizer differ in length");
    for (size_t j = 0; j < params.size(); j++) sameLayout(params[j], others[j]);
  }
  if (steps) {
    const auto counts = stack[lists].toTensorVector();
    TORCH_CHECK_VALUE(
        counts.size() == params.size(), "The lists of a fused optimizer differ in length");
    for (const auto& count : counts) {
      TORCH_CHECK_VALUE(
          count.defined() && count.numel() == 1,
          "The steps of a fused optimizer are single numbers");
    }
  }
}

// self, grads, momentum_buffer_list; weight_decay, momentum, lr, dampening, nesterov, maximize,
// is_first_step, grad_scale, found_inf.
void fusedSgd(const std::vector<at::IValue>& stack) {
  if (stack.size() < 12) return;
  fusedStep(stack, 3, false);
  TORCH_CHECK_VALUE(
      stack[4].toDouble() == 0 || !stack[2].toTensorVector().empty() ||
          stack[0].toTensorVector().empty(),
      "A fused step with momentum needs momentum buffers");
  isNumberOrNone(stack[10]);
  isNumberOrNone(stack[11]);
}

// self, grads, exp_avgs, exp_avg_sqs, max_exp_avg_sqs, state_steps; lr, beta1, beta2, weight_decay,
// eps, amsgrad, maximize, grad_scale, found_inf.
void fusedAdam(const std::vector<at::IValue>& stack) {
  if (stack.size() < 15) return;
  fusedStep(stack, 5, true);
  TORCH_CHECK_VALUE(
      stack[0].toTensorVector().empty() ||
          (!stack[2].toTensorVector().empty() && !stack[3].toTensorVector().empty() &&
           (!stack[11].toBool() || !stack[4].toTensorVector().empty())),
      "A fused step of Adam needs its averages");
  isNumberOrNone(stack[13]);
  isNumberOrNone(stack[14]);
}

// self, grads, state_sums, state_steps; lr, lr_decay, weight_decay, eps, maximize, grad_scale,
// found_inf.
void fusedAdagrad(const std::vector<at::IValue>& stack) {
  if (stack.size() < 11) return;
  fusedStep(stack, 3, true);
  TORCH_CHECK_VALUE(
      stack[0].toTensorVector().empty() || !stack[2].toTensorVector().empty(),
      "A fused step of Adagrad needs its sums");
  isNumberOrNone(stack[9]);
  isNumberOrNone(stack[10]);
}

const std::unordered_map<std::string, OpGuard>& checks() {
  static const auto* made = new std::unordered_map<std::string, OpGuard>{
      {"aten::native_batch_norm", nativeBatchNorm},
      {"aten::_fused_sgd", fusedSgd},
      {"aten::_fused_sgd_", fusedSgd},
      {"aten::_fused_adam", fusedAdam},
      {"aten::_fused_adam_", fusedAdam},
      {"aten::_fused_adamw", fusedAdam},
      {"aten::_fused_adamw_", fusedAdam},
      {"aten::_fused_adagrad", fusedAdagrad},
      {"aten::_fused_adagrad_", fusedAdagrad},
  };
  return *made;
}

}  // namespace

OpGuard guardOf(const std::string& name) {
  const auto found = checks().find(name);
  return found == checks().end() ? nullptr : found->second;
}

}  // namespace flambeau
