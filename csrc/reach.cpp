// See reach.h.
#include "reach.h"

#include <ATen/core/Dict.h>
#include <ATen/core/List.h>
#include <ATen/core/ivalue_inl.h>
#include <c10/util/Exception.h>

#include <algorithm>
#include <unordered_map>

#include "nesting.h"

namespace flambeau {
namespace {

// Each part is looked at once, however many hold it.
class Reach {
 public:
  // How deep the value is.
  int follow(const at::IValue& value, int depth) {
    if (!leadsOn(value)) return 0;
    const auto [at, isNew] = heights_.try_emplace(value.internalToPointer(), kOpen);
    check(at->second != kOpen || isNew);
    check(depth + std::max(at->second, 0) < kDeepest);
    if (!isNew) return at->second;
    const void* self = at->first;
    const int height = 1 + deepestPart(value, depth + 1);
    heights_[self] = height;
    return height;
  }

 private:
  // Of what is being followed.
  static constexpr int kOpen = -1;

  static bool leadsOn(const at::IValue& value) {
    return value.isObject() || value.isTuple() || value.isList() || value.isGenericDict();
  }

  static void check(bool holds) {
    TORCH_CHECK_VALUE(
        holds, "what the attributes hold is more than ", kDeepest, " deep, or contains itself");
  }

  int deepestPart(const at::IValue& value, int depth) {
    int deepest = 0;
    const auto enter = [&](const at::IValue& part) {
      deepest = std::max(deepest, follow(part, depth));
    };
    if (value.isObject()) {
      for (const auto& slot : value.toObjectRef().slots()) enter(slot);
    } else if (value.isTuple()) {
      for (const auto& element : value.toTupleRef().elements()) enter(element);
    } else if (value.isList()) {
      for (const auto& element : value.toListRef()) enter(element);
    } else {
      for (const auto& entry : value.toGenericDict()) {
        enter(entry.key());
        enter(entry.value());
      }
    }
    return deepest;
  }

  std::unordered_map<const void*, int> heights_;
};

}  // namespace

void checkReach(const at::IValue& object) {
  Reach().follow(object, 0);
}

}  // namespace flambeau
