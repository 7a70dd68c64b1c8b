// Handing tensors, modules and functions from one thread of the caller's to another: they wait here
// under a number that only the receiver is told.
#include <random>
#include <unordered_map>
#include <unordered_set>

#include "lent.h"
#include "script.h"

namespace flambeau {
namespace {

struct InTransit {
  int32_t kind = 0;
  at::IValue value;
  std::optional<Callable> callable;
};

struct Transit {
  std::mutex mutex;
  std::unordered_map<uint64_t, InTransit> waiting;
  std::mt19937_64 numbers{std::random_device{}()};
};

Transit& transit() {
  static auto* all = new Transit();
  return *all;
}

// Memory that one thread's JavaScript lent goes when that thread ends.
at::Tensor ownMemory(const at::Tensor& tensor) {
  return isLent(tensor) ? tensor.clone() : tensor;
}

// Where an object holds a tensor in lent memory, at any depth: names with dots between them.
// Nothing where it holds none.
std::optional<std::string> pathToLent(
    const at::IValue& value, const std::string& path, std::unordered_set<const void*>& seen) {
  if (value.isTensor()) return isLent(value.toTensor()) ? std::optional(path) : std::nullopt;
  if (!value.isPtrType() || !seen.insert(value.internalToPointer()).second) return std::nullopt;
  std::optional<std::string> found;
  if (value.isObject()) {
    const auto object = value.toObject();
    for (size_t slot = 0; slot < object->slots().size() && !found; slot++) {
      const auto& name = object->type()->getAttributeName(slot);
      found = pathToLent(object->getSlot(slot), path.empty() ? name : path + "." + name, seen);
    }
    return found;
  }
  value.visit([&](const at::IValue& inner) {
    if (inner.is(value)) return false;
    if (!found) found = pathToLent(inner, path, seen);
    return true;
  });
  return found;
}

void refuseLent(const at::IValue& object) {
  std::unordered_set<const void*> seen;
  const auto path = pathToLent(object, "", seen);
  TORCH_CHECK_VALUE(
      !path,
      "the attribute '",
      path.value_or(""),
      "' holds a tensor that lies in a TypedArray, whose memory goes with this thread: give it a "
      "clone() of that");
}

InTransit pack(int32_t kind, double handle) {
  InTransit packed;
  packed.kind = kind;
  if (kind == 0) {
    packed.value = ownMemory(borrowTensor(handle));
  } else if (kind == 1) {
    packed.value = borrowObject(handle);
    refuseLent(packed.value);
  } else {
    packed.callable = flambeau::target<Callable>(handle);
    if (packed.callable->self) refuseLent(at::IValue(*packed.callable->self));
  }
  return packed;
}

}  // namespace
}  // namespace flambeau

using namespace flambeau;

double fb_transfer_put(int32_t kind, double handle) {
  return guard(0.0, [&] {
    InTransit packed = pack(kind, handle);
    auto& all = transit();
    const std::lock_guard<std::mutex> lock(all.mutex);
    uint64_t number = 0;
    // What a double holds exactly.
    do number = all.numbers() >> 12;
    while (number == 0 || all.waiting.count(number) != 0);
    all.waiting.emplace(number, std::move(packed));
    return static_cast<double>(number);
  });
}

int32_t fb_transfer_take(double ctx, double number) {
  return guard(-1, [&] {
    InTransit packed;
    {
      auto& all = transit();
      const std::lock_guard<std::mutex> lock(all.mutex);
      const auto found = all.waiting.find(static_cast<uint64_t>(toInteger(number)));
      TORCH_CHECK_VALUE(
          found != all.waiting.end(),
          "nothing waits under this ticket: it was received already, or made by another process");
      packed = std::move(found->second);
      all.waiting.erase(found);
    }
    Writer out(ctx);
    out.put(packed.kind);
    if (packed.callable) {
      out.put(exportCallable(std::move(*packed.callable)));
    } else {
      writeValue(out, packed.value);
    }
    return out.done();
  });
}

double fb_transfer_waiting(void) {
  auto& all = transit();
  const std::lock_guard<std::mutex> lock(all.mutex);
  return static_cast<double>(all.waiting.size());
}
