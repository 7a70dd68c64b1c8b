// Memory that JavaScript lent. See lent.h.
#include "lent.h"

#include <ATen/ATen.h>
#include <ATen/SparseCsrTensorUtils.h>
#include <c10/core/CPUAllocator.h>

#include <cstring>
#include <optional>

#include "internal.h"

namespace flambeau {

struct Loan {
  std::shared_ptr<Loans> loans;
  double id;
  std::optional<c10::weak_intrusive_ptr<c10::StorageImpl>> storage;
};

namespace {

void letGo(void* loan) {
  const std::unique_ptr<Loan> ended(static_cast<Loan*>(loan));
  ended->loans->end(ended.get());
}

void replaceMemory(c10::StorageImpl& storage) {
  auto memory = c10::GetCPUAllocator()->allocate(storage.nbytes());
  std::memcpy(memory.get(), storage.data_ptr().get(), storage.nbytes());
  storage.set_data_ptr(std::move(memory));
}

}  // namespace

void Loans::add(Loan* loan) {
  const std::lock_guard<std::mutex> lock(mutex_);
  live_.insert(loan);
}

void Loans::end(Loan* loan) {
  const std::lock_guard<std::mutex> lock(mutex_);
  live_.erase(loan);
  ended_.push_back(loan->id);
}

bool Loans::any() {
  const std::lock_guard<std::mutex> lock(mutex_);
  return !live_.empty();
}

std::vector<double> Loans::takeEnded(size_t most) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const size_t count = std::min(ended_.size(), most);
  const std::vector<double> ids(ended_.end() - static_cast<ptrdiff_t>(count), ended_.end());
  ended_.resize(ended_.size() - count);
  return ids;
}

void Loans::replace() {
  std::vector<c10::intrusive_ptr<c10::StorageImpl>> storages;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    for (const Loan* loan : live_) {
      // Null where the last tensor is on its way out.
      if (auto storage = loan->storage->lock()) storages.push_back(std::move(storage));
    }
  }
  for (const auto& storage : storages) {
    if (storage->data_ptr().get_deleter() == &letGo) replaceMemory(*storage);
  }
}

at::Tensor lentTensor(
    const std::shared_ptr<Loans>& loans,
    double id,
    void* data,
    const std::vector<int64_t>& shape,
    at::ScalarType dtype) {
  auto* loan = new Loan{loans, id, std::nullopt};
  auto tensor = at::for_blob(data, shape)
                    .context(loan, letGo)
                    .options(at::TensorOptions(dtype))
                    .make_tensor();
  loan->storage = tensor.storage().getWeakStorageImpl();
  loans->add(loan);
  return tensor;
}

bool isLent(const at::Tensor& tensor) {
  if (!tensor.defined()) return false;
  if (tensor.is_sparse()) return isLent(tensor._indices()) || isLent(tensor._values());
  if (at::sparse_csr::is_sparse_compressed(tensor)) {
    const auto [compressed, plain] = at::sparse_csr::getCompressedPlainIndices(tensor);
    return isLent(compressed) || isLent(plain) || isLent(tensor.values());
  }
  return tensor.has_storage() && tensor.storage().data_ptr().get_deleter() == &letGo;
}

std::optional<double> loanOf(const at::Tensor& tensor, const Loans* loans) {
  const auto* loan = static_cast<const Loan*>(tensor.storage().data_ptr().get_context());
  return loan->loans.get() == loans ? std::optional(loan->id) : std::nullopt;
}

}  // namespace flambeau

using namespace flambeau;

int32_t fb_memory_released(double ctx) {
  return guard(-1, [&] {
    Writer out(ctx);
    for (const double id : context(ctx).loans->takeEnded(context(ctx).capacity)) out.put(id);
    return out.done();
  });
}
