#include "sort_lists.h"

#include <ATen/core/ivalue.h>
#include <ATen/ops/lt.h>

#include <algorithm>
#include <string>
#include <unordered_map>
#include <vector>

#include "internal.h"

namespace flambeau {
namespace {

using at::IValue;
using torch::jit::Stack;
using Less = c10::IValueComparator;

// Merges, and never looks beyond the two runs, whatever `less` answers; equal ones keep their
// order.
void mergeSort(std::vector<IValue>& values, std::vector<IValue>& spare, const Less& less) {
  const size_t count = values.size();
  for (size_t width = 1; width < count; width *= 2) {
    for (size_t start = 0; start < count; start += 2 * width) {
      const size_t middle = std::min(start + width, count);
      const size_t end = std::min(start + 2 * width, count);
      size_t left = start;
      size_t right = middle;
      for (size_t at = start; at < end; at++) {
        const bool second = left == middle || (right < end && less(values[right], values[left]));
        spare[at] = std::move(values[second ? right++ : left++]);
      }
    }
    values.swap(spare);
  }
}

Less comparatorOf(const IValue& first, bool reverse) {
  Less less = first.isTensor()
                  ? [](const IValue& a,
                       const IValue& b) { return at::lt(a.toTensor(), b.toTensor()).is_nonzero(); }
                  : c10::getLessThanComparator(first);
  if (!reverse) return less;
  return [less](const IValue& a, const IValue& b) { return less(b, a); };
}

std::vector<IValue> sorted(const c10::List<IValue>& list, bool reverse) {
  std::vector<IValue> values(list.begin(), list.end());
  if (values.empty()) return values;
  std::vector<IValue> spare(values.size());
  mergeSort(values, spare, comparatorOf(values[0], reverse));
  return values;
}

void sortInPlace(Stack& stack) {
  const bool reverse = torch::jit::pop(stack).toBool();
  auto list = torch::jit::pop(stack).toList();
  const auto values = sorted(list, reverse);
  TORCH_CHECK_VALUE(list.size() == values.size(), "the list was changed while it was sorted");
  for (size_t i = 0; i < values.size(); i++) list.set(i, values[i]);
}

void sortCopy(Stack& stack) {
  const auto list = torch::jit::pop(stack).toList();
  c10::List<IValue> made(list.elementType());
  for (auto& value : sorted(list, false)) made.push_back(std::move(value));
  torch::jit::push(stack, std::move(made));
}

}  // namespace

std::optional<torch::jit::Operation> sortOf(const c10::OperatorName& name) {
  static const std::unordered_map<std::string, void (*)(Stack&)> made{
      {"aten::sort.Tensor", sortInPlace},
      {"aten::sort.any", sortInPlace},
      {"aten::sorted.Tensor", sortCopy},
      {"aten::sorted.any", sortCopy},
  };
  const auto found = made.find(name.name + "." + name.overload_name);
  if (found == made.end()) return std::nullopt;
  return torch::jit::Operation(found->second);
}

}  // namespace flambeau
