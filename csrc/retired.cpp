// Values that were replaced. See retired.h.
#include "retired.h"

#include <c10/core/impl/COW.h>
#include <torch/custom_class.h>

#include <atomic>
#include <deque>
#include <mutex>
#include <set>
#include <string>
#include <unordered_set>
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

// How many `readers` there are.
std::atomic<int64_t> reading{0};

thread_local std::vector<at::IValue>* ofJob = nullptr;

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

bool givesOtherMemory(const std::string& name) {
  static const std::unordered_set<std::string> names{
      "aten::resize_", "aten::resize_as_", "aten::set_", "aten::set_data", "aten::_resize_output_"};
  return names.count(name) != 0;
}

}  // namespace

std::vector<size_t> exchangedBy(const c10::FunctionSchema& schema) {
  if (givesOtherMemory(schema.name())) return {0};
  std::vector<size_t> places;
  for (size_t i = 0; i < schema.arguments().size(); i++) {
    const auto& argument = schema.arguments()[i];
    const auto* alias = argument.alias_info();
    // One that a result is written to grows where it is too small.
    if (argument.kwarg_only() && alias != nullptr && alias->isWrite()) places.push_back(i);
  }
  return places;
}

void Exchange::keep(const at::Tensor& tensor) {
  const bool inMemory = tensor.defined() && tensor.is_cpu() && tensor.has_storage();
  if (!inMemory || reading.load(std::memory_order_relaxed) == 0) return;
  kept_.push_back(at::IValue::make_capsule(c10::make_intrusive<Held>(tensor.storage())));
}

void Exchange::keep(const at::IValue& value) {
  if (value.isTensor()) keep(value.toTensor());
  if (!value.isTensorList()) return;
  for (const at::Tensor& tensor : value.toTensorVector()) keep(tensor);
}

Exchange::~Exchange() {
  for (auto& value : kept_) retire(std::move(value));
}

void retire(at::IValue value) {
  if (ofJob != nullptr) {
    ofJob->push_back(std::move(value));
    return;
  }
  auto& all = retired();
  const std::lock_guard<std::mutex> lock(all.mutex);
  if (!all.readers.empty()) all.values.emplace_back(all.clock, std::move(value));
}

Reading::Reading() {
  auto& all = retired();
  const std::lock_guard<std::mutex> lock(all.mutex);
  since_ = ++all.clock;
  all.readers.insert(since_);
  reading++;
}

Reading::~Reading() {
  auto& all = retired();
  // Freed outside of the lock.
  std::deque<std::pair<uint64_t, at::IValue>> freed;
  const std::lock_guard<std::mutex> lock(all.mutex);
  all.readers.erase(since_);
  reading--;
  while (!all.values.empty() &&
         (all.readers.empty() || all.values.front().first < *all.readers.begin())) {
    freed.push_back(std::move(all.values.front()));
    all.values.pop_front();
  }
}

RetiresTo::RetiresTo(std::vector<at::IValue>& values) {
  ofJob = &values;
}

RetiresTo::~RetiresTo() {
  ofJob = nullptr;
}

}  // namespace flambeau
