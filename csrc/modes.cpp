// Submodules of a module that was traced in both modes: each pass gave them a method of its own,
// and called by itself a submodule is to do what its mode says, as the whole does.
#include <torch/csrc/jit/api/function_impl.h>
#include <torch/csrc/jit/passes/inliner.h>

#include <algorithm>
#include <map>
#include <set>

#include "script.h"

namespace flambeau {
namespace {

using c10::ClassType;
using torch::jit::Block;
using torch::jit::Graph;
using torch::jit::Node;

constexpr const char* kForward = "forward";

// The methods that a method calls, at any depth: of each class, in the order of the calls.
class Calls {
 public:
  explicit Calls(Function& root) { visit(root); }

  const std::map<c10::ClassTypePtr, std::vector<std::string>>& byClass() const { return found_; }

  // Has all calls go to a method by its new name.
  void rename(const ClassType& type, const std::string& from, const std::string& to) {
    for (Node* node : nodes_) {
      if (node->input(0)->type()->cast<ClassType>().get() != &type) continue;
      if (node->s(c10::attr::name) == from) node->s_(c10::attr::name, to);
    }
  }

 private:
  void visit(Function& function) {
    if (!seen_.insert(&function).second) return;
    visit(torch::jit::toGraphFunction(function).graph()->block());
  }

  void visit(Block* block) {
    for (Node* node : block->nodes()) {
      for (Block* inner : node->blocks()) visit(inner);
      if (node->kind() == c10::prim::CallMethod) call(node);
    }
  }

  void call(Node* node) {
    const auto type = node->input(0)->type()->cast<ClassType>();
    const std::string name = node->s(c10::attr::name);
    Function* callee = type ? type->findMethod(name) : nullptr;
    if (callee == nullptr) return;
    nodes_.push_back(node);
    auto& names = found_[type];
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
    visit(*callee);
  }

  std::set<Function*> seen_;
  std::vector<Node*> nodes_;
  std::map<c10::ClassTypePtr, std::vector<std::string>> found_;
};

std::string inlinedText(Function& function) {
  const auto graph = torch::jit::toGraphFunction(function).graph()->copy();
  torch::jit::Inline(*graph);
  return graph->toString(/*print_source_locations=*/false);
}

bool sameTypes(const std::vector<c10::Argument>& a, const std::vector<c10::Argument>& b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); i++) {
    if (*a[i].type() != *b[i].type()) return false;
  }
  return true;
}

bool interchangeable(const Function& a, const Function& b) {
  return sameTypes(a.getSchema().arguments(), b.getSchema().arguments()) &&
         sameTypes(a.getSchema().returns(), b.getSchema().returns());
}

void renameMethod(
    CompilationUnit& unit, ClassType& type, const std::string& from, const std::string& to) {
  const auto graph = torch::jit::toGraphFunction(type.getMethod(from)).graph();
  type.unsafeRemoveMethod(from);
  unit.unsafeRemoveMethod(c10::QualifiedName(*type.name(), from));
  type.addMethod(unit.create_function(c10::QualifiedName(*type.name(), to), graph));
}

std::string branching(const Function& method, const std::string& train, const std::string& eval) {
  std::string declared;
  std::string given;
  const auto& arguments = method.getSchema().arguments();
  for (size_t i = 1; i < arguments.size(); i++) {
    declared += ", " + arguments[i].name() + ": " + arguments[i].type()->annotation_str();
    given += (i == 1 ? "" : ", ") + arguments[i].name();
  }
  return c10::str(
      "def forward(self",
      declared,
      "):\n    if self.training:\n        return self.",
      train,
      "(",
      given,
      ")\n    else:\n        return self.",
      eval,
      "(",
      given,
      ")\n");
}

}  // namespace
}  // namespace flambeau

using namespace flambeau;

int32_t fb_module_join_modes(
    double module, const char* train, uint32_t train_bytes, const char* eval, uint32_t eval_bytes) {
  return guard(-1, [&] {
    const Module self = borrowModule(module);
    const std::string trainName(train, train_bytes);
    const std::string evalName(eval, eval_bytes);
    Calls training(self.type()->getMethod(trainName));
    Calls evaluating(self.type()->getMethod(evalName));
    const auto unit = self._ivalue()->compilation_unit();
    std::vector<std::pair<c10::ClassTypePtr, std::string>> differing;
    for (const auto& [type, methods] : training.byClass()) {
      const auto other = evaluating.byClass().find(type);
      if (other == evaluating.byClass().end()) continue;
      const std::string& second = other->second.front();
      // A script module of the user's has one forward, which both call.
      if (methods.front() != kForward || second == kForward) continue;
      if (type->findMethod(trainName) != nullptr || type->findMethod(evalName) != nullptr) continue;
      auto& first = type->getMethod(kForward);
      auto& then = type->getMethod(second);
      if (!interchangeable(first, then) || inlinedText(first) == inlinedText(then)) continue;
      differing.emplace_back(type, second);
    }
    for (const auto& [type, second] : differing) {
      renameMethod(*unit, *type, kForward, trainName);
      renameMethod(*unit, *type, second, evalName);
      training.rename(*type, kForward, trainName);
      evaluating.rename(*type, second, evalName);
    }
    for (const auto& [type, second] : differing) {
      defineMethods(unit, type, branching(type->getMethod(trainName), trainName, evalName));
    }
    return 0;
  });
}
