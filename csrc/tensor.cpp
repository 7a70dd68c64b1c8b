// Tensors: made from the caller's bytes, described, read back, and their gradients.
#include <ATen/ATen.h>
#include <ATen/TracerMode.h>
#include <c10/core/impl/LocalDispatchKeySet.h>
#include <torch/csrc/autograd/function.h>
#include <torch/csrc/autograd/variable.h>
#include "copy.h"
#include "internal.h"
#include "lent.h"
#include "memory.h"
#include "retired.h"

namespace flambeau {
namespace {

std::vector<int64_t> readShape(double ctx) {
  Reader in(ctx);
  std::vector<int64_t> shape(in.nextCount());
  for (auto& size : shape) size = in.nextInt();
  return shape;
}

void checkSize(const std::vector<int64_t>& shape, at::ScalarType dtype, double bytes) {
  double expected = static_cast<double>(c10::elementSize(dtype));
  for (const int64_t size : shape) {
    TORCH_CHECK_VALUE(size >= 0, "A size of the shape is negative: ", size);
    expected *= static_cast<double>(size);
  }
  TORCH_CHECK_VALUE(
      expected == bytes, "The shape needs ", expected, " bytes, but the data has ", bytes);
}

// While it lasts, ops take tensors as they are: within torch.func's transforms they would wrap
// them.
struct Untransformed {
  c10::impl::ExcludeDispatchKeyGuard guard{c10::DispatchKeySet(
      {c10::DispatchKey::FuncTorchDynamicLayerFrontMode,
       c10::DispatchKey::FuncTorchDynamicLayerBackMode})};
};

// Row-major, on the CPU, with pending conjugation and negation applied: what JavaScript reads.
at::Tensor readable(const at::Tensor& given) {
  const at::NoGradGuard noGrad;
  const at::tracer::impl::NoTracerDispatchMode untraced;
  const Untransformed plain;
  const at::Tensor tensor = unwrapTracked(given);
  // The gradient of an op whose gradient is zero everywhere has a shape, but no memory.
  if (tensor._is_zerotensor()) return at::zeros(tensor.sizes(), tensor.options().device(at::kCPU));
  const bool strided = tensor.layout() == at::kStrided;
  if (strided && tensor.is_cpu() && !tensor.is_conj() && !tensor.is_neg() &&
      tensor.is_contiguous()) {
    return tensor;
  }
  const at::Tensor dense = strided ? tensor : tensor.to_dense();
  return dense.detach().resolve_conj().resolve_neg().to(at::kCPU).contiguous();
}

}  // namespace
}  // namespace flambeau

using namespace flambeau;

double fb_tensor_from_data(double ctx, const void* data, double bytes, int32_t dtype) {
  return guard(0.0, [&] {
    const auto type = static_cast<at::ScalarType>(dtype);
    const auto shape = readShape(ctx);
    checkSize(shape, type, bytes);
    TORCH_CHECK_VALUE(!c10::isQIntType(type), "There is no plain data of the dtype ", type);
    // Past the dispatcher, to which it is a constant under any trace or transform.
    auto tensor = at::Tensor(at::detail::empty_cpu(shape, at::TensorOptions(type)));
    if (bytes > 0) copyBytes(tensor.mutable_data_ptr(), data, static_cast<int64_t>(bytes));
    return exportTensor(std::move(tensor));
  });
}

double fb_tensor_from_memory(double ctx, void* data, double bytes, int32_t dtype, double id) {
  return guard(0.0, [&] {
    TORCH_CHECK(!context(ctx).ended, "Memory cannot be lent: this Worker is at its end");
    const auto type = static_cast<at::ScalarType>(dtype);
    const auto shape = readShape(ctx);
    checkSize(shape, type, bytes);
    const Untransformed plain;
    return exportTensor(lentTensor(context(ctx).loans, id, data, shape, type));
  });
}

void fb_tensor_release(double tensor) {
  if (tensor == 0) return;
  guard(0, [&] {
    liveTensors.fetch_sub(1, std::memory_order_relaxed);
    c10::raw::intrusive_ptr::decref(fromHandle<at::TensorImpl>(tensor));
    return 0;
  });
}

double fb_tensor_retain(double tensor) {
  return guard(0.0, [&] { return exportTensor(borrowTensor(tensor)); });
}

void fb_tensor_release_many(const double* handles, uint32_t count) {
  for (uint32_t i = 0; i < count; i++) {
    if (handles[i] != 0) fb_tensor_release(handles[i]);
  }
}

int32_t fb_tensor_meta(double tensor, double ctx) {
  return guard(-1, [&] {
    const at::Tensor self = borrowTensor(tensor);
    const bool strided = self.layout() == at::kStrided;
    Writer out(ctx);
    out.put(static_cast<double>(self.scalar_type()));
    out.put(deviceCode(self.device()));
    out.put(static_cast<double>(self.dim()));
    out.put(static_cast<double>(self.numel()));
    out.put(self.requires_grad());
    out.put(self.is_leaf());
    out.put(static_cast<double>(self.layout()));
    out.put(strided && self.has_storage() ? static_cast<double>(self.storage().nbytes()) : 0);
    out.put(self.is_conj() || self.is_neg());
    for (const int64_t size : self.sizes()) out.put(static_cast<double>(size));
    if (strided) {
      for (const int64_t stride : self.strides()) out.put(static_cast<double>(stride));
    }
    return out.done();
  });
}

int32_t fb_tensor_item(double tensor, double ctx) {
  return guard(-1, [&] {
    // What JavaScript reads is no part of a graph, so reading leaves no trace in one.
    const at::tracer::impl::NoTracerDispatchMode untraced;
    const at::Scalar value = borrowTensor(tensor).item();
    Writer out(ctx);
    putScalar(out, value);
    return out.done();
  });
}

int32_t fb_tensor_read(double tensor, void* out, double bytes) {
  return guard(-1, [&] {
    const at::Tensor self = readable(borrowTensor(tensor));
    const auto size = static_cast<double>(self.numel()) * static_cast<double>(self.element_size());
    TORCH_CHECK_VALUE(size == bytes, "The tensor has ", size, " bytes, the buffer ", bytes);
    if (bytes > 0) copyBytes(out, self.const_data_ptr(), static_cast<int64_t>(bytes));
    return 0;
  });
}

int32_t fb_tensor_set_requires_grad(double tensor, bool on) {
  return guard(-1, [&] {
    borrowTensor(tensor).requires_grad_(on);
    return 0;
  });
}

double fb_tensor_grad(double tensor) {
  return guard(-1.0, [&] { return exportTensor(borrowTensor(tensor).grad()); });
}

int32_t fb_tensor_grads(double ctx) {
  return guard(-1, [&] {
    Reader in(ctx);
    c10::SmallVector<at::Tensor, 32> grads;
    for (size_t i = 0, n = in.nextCount(); i < n; i++) {
      grads.push_back(borrowTensor(in.next()).grad());
    }
    Writer out(ctx);
    for (at::Tensor& grad : grads) {
      const bool there = grad.defined();
      const double dtype = there ? static_cast<double>(grad.scalar_type()) : 0;
      const double layout = there ? static_cast<double>(grad.layout()) : 0;
      const double numel = there ? static_cast<double>(grad.numel()) : 0;
      if (there) {
        out.putTensorOnly(std::move(grad));
      } else {
        out.put(0);
      }
      out.put(dtype);
      out.put(layout);
      out.put(numel);
    }
    return out.done();
  });
}

int32_t fb_tensor_set_grad(double tensor, double grad) {
  return guard(-1, [&] {
    const at::Tensor self = borrowTensor(tensor);
    const at::Tensor value = borrowTensor(grad);
    if (value.defined()) {
      TORCH_CHECK_VALUE(
          value.sizes() == self.sizes(),
          "A gradient has its tensor's shape: expected ",
          self.sizes(),
          ", got ",
          value.sizes());
      TORCH_CHECK_TYPE(
          value.scalar_type() == self.scalar_type(),
          "A gradient has its tensor's dtype: expected ",
          self.scalar_type(),
          ", got ",
          value.scalar_type());
    }
    self.mutable_grad() = value;
    return 0;
  });
}

double fb_tensor_grad_fn(double tensor, double ctx) {
  return guard(-1.0, [&] {
    const at::Tensor self = borrowTensor(tensor);
    const auto& function = self.grad_fn();
    return setText(ctx, function ? function->name() : std::string());
  });
}

int32_t fb_tensor_set_data(double tensor, double other) {
  return guard(-1, [&] {
    const at::Tensor self = borrowTensor(tensor);
    const Exchange exchange(self);
    self.set_data(borrowTensor(other));
    return 0;
  });
}

int32_t fb_tensor_shares_storage(double a, double b) {
  return guard(-1, [&] {
    const at::Tensor first = borrowTensor(a);
    const at::Tensor second = borrowTensor(b);
    return first.is_same(second) || (first.has_storage() && first.is_alias_of(second)) ? 1 : 0;
  });
}
