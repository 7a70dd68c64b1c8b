// Tensors that may be changed although an op has saved them: what was saved is copied just before
// the first change.
//
// As in PyTorch (torch.autograd.graph.allow_mutation_on_saved_tensors) hooks note what is saved,
// and a mode looks at every op before it writes. PyTorch compares addresses of first elements; here
// it is the storage, so that a change by way of a view of another part is seen too.
#include <ATen/ATen.h>
#include <torch/library.h>

#include <mutex>
#include <unordered_map>

#include "internal.h"
#include "saved_hooks.h"

namespace flambeau {
namespace {

constexpr auto kMode = c10::DispatchKey::TESTING_ONLY_GenericMode;

// Whether the scope goes on in which something was saved.
struct Scope {
  std::atomic<bool> ended = false;
};

struct Kept;
using KeptPtr = std::shared_ptr<Kept>;

// What is saved and not yet copied, by storage.
struct Registry {
  std::mutex mutex;
  std::unordered_map<const c10::StorageImpl*, std::vector<std::weak_ptr<Kept>>> kept;
};

Registry& registry() {
  // Never freed: graphs may outlive what static destructors end.
  static auto* one = new Registry;
  return *one;
}

const c10::StorageImpl* storageOf(const at::Tensor& tensor) {
  if (!tensor.defined()) return nullptr;
  const auto* impl = tensor.unsafeGetTensorImpl();
  return impl->has_storage() ? impl->unsafe_storage().unsafeGetStorageImpl() : nullptr;
}

// A copy that no mode and no transform has a part in.
at::Tensor copyOf(const at::Tensor& tensor) {
  using Key = c10::DispatchKey;
  const c10::impl::ExcludeDispatchKeyGuard modes(
      c10::DispatchKeySet(
          {kMode, Key::FuncTorchDynamicLayerFrontMode, Key::FuncTorchDynamicLayerBackMode}));
  const c10::InferenceMode no_inference(false);
  const at::NoGradGuard no_grad;
  return tensor.clone();
}

struct Kept {
  std::mutex mutex;
  at::Tensor tensor;
  const c10::StorageImpl* storage = nullptr;

  ~Kept() {
    if (!storage) return;
    auto& all = registry();
    const std::lock_guard<std::mutex> lock(all.mutex);
    const auto found = all.kept.find(storage);
    if (found == all.kept.end()) return;
    std::erase_if(found->second, [](const auto& one) { return one.expired(); });
    if (found->second.empty()) all.kept.erase(found);
  }

  at::Tensor get() {
    const std::lock_guard<std::mutex> lock(mutex);
    return tensor;
  }

  void part() {
    at::Tensor copy = copyOf(get());
    const std::lock_guard<std::mutex> lock(mutex);
    tensor = std::move(copy);
  }
};

KeptPtr keep(const at::Tensor& tensor) {
  auto kept = std::make_shared<Kept>();
  const auto* storage = storageOf(tensor);
  if (!storage) {
    // Its parts may be changed by ways that are not seen.
    kept->tensor = copyOf(tensor);
    return kept;
  }
  kept->tensor = tensor;
  kept->storage = storage;
  auto& all = registry();
  const std::lock_guard<std::mutex> lock(all.mutex);
  all.kept[storage].push_back(kept);
  return kept;
}

void beforeWrite(const at::Tensor& tensor) {
  const auto* storage = storageOf(tensor);
  if (!storage) return;
  std::vector<KeptPtr> found;
  {
    auto& all = registry();
    const std::lock_guard<std::mutex> lock(all.mutex);
    const auto entry = all.kept.find(storage);
    if (entry == all.kept.end()) return;
    for (const auto& one : entry->second) {
      if (auto kept = one.lock()) found.push_back(std::move(kept));
    }
  }
  // Where memory runs out the op fails, and what is not copied yet is still noted.
  for (const auto& kept : found) kept->part();
  auto& all = registry();
  const std::lock_guard<std::mutex> lock(all.mutex);
  const auto entry = all.kept.find(storage);
  if (entry == all.kept.end()) return;
  std::erase_if(entry->second, [&](const auto& one) {
    const auto kept = one.lock();
    return !kept || std::find(found.begin(), found.end(), kept) != found.end();
  });
  if (entry->second.empty()) all.kept.erase(entry);
}

void beforeOp(const c10::OperatorHandle& op, c10::DispatchKeySet keys, torch::jit::Stack* stack) {
  const auto& arguments = op.schema().arguments();
  const auto given = torch::jit::last(*stack, arguments.size());
  for (size_t i = 0; i < arguments.size(); i++) {
    const auto* alias = arguments[i].alias_info();
    if (!alias || !alias->isWrite()) continue;
    const auto& value = given[i];
    if (value.isTensor()) {
      beforeWrite(value.toTensor());
    } else if (value.isTensorList()) {
      for (const at::Tensor& one : value.toTensorVector()) beforeWrite(one);
    }
  }
  op.redispatchBoxed(keys & c10::DispatchKeySet(c10::DispatchKeySet::FULL_AFTER, kMode), stack);
}

class MutationHooks : public torch::autograd::SavedVariableHooks {
 public:
  explicit MutationHooks(std::shared_ptr<Scope> scope) : scope_(std::move(scope)) {}

  void call_pack_hook(const at::Tensor& tensor) override { kept_ = keep(tensor); }

  at::Tensor call_unpack_hook() override {
    TORCH_CHECK(
        kept_ && !scope_->ended,
        "Trying to backward outside of the 'allowMutationOnSavedTensors' scope in which the graph "
        "was originally recorded");
    return kept_->get();
  }

 private:
  std::shared_ptr<Scope> scope_;
  KeptPtr kept_;
};

thread_local std::shared_ptr<Scope> current;

}  // namespace

std::unique_ptr<torch::autograd::SavedVariableHooks> mutationHooks() {
  if (!current) return nullptr;
  return std::make_unique<MutationHooks>(current);
}

}  // namespace flambeau

using namespace flambeau;

TORCH_LIBRARY_IMPL(_, TESTING_ONLY_GenericMode, library) {
  library.fallback(torch::CppFunction::makeFromBoxedFunction<&beforeOp>());
}

int32_t fb_mutation_enter(void) {
  return guard(-1, [] {
    TORCH_CHECK(!current, "allowMutationOnSavedTensors scopes cannot be nested");
    current = std::make_shared<Scope>();
    c10::impl::tls_set_dispatch_key_included(kMode, true);
    return 0;
  });
}

int32_t fb_mutation_leave(void) {
  return guard(-1, [] {
    if (!current) return 0;
    c10::impl::tls_set_dispatch_key_included(kMode, false);
    current->ended = true;
    current.reset();
    return 0;
  });
}
