// See gradient_check.h.
#include "gradient_check.h"

#include <c10/util/Exception.h>

namespace flambeau {

void checkGradient(
    c10::SymIntArrayRef shape, at::ScalarType dtype, const at::Tensor& gradient, size_t i) {
  TORCH_CHECK_VALUE(
      shape == gradient.sym_sizes(),
      "Mismatch in shape: grad_output[",
      i,
      "] has a shape of ",
      gradient.sym_sizes(),
      " and output[",
      i,
      "] has a shape of ",
      shape,
      ".");
  TORCH_CHECK_VALUE(
      c10::isComplexType(dtype) == gradient.is_complex(),
      "For complex Tensors, both grad_output and output are required to have the same dtype. "
      "Mismatch in dtype: grad_output[",
      i,
      "] has a dtype of ",
      gradient.scalar_type(),
      " and output[",
      i,
      "] has a dtype of ",
      dtype,
      ".");
}

}  // namespace flambeau
