// Memory under tensors that JavaScript reads and writes in place, through an ArrayBuffer. It lives
// as long as the longer of the two, whatever LibTorch does to the storage meanwhile: the storage no
// longer owns its block, but a share in it.
#include <ATen/ATen.h>

#include <atomic>
#include <mutex>
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

std::mutex sharing;

// The block under a storage, with one more holder.
SharedBlock* share(c10::StorageImpl& storage) {
  const std::lock_guard<std::mutex> lock(sharing);
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
  return shared;
}

void checkShareable(const at::Tensor& tensor) {
  TORCH_CHECK_TYPE(
      tensor.layout() == at::kStrided && tensor.is_cpu() && !tensor._is_zerotensor() &&
          tensor.unsafeGetTensorImpl()->has_storage(),
      "only a dense tensor in the CPU's memory can be shared: copy it with toTypedArray()");
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

void* holdMemory(c10::StorageImpl& storage) {
  return share(storage);
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
    Writer out(ctx);
    if (isLent(self)) {
      const auto id = loanOf(self, context(ctx).loans.get());
      TORCH_CHECK_VALUE(
          id,
          "the tensor lies in a TypedArray of another Worker: clone() it, or copy it with "
          "toTypedArray()");
      out.put(
          static_cast<double>(self.storage_offset()) * static_cast<double>(self.element_size()));
      out.put(0);
      out.put(*id);
      return out.done();
    }
    // Gives a storage that shares its bytes until one side writes bytes of its own.
    void* data = self.mutable_data_ptr();
    out.put(toHandle(data));
    auto& storage = *self.storage().unsafeGetStorageImpl();
    out.put(toHandle(share(storage)));
    // As PyTorch's numpy() does: a resized storage would leave the array behind.
    storage.set_resizable(false);
    out.put(0);
    return out.done();
  });
}

void fb_memory_unshare(double block) {
  if (block != 0) letGo(fromHandle<void>(block));
}
