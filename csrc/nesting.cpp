#include "nesting.h"

#include <ATen/core/ivalue_inl.h>
#include <c10/util/Exception.h>

namespace flambeau {
namespace {

constexpr size_t kMostElements = 100'000'000;

bool isContainer(const at::IValue& value) {
  return value.isTuple() || value.isList() || value.isGenericDict() || value.isFuture();
}

// Elements of such a type hold nothing.
bool isPlain(const c10::TypePtr& type) {
  switch (type->kind()) {
    case c10::TypeKind::TensorType:
    case c10::TypeKind::IntType:
    case c10::TypeKind::FloatType:
    case c10::TypeKind::BoolType:
    case c10::TypeKind::StringType:
    case c10::TypeKind::ComplexType:
    case c10::TypeKind::NumberType:
    case c10::TypeKind::ClassType:
      return true;
    default:
      return false;
  }
}

// Where `waits`, what futures give is followed too, once it is there.
void follow(const at::IValue& value, bool waits, int depth, size_t& left) {
  if (!isContainer(value)) return;
  TORCH_CHECK_VALUE(
      depth < kDeepest, "a value is more than ", kDeepest, " deep, or contains itself");
  const auto enter = [&](const at::IValue& element) { follow(element, waits, depth + 1, left); };
  const auto count = [&](size_t size) {
    TORCH_CHECK_VALUE(size < left, "a value has more than ", kMostElements, " elements");
    left -= size + 1;
  };
  if (value.isTuple()) {
    const auto& elements = value.toTupleRef().elements();
    count(elements.size());
    for (const auto& element : elements) enter(element);
  } else if (value.isList()) {
    const auto elements = value.toListRef();
    count(elements.size());
    if (isPlain(value.toList().elementType())) return;
    for (const auto& element : elements) enter(element);
  } else if (value.isFuture()) {
    if (!waits) return;
    count(1);
    auto future = value.toFuture();
    future->waitAndThrow();
    enter(future->value());
  } else {
    const auto dict = value.toGenericDict();
    count(dict.size());
    if (isPlain(dict.valueType())) return;
    for (const auto& entry : dict) enter(entry.value());
  }
}

}  // namespace

void checkNesting(const at::IValue& value) {
  size_t left = kMostElements;
  follow(value, false, 0, left);
}

void complete(const at::IValue& value) {
  size_t left = kMostElements;
  follow(value, true, 0, left);
}

}  // namespace flambeau
