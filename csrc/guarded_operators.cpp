// Guards inside of programs: TorchScript's interpreter and its folding of constants find their code
// in LibTorch's registry of operators, so there the guards are put in front of it.
#include <ATen/core/dispatch/Dispatcher.h>
#include <torch/csrc/jit/runtime/operator.h>

#include <mutex>
#include <sstream>

#include "fusion.h"
#include "fusion_guard.h"
#include "guards.h"
#include "internal.h"
#include "packed_lstm.h"
#include "retired.h"
#include "sort_lists.h"

namespace flambeau {
namespace {

using torch::jit::Operation;
using torch::jit::Operator;
using torch::jit::Stack;

// An argument that is one of LibTorch's enumerations: in a program it is a plain number, and
// LibTorch looks it up in a table unasked: torch.zeros([2], dtype=-1).
struct Choice {
  size_t place;
  int64_t count;
  const char* name;
};

std::vector<Choice> choicesOf(const c10::FunctionSchema& schema) {
  std::vector<Choice> found;
  for (size_t i = 0; i < schema.arguments().size(); i++) {
    c10::TypePtr type = schema.arguments()[i].real_type();
    if (const auto optional = type->cast<c10::OptionalType>()) type = optional->getElementType();
    const auto add = [&](auto count, const char* name) {
      found.push_back({i, static_cast<int64_t>(count), name});
    };
    if (type->kind() == c10::TypeKind::ScalarTypeType) add(c10::ScalarType::Undefined, "dtype");
    if (type->kind() == c10::TypeKind::LayoutType) add(c10::Layout::NumOptions, "layout");
    if (type->kind() == c10::TypeKind::MemoryFormatType) {
      add(c10::MemoryFormat::NumOptions, "memory format");
    }
  }
  return found;
}

void checkChoice(const at::IValue& value, const Choice& choice) {
  if (!value.isInt()) return;
  const auto code = value.toInt();
  TORCH_CHECK_VALUE(code >= 0 && code < choice.count, "there is no ", choice.name, " ", code);
}

// What is to be done before an operator's code runs.
struct Guard {
  OpGuard check;
  std::vector<Choice> choices;
  std::vector<size_t> exchanged;

  bool isNeeded() const { return check != nullptr || !choices.empty() || !exchanged.empty(); }
};

Guard guardFor(const c10::FunctionSchema& schema) {
  return {guardOf(schema.operator_name()), choicesOf(schema), exchangedBy(schema)};
}

Operation guarded(const Operator& op, Guard guard) {
  const bool vararg = op.schema().is_vararg();
  const size_t count = op.schema().arguments().size();
  return
      [inner = op.getOperation(), guard = std::move(guard), vararg, count](Stack& stack) mutable {
        // Such an op finds the number of its values above them.
        const size_t own = vararg ? static_cast<size_t>(stack.back().toInt()) + 1 : count;
        const auto arguments = c10::ArrayRef<at::IValue>(stack).slice(stack.size() - own);
        for (const auto& choice : guard.choices) checkChoice(arguments[choice.place], choice);
        if (guard.check != nullptr) guard.check(vararg ? arguments.slice(0, own - 1) : arguments);
        Exchange exchange;
        for (const size_t place : guard.exchanged) exchange.keep(arguments[place]);
        inner(stack);
      };
}

std::string textOf(const c10::FunctionSchema& schema) {
  std::ostringstream text;
  text << schema;
  return text.str();
}

// In place: which overload a call means depends on their order.
void replace(Operator& op, Operation code) {
  const auto& schema = op.schema();
  if (op.isC10Op()) {
    const auto found = c10::Dispatcher::singleton().findSchema(schema.operator_name());
    if (found) op = Operator(*found, std::move(code));
  } else if (schema.is_vararg()) {
    op = Operator(textOf(schema), std::move(code), op.aliasAnalysisKind());
  } else {
    op = Operator(
        schema.name(),
        schema.overload_name(),
        schema.arguments(),
        schema.returns(),
        std::move(code),
        op.aliasAnalysisKind());
  }
}

}  // namespace

void guardOperators() {
  static std::once_flag done;
  std::call_once(done, [] {
    for (const auto& op : torch::jit::getAllOperators()) {
      if (!op->hasOperation()) continue;
      if (auto code = sortOf(op->schema().operator_name())) {
        replace(*op, std::move(*code));
        continue;
      }
      auto guard = guardFor(op->schema());
      if (guard.isNeeded()) replace(*op, guarded(*op, std::move(guard)));
    }
    guardFusion();
    registerFusion();
    registerPackedLstm();
  });
}

}  // namespace flambeau
