// Function transforms (vmap, grad, jvp): the stack of LibTorch's functorch, its wrapped tensors,
// and dual numbers.
#include <ATen/ATen.h>
#include <ATen/functorch/BatchedTensorImpl.h>
#include <ATen/functorch/DynamicLayer.h>
#include <ATen/functorch/TensorWrapper.h>
#include <c10/core/AutogradState.h>
#include <torch/csrc/autograd/autograd.h>

#include "batching.h"
#include "internal.h"

namespace flambeau {
namespace {

namespace ft = at::functorch;

// Lets requires_grad_() through, which a grad transform forbids its function.
struct AllowRequiresGrad {
  AllowRequiresGrad() : before(ft::getInplaceRequiresGradAllowed()) {
    ft::setInplaceRequiresGradAllowed(true);
  }
  ~AllowRequiresGrad() { ft::setInplaceRequiresGradAllowed(before); }
  bool before;
};

int64_t pushLayer(int32_t what, int64_t batch, int32_t randomness) {
  switch (what) {
    case FB_TRANSFORM_VMAP:
      registerBatching();
      return ft::initAndPushDynamicLayer(
          ft::TransformType::Vmap, c10::SymInt(batch), static_cast<ft::RandomnessType>(randomness));
    case FB_TRANSFORM_GRAD:
      return ft::initAndPushDynamicLayer(
          ft::TransformType::Grad, std::nullopt, std::nullopt, c10::GradMode::is_enabled());
    case FB_TRANSFORM_JVP:
      return ft::initAndPushDynamicLayer(
          ft::TransformType::Jvp,
          std::nullopt,
          std::nullopt,
          std::nullopt,
          c10::AutogradState::get_tls_state().get_fw_grad_mode());
    default:
      TORCH_CHECK(false, "There is no transform ", what);
  }
}

at::Tensor removeBatchDim(const at::Tensor& self, int64_t level, int64_t batch, int64_t dim) {
  const auto* batched = ft::maybeGetBatchedImpl(self);
  if (batched == nullptr || batched->level() < level) {
    auto sizes = self.sizes().vec();
    sizes.insert(sizes.begin(), batch);
    return self.expand(sizes).movedim(0, dim);
  }
  return batched->value().movedim(batched->bdim(), dim);
}

}  // namespace

at::Tensor unwrapTracked(at::Tensor tensor) {
  while (const auto* wrapper = ft::maybeGetTensorWrapper(tensor)) tensor = wrapper->value();
  TORCH_CHECK_VALUE(
      ft::maybeGetBatchedImpl(tensor) == nullptr,
      "the elements of a tensor cannot be read inside of vmap, where it stands for each of a "
      "batch");
  return tensor;
}

}  // namespace flambeau

using namespace flambeau;

int32_t fb_transform_push(int32_t what, double batch, int32_t randomness) {
  return guard(-1, [&] {
    return static_cast<int32_t>(pushLayer(what, static_cast<int64_t>(batch), randomness));
  });
}

int32_t fb_transform_pop(void) {
  return guard(
      -1, [] { return static_cast<int32_t>(ft::popDynamicLayerAndDeleteMetadata().layerId()); });
}

double fb_transform_lower(void) {
  return guard(0.0, [] {
    TORCH_CHECK(!ft::getDynamicLayerStack().empty(), "There is no transform under way");
    auto layer = std::make_unique<ft::DynamicLayer>(ft::popDynamicLayer());
    return toHandle(layer.release());
  });
}

int32_t fb_transform_raise(double transform) {
  return guard(-1, [&] {
    const std::unique_ptr<ft::DynamicLayer> layer(fromHandle<ft::DynamicLayer>(transform));
    return static_cast<int32_t>(ft::pushDynamicLayer(std::move(*layer)));
  });
}

double fb_transform_wrap(double tensor, int32_t level, bool track) {
  return guard(0.0, [&] {
    const at::Tensor wrapped = ft::makeTensorWrapper(borrowTensor(tensor), level);
    if (track) {
      const AllowRequiresGrad allow;
      wrapped.requires_grad_();
    }
    return exportTensor(wrapped);
  });
}

double fb_transform_unwrap(double tensor, int32_t level) {
  return guard(-1.0, [&] {
    const at::Tensor self = borrowTensor(tensor);
    const auto* wrapper = ft::maybeGetTensorWrapper(self);
    return wrapper != nullptr && wrapper->level() == level ? exportTensor(wrapper->value()) : 0;
  });
}

double fb_batch_add(double tensor, int32_t dim, int32_t level) {
  return guard(
      0.0, [&] { return exportTensor(ft::addBatchDim(borrowTensor(tensor), dim, level)); });
}

double fb_batch_remove(double tensor, int32_t level, double batch, int32_t dim) {
  return guard(0.0, [&] {
    return exportTensor(
        removeBatchDim(borrowTensor(tensor), level, static_cast<int64_t>(batch), dim));
  });
}

int32_t fb_tensor_wrapping(double tensor) {
  return guard(-1, [&] {
    const at::Tensor self = borrowTensor(tensor);
    if (ft::maybeGetBatchedImpl(self) != nullptr) return static_cast<int32_t>(FB_TRANSFORM_VMAP);
    if (ft::maybeGetTensorWrapper(self) != nullptr) return static_cast<int32_t>(FB_TRANSFORM_GRAD);
    return 0;
  });
}

int32_t fb_wrapper_peel(double tensor, double ctx) {
  return guard(-1, [&] {
    const at::Tensor self = borrowTensor(tensor);
    Writer out(ctx);
    if (const auto* batched = ft::maybeGetBatchedImpl(self)) {
      out.put(FB_TRANSFORM_VMAP);
      out.put(static_cast<double>(batched->level()));
      out.put(static_cast<double>(batched->bdim()));
      out.putTensorOnly(batched->value());
    } else if (
        const auto* wrapper = ft::maybeGetTensorWrapper(self);
        wrapper != nullptr && wrapper->level().has_value()) {
      out.put(FB_TRANSFORM_GRAD);
      out.put(static_cast<double>(*wrapper->level()));
      out.put(0);
      out.putTensorOnly(wrapper->value());
    }
    return out.done();
  });
}

int32_t fb_dual_enter(void) {
  return guard(
      -1, [] { return static_cast<int32_t>(torch::autograd::forward_ad::enter_dual_level()); });
}

int32_t fb_dual_exit(int32_t level) {
  return guard(-1, [&] {
    torch::autograd::forward_ad::exit_dual_level(static_cast<uint64_t>(level));
    return 0;
  });
}

int32_t fb_forward_enabled(int32_t on) {
  return guard(-1, [&] {
    auto& state = c10::AutogradState::get_tls_state();
    const bool before = state.get_fw_grad_mode();
    if (on >= 0) state.set_fw_grad_mode(on != 0);
    return before ? 1 : 0;
  });
}
