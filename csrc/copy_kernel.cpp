// Copies between two dense tensors of one dtype, by memcpy.
//
// LibTorch's kernel moves vectors with loads and stores of its own. Where the memory is in the
// cache, or on small pages, as a TypedArray's is, that takes a third more to twice as long as
// memcpy, which knows the processor. The kernel is a pointer of LibTorch's, one for each kind of
// processor, looked up at the first copy: this one goes in front of it, for whatever copies
// (`copy_`, `clone`, `contiguous`, a program's own).

// As LibTorch was built: what the declarations below depend on.
#ifdef __x86_64__
#define HAVE_AVX2_CPU_DEFINITION
#define HAVE_AVX512_CPU_DEFINITION
#endif

#include <ATen/Parallel.h>
#include <ATen/TensorIterator.h>
#include <ATen/native/Copy.h>

#include <cstring>

#include "copy.h"

namespace flambeau {
namespace {

using Kernel = at::native::copy_fn;
using Kernels = at::native::DispatchStub<Kernel, at::native::copy_stub_DECLARE_DISPATCH_type>;

// Bytes that are worth a thread: what LibTorch gives one at least, in float32.
constexpr int64_t kGrain = 4 * at::internal::GRAIN_SIZE;

bool isPlain(const at::TensorIterator& iter) {
  if (iter.ntensors() != 2 || iter.dtype(0) != iter.dtype(1) || !iter.is_contiguous()) return false;
  const auto& to = iter.tensor_base(0);
  const auto& from = iter.tensor_base(1);
  return to.is_conj() == from.is_conj() && to.is_neg() == from.is_neg();
}

template <Kernel* kernel>
void copyOr(at::TensorIterator& iter, bool nonBlocking) {
  if (!isPlain(iter)) return (*kernel)(iter, nonBlocking);
  if (iter.data_ptr(0) != iter.data_ptr(1)) {
    copyBytes(iter.data_ptr(0), iter.data_ptr(1), iter.numel() * iter.element_size(0));
  }
  // An output of another dtype than the common one is a temporary until here (`cat` of several).
  iter.cast_outputs();
}

// None is a processor that LibTorch has no kernel for: it takes the next lesser one.
template <Kernel* kernel>
void replace(Kernel& kernels) {
  *kernel = kernels;
  if (kernels != nullptr) kernels = &copyOr<kernel>;
}

Kernel plainKernel = nullptr;
#ifdef __x86_64__
Kernel avx2Kernel = nullptr;
Kernel avx512Kernel = nullptr;
#endif

const bool replaced = [] {
  replace<&plainKernel>(Kernels::DEFAULT);
#ifdef __x86_64__
  replace<&avx2Kernel>(Kernels::AVX2);
  replace<&avx512Kernel>(Kernels::AVX512);
#endif
  return true;
}();

}  // namespace

void copyBytes(void* to, const void* from, int64_t bytes) {
  at::parallel_for(0, bytes, kGrain, [&](int64_t begin, int64_t end) {
    std::memcpy(
        static_cast<char*>(to) + begin,
        static_cast<const char*>(from) + begin,
        static_cast<size_t>(end - begin));
  });
}

}  // namespace flambeau
