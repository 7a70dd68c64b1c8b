// The modules that jobs are at. See in_flight.h.
#include "in_flight.h"

#include <mutex>
#include <unordered_map>
#include <unordered_set>

namespace flambeau {
namespace {

using c10::ivalue::Object;

struct Taken {
  std::mutex mutex;
  std::unordered_map<const Object*, int64_t> times;
};

// Never destroyed: jobs may run while the process ends.
Taken& taken() {
  static auto* all = new Taken();
  return *all;
}

// No program replaces a submodule, so that these slots can be read beside one that runs.
bool contains(const Object& object, const Object* wanted, std::unordered_set<const Object*>& seen) {
  if (&object == wanted) return true;
  if (!seen.insert(&object).second) return false;
  const auto type = object.type();
  for (size_t slot = 0; slot < type->numAttributes(); slot++) {
    if (!type->getAttribute(slot)->is_module()) continue;
    const auto& inner = object.getSlot(slot);
    if (inner.isObject() && contains(inner.toObjectRef(), wanted, seen)) return true;
  }
  return false;
}

}  // namespace

InFlight::InFlight(torch::jit::ObjectPtr object) : object_(std::move(object)) {
  auto& all = taken();
  const std::lock_guard<std::mutex> lock(all.mutex);
  all.times[object_.get()]++;
}

InFlight::~InFlight() {
  auto& all = taken();
  const std::lock_guard<std::mutex> lock(all.mutex);
  const auto found = all.times.find(object_.get());
  if (--found->second == 0) all.times.erase(found);
}

void checkNotInFlight(const torch::jit::ObjectPtr& module) {
  auto& all = taken();
  const std::lock_guard<std::mutex> lock(all.mutex);
  int64_t calls = 0;
  for (const auto& [object, times] : all.times) {
    std::unordered_set<const Object*> seen;
    if (contains(*object, module.get(), seen)) calls += times;
  }
  TORCH_CHECK(
      calls == 0,
      "what a module is made of can't change while it is in use, and ",
      calls,
      calls == 1 ? " call" : " calls",
      " of runAsync or saveAsync on it ",
      calls == 1 ? "has" : "have",
      " not ended: await what they return first");
}

}  // namespace flambeau
