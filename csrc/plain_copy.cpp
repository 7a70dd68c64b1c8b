// See plain_copy.h.
#include "plain_copy.h"

#include <ATen/record_function.h>

#include "copy.h"
#include "plain.h"

namespace flambeau {
namespace {

// Where its elements begin, if all of them lie there in order; null otherwise.
char* denseData(at::TensorImpl* tensor, size_t bytes) {
  if (!isPlain(tensor) || !tensor->has_storage() || !tensor->is_contiguous()) return nullptr;
  const auto& storage = tensor->unsafe_storage();
  const size_t begin = static_cast<size_t>(tensor->storage_offset()) * tensor->itemsize();
  if (begin + bytes > storage.nbytes()) return nullptr;
  auto* data = static_cast<char*>(storage.unsafeGetStorageImpl()->mutable_data());
  return data == nullptr ? nullptr : data + begin;
}

}  // namespace

bool copyPlain(at::TensorImpl* to, at::TensorImpl* from) {
  if (to == nullptr || from == nullptr || to->dtype() != from->dtype()) return false;
  if (to->sizes() != from->sizes() || !isDirect() || at::hasCallbacks()) return false;
  const size_t bytes = static_cast<size_t>(to->numel()) * to->itemsize();
  char* target = denseData(to, bytes);
  const char* source = denseData(from, bytes);
  if (target == nullptr || source == nullptr) return false;
  // Memory that overlaps is LibTorch's to refuse.
  if (target < source + bytes && source < target + bytes) return false;
  copyBytes(target, source, static_cast<int64_t>(bytes));
  to->bump_version();
  return true;
}

}  // namespace flambeau
