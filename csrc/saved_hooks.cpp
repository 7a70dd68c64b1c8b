// Hooks on the tensors that ops save for their backward pass: pairs of the caller's functions, of
// which the innermost is asked.
#include "saved_hooks.h"

#include "host.h"

namespace flambeau {
namespace {

// A saved tensor, as JavaScript keeps it: by the id that packing gave.
class SavedHooks : public torch::autograd::SavedVariableHooks {
 public:
  explicit SavedHooks(HostFunctionPtr hooks) : hooks_(std::move(hooks)) {}

  void call_pack_hook(const at::Tensor& tensor) override {
    const double id = hooks_->call(
        FB_CALL_PACK_SAVED,
        [&](Writer& out) { out.putTensor(tensor); },
        [](Reader& in) { return in.next(); });
    packed_ = std::make_unique<HostFunction>(id);
  }

  at::Tensor call_unpack_hook() override {
    TORCH_CHECK(packed_, "A saved tensor was never packed");
    return packed_->call(
        FB_CALL_UNPACK_SAVED, [](Writer&) {}, [](Reader& in) { return borrowTensor(in.next()); });
  }

 private:
  HostFunctionPtr hooks_;
  std::unique_ptr<HostFunction> packed_;
};

// One pair, or none, or those of the scope in which what is saved may be changed.
struct Active {
  HostFunctionPtr hooks;
  bool mutation = false;
};

thread_local std::vector<Active> active;

}  // namespace

std::unique_ptr<torch::autograd::SavedVariableHooks> defaultSavedHooks() {
  if (active.empty()) return nullptr;
  if (active.back().mutation) return mutationHooks();
  if (!active.back().hooks) return nullptr;
  return std::make_unique<SavedHooks>(active.back().hooks);
}

}  // namespace flambeau

using namespace flambeau;

int32_t fb_saved_hooks_push(double id) {
  return guard(-1, [&] {
    active.push_back({id > 0 ? std::make_shared<HostFunction>(id) : nullptr, id < 0});
    return static_cast<int32_t>(active.size());
  });
}

int32_t fb_saved_hooks_pop(void) {
  return guard(-1, [] {
    TORCH_CHECK(!active.empty(), "There are no saved tensor hooks to take away");
    active.pop_back();
    return static_cast<int32_t>(active.size());
  });
}
