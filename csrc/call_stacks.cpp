#include "call_stacks.h"

#include <torch/csrc/jit/api/compilation_unit.h>
#include <torch/csrc/jit/ir/scope.h>

#include "nodes.h"
#include "script.h"

namespace flambeau {
namespace {

using torch::jit::Block;
using torch::jit::CompilationUnit;
using torch::jit::Function;
using torch::jit::InlinedCallStack;
using torch::jit::InlinedCallStackPtr;
using torch::jit::Node;

class Renewal {
 public:
  explicit Renewal(std::shared_ptr<CompilationUnit> unit) : unit_(std::move(unit)) {}

  void visit(Block* block) {
    for (Node* node : block->nodes()) {
      if (const auto stack = node->callstack()) node->setCallStack(renewed(*stack));
      for (Block* inner : node->blocks()) visit(inner);
      eachGraphOf(*node, [&](torch::jit::Graph& graph) { visit(graph.block()); });
    }
  }

 private:
  // Nodes share their stacks' ends, and go on doing so. What an entry says is read from the entry
  // alone: its function may be gone.
  InlinedCallStackPtr renewed(const InlinedCallStackPtr& stack) {
    const auto known = stacks_.find(stack.get());
    if (known != stacks_.end()) return known->second.second;
    Function* function = named(stack->function_name());
    const auto callee = stack->callee();
    const auto made =
        callee ? c10::make_intrusive<InlinedCallStack>(
                     renewed(*callee), function, stack->source_range(), stack->module_instance())
               : c10::make_intrusive<InlinedCallStack>(
                     function, stack->source_range(), stack->module_instance());
    stacks_.emplace(stack.get(), std::make_pair(stack, made));
    return made;
  }

  Function* named(const std::string& name) {
    Function*& function = functions_[name];
    if (function == nullptr) {
      function = unit_->create_function(
          c10::QualifiedName(uniqueNamespace(), name.empty() ? "unknown" : name),
          std::make_shared<torch::jit::Graph>());
    }
    return function;
  }

  std::shared_ptr<CompilationUnit> unit_;
  std::unordered_map<std::string, Function*> functions_;
  // The old ones are held, so that no other takes the place of one.
  std::unordered_map<InlinedCallStack*, std::pair<InlinedCallStackPtr, InlinedCallStackPtr>>
      stacks_;
};

}  // namespace

void renewCallStacks(const torch::jit::Module& module) {
  Renewal renewal(module._ivalue()->compilation_unit());
  for (const auto& method : module.get_methods()) renewal.visit(method.graph()->block());
}

}  // namespace flambeau
