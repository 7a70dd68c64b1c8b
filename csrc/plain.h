// Tensors that autograd has nothing to do with, and threads on which nothing stands between a call
// and its kernel.
#pragma once

#include <ATen/EmptyTensor.h>
#include <ATen/core/LegacyTypeDispatch.h>
#include <c10/core/InferenceMode.h>
#include <c10/core/TensorImpl.h>

namespace flambeau {

// Whether a tensor is one on the CPU that LibTorch treats like most others: no sparse, quantized or
// conjugated one, none of inference mode or of a transform.
inline bool isOrdinary(const at::TensorImpl* impl) {
  static const c10::DispatchKeySet ordinary = [] {
    // Whatever mode the first call comes in.
    const c10::InferenceMode none(false);
    return at::detail::empty_cpu({0}, at::kFloat).key_set();
  }();
  return impl != nullptr && impl->key_set() == ordinary;
}

// Whether, besides, it has nothing to do with autograd: it has no gradient, no graph and no
// tangent.
inline bool isPlain(const at::TensorImpl* impl) {
  return isOrdinary(impl) && impl->autograd_meta() == nullptr;
}

// Whether there is no trace, no vmap, no autocast.
inline bool isDirect() {
  const auto local = c10::impl::tls_local_dispatch_key_set();
  return local.included_ == c10::default_included_set &&
         local.excluded_ == c10::default_excluded_set;
}

}  // namespace flambeau
