// Memory under tensors that JavaScript reads and writes in place, through an ArrayBuffer. It lives
// as long as the longer of the two, whatever LibTorch does to the storage meanwhile: the storage no
// longer owns its block, but a share in it.
#include <ATen/ATen.h>

#include <atomic>
#include <utility>

#include "internal.h"
#include "lent.h"
#include "memory.h"

namespace flambeau {
namespace {

struct SharedBlock {
  at::DataPtr own;
  std::atomic<int32_t> holders{1};
};

void letGo(void* block) {
  auto* shared = static_cast<SharedBlock*>(block);
  if (shared->holders.fetch_sub(1, std::memory_order_acq_rel) == 1) delete shared;
}

// The block under a storage, with one more holder.
SharedBlock* share(c10::StorageImpl& storage) {
  const at::DataPtr& now = storage.data_ptr();
  if (now.get_deleter() == &letGo) {
    auto* shared = static_cast<SharedBlock*>(now.get_context());
    shared->holders.fetch_add(1, std::memory_order_relaxed);
    return shared;
  }
  void* data = storage.mutable_data();
  const at::Device device = storage.device();
  auto* shared = new SharedBlock{};
  shared->holders = 2;
  shared->own = storage.set_data_ptr(at::DataPtr(data, shared, &letGo, device));
  // As PyTorch's numpy() does: a resized storage would leave the array behind.
  storage.set_resizable(false);
  return shared;
}

void checkShareable(const at::Tensor& tensor) {
  TORCH_CHECK_TYPE(
      tensor.layout() == at::kStrided && tensor.is_cpu() && !tensor._is_zerotensor() &&
          tensor.unsafeGetTensorImpl()->has_storage(),
      "only a dense tensor in the CPU's memory can be shared: copy it with toTypedArray()");
  TORCH_CHECK_TYPE(
      onMainThread() || !isLent(tensor),
      "the tensor lies in a TypedArray of this Worker's already: use that, or clone() the tensor");
  TORCH_CHECK_TYPE(
      !tensor.requires_grad(),
      "the tensor requires gradients, which would not see what is written to the array: call "
      "detach() first");
  TORCH_CHECK_VALUE(
      !tensor.is_conj() && !tensor.is_neg(),
      "the values in memory are the tensor's conjugates or negatives: call resolveConj() and "
      "resolveNeg() first");
  TORCH_CHECK_VALUE(
      tensor.is_contiguous(),
      "the elements do not lie one after another in memory: call contiguous() first, which "
      "copies, or toTypedArray()");
}

}  // namespace

c10::DeleterFnPtr ownDeleter(const at::DataPtr& data) {
  if (data.get_deleter() != &letGo) return data.get_deleter();
  return static_cast<const SharedBlock*>(data.get_context())->own.get_deleter();
}

void sharedBufferCollected(void* /*bytes*/, void* block) {
  letGo(block);
}

}  // namespace flambeau

using namespace flambeau;

int32_t fb_memory_share(double tensor, double ctx) {
  return guard(-1, [&] {
    const at::Tensor self = borrowTensor(tensor);
    checkShareable(self);
    // Gives a storage that shares its bytes until one side writes bytes of its own.
    void* data = self.mutable_data_ptr();
    Writer out(ctx);
    out.put(toHandle(data));
    out.put(toHandle(share(*self.storage().unsafeGetStorageImpl())));
    return out.count();
  });
}

void fb_memory_unshare(double block) {
  if (block != 0) letGo(fromHandle<void>(block));
}
