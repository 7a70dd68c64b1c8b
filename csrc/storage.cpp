// The memory under tensors: which one it is, and its bytes, in pieces.
#include <ATen/ATen.h>

#include <cstring>

#include "internal.h"

namespace flambeau {
namespace {

// The piece from `offset` on, of `bytes`; throws where it does not lie inside a CPU storage.
char* piece(const at::Tensor& tensor, double offset, double bytes) {
  TORCH_CHECK_VALUE(
      tensor.layout() == at::kStrided && tensor.device().is_cpu() && tensor.has_storage(),
      "Only a dense tensor on the CPU has bytes to copy");
  const at::Storage& storage = tensor.storage();
  const auto size = static_cast<double>(storage.nbytes());
  TORCH_CHECK_VALUE(
      offset >= 0 && bytes >= 0 && offset + bytes <= size,
      "The bytes from ",
      offset,
      " to ",
      offset + bytes,
      " are not inside of a storage of ",
      size);
  return static_cast<char*>(storage.mutable_data()) + static_cast<size_t>(offset);
}

}  // namespace
}  // namespace flambeau

using namespace flambeau;

int32_t fb_storage_info(double tensor, double ctx) {
  return guard(-1, [&] {
    const at::Tensor self = borrowTensor(tensor);
    const bool dense = self.layout() == at::kStrided && self.has_storage() && !self.is_meta();
    Writer out(ctx);
    out.put(dense ? toHandle(self.storage().unsafeGetStorageImpl()) : 0);
    out.put(dense ? static_cast<double>(self.storage().nbytes()) : 0);
    out.put(dense ? static_cast<double>(self.storage_offset()) : 0);
    out.put(static_cast<double>(self.element_size()));
    out.put(self.is_conj());
    out.put(self.is_neg());
    out.put(self._is_zerotensor());
    return out.done();
  });
}

int32_t fb_storage_read(double tensor, double offset, void* out, double bytes) {
  return guard(-1, [&] {
    const at::Tensor self = borrowTensor(tensor);
    const char* from = piece(self, offset, bytes);
    if (bytes > 0) std::memcpy(out, from, static_cast<size_t>(bytes));
    return 0;
  });
}

int32_t fb_storage_write(double tensor, double offset, const void* data, double bytes) {
  return guard(-1, [&] {
    const at::Tensor self = borrowTensor(tensor);
    char* to = piece(self, offset, bytes);
    if (bytes > 0) std::memcpy(to, data, static_cast<size_t>(bytes));
    return 0;
  });
}
