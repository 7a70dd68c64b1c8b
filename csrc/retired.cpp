// Values that were replaced. See retired.h.
#include "retired.h"

#include <c10/core/impl/COW.h>
#include <torch/custom_class.h>

#include <deque>
#include <mutex>
#include <set>
#include <utility>

#include "memory.h"

namespace flambeau {
namespace {

struct Retired {
  std::mutex mutex;
  uint64_t clock = 0;
  std::set<uint64_t> readers;
  std::deque<std::pair<uint64_t, at::IValue>> values;
};

// Never destroyed: jobs may run while the process ends.
Retired& retired() {
  static auto* all = new Retired();
  return *all;
}

thread_local bool reads = false;

// Whether any job but this thread's own may be reading.
bool othersRead() {
  auto& all = retired();
  const std::lock_guard<std::mutex> lock(all.mutex);
  return all.readers.size() > (reads ? 1U : 0U);
}

// A storage, and the memory that it has now.
struct Held final : torch::CustomClassHolder {
  explicit Held(const c10::Storage& of) : storage(of) {
    auto& impl = *storage.unsafeGetStorageImpl();
    // Lent memory, and memory that is copied when it is written to, others keep.
    const bool own = impl.resizable() && !c10::impl::cow::is_cow_data_ptr(impl.data_ptr());
    if (own && impl.nbytes() > 0) block = holdMemory(impl);
  }
  ~Held() override {
    if (block != nullptr) sharedBufferCollected(nullptr, block);
  }

  c10::Storage storage;
  void* block = nullptr;
};

}  // namespace

void retireMemory(const at::Tensor& tensor) {
  const bool inMemory = tensor.defined() && tensor.is_cpu() && tensor.has_storage();
  if (!inMemory || !othersRead()) return;
  retire(at::IValue::make_capsule(c10::make_intrusive<Held>(tensor.storage())));
}

void retire(at::IValue value) {
  auto& all = retired();
  const std::lock_guard<std::mutex> lock(all.mutex);
  if (!all.readers.empty()) all.values.emplace_back(all.clock, std::move(value));
}

Reading::Reading() {
  auto& all = retired();
  const std::lock_guard<std::mutex> lock(all.mutex);
  since_ = ++all.clock;
  all.readers.insert(since_);
  reads = true;
}

Reading::~Reading() {
  reads = false;
  auto& all = retired();
  // Freed outside of the lock.
  std::deque<std::pair<uint64_t, at::IValue>> freed;
  const std::lock_guard<std::mutex> lock(all.mutex);
  all.readers.erase(since_);
  while (!all.values.empty() &&
         (all.readers.empty() || all.values.front().first < *all.readers.begin())) {
    freed.push_back(std::move(all.values.front()));
    all.values.pop_front();
  }
}

}  // namespace flambeau
