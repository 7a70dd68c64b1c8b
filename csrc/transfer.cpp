// Handing tensors, modules and functions from one thread of the caller's to another: they wait here
// under a number that only the receiver is told.
#include <random>
#include <unordered_map>

#include "memory.h"
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

InTransit pack(int32_t kind, double handle) {
  InTransit packed;
  packed.kind = kind;
  if (kind == 0) {
    packed.value = ownMemory(borrowTensor(handle));
  } else if (kind == 1) {
    auto object = borrowObject(handle);
    if (object->type()->is_module()) {
      for (const auto& [name, tensor] : Module(object).named_parameters()) {
        TORCH_CHECK_VALUE(!isLent(tensor), "the parameter ", name, " lies in a TypedArray");
      }
      for (const auto& [name, tensor] : Module(object).named_buffers()) {
        TORCH_CHECK_VALUE(!isLent(tensor), "the buffer ", name, " lies in a TypedArray");
      }
    }
    packed.value = std::move(object);
  } else {
    packed.callable = flambeau::target<Callable>(handle);
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
    return out.count();
  });
}

double fb_transfer_waiting(void) {
  auto& all = transit();
  const std::lock_guard<std::mutex> lock(all.mutex);
  return static_cast<double>(all.waiting.size());
}
