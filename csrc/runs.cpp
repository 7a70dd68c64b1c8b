#include "runs.h"

#include <c10/util/Exception.h>
#include <torch/csrc/jit/api/function_impl.h>
#include <torch/csrc/jit/runtime/graph_executor.h>
#include <torch/csrc/jit/runtime/interpreter.h>

#include <algorithm>
#include <unordered_map>
#include <utility>
#include <vector>

namespace flambeau {
namespace {

using torch::jit::Block;
using torch::jit::GraphExecutor;

// What this thread runs, outermost first.
thread_local std::vector<const Runs*> outer;

void forgetUnfinished(GraphExecutor& executor);

// The functions that a plan calls for arguments that it was not made for, each with an executor.
void forgetUnfinished(const Block* block) {
  for (const auto* node : block->nodes()) {
    for (const auto* inner : node->blocks()) forgetUnfinished(inner);
    if (node->kind() != c10::prim::CallFunction) continue;
    const auto type = node->input(0)->type()->cast<c10::FunctionType>();
    auto* called = type ? torch::jit::tryToGraphFunction(*type->function()) : nullptr;
    if (called != nullptr) forgetUnfinished(called->get_executor());
  }
}

void forgetUnfinished(GraphExecutor& executor) {
  if (!executor.isOptimized()) {
    executor.debugFlushCompilationCache();
    return;
  }
  const auto state = executor.getDebugState();
  for (const auto& [arguments, plan] : state.execution_plans) {
    if (plan.graph) forgetUnfinished(plan.graph->block());
  }
}

}  // namespace

bool Runs::isOuter() const {
  return std::find(outer.begin(), outer.end(), this) != outer.end();
}

Runs::One::One(Runs& runs) : runs_(runs) {
  std::unique_lock<std::mutex> lock(runs.mutex_);
  // Within a run of the same function on this thread, whoever waits waits for that one too.
  if (!runs.isOuter()) runs.changed_.wait(lock, [&] { return runs.waiting_ == 0; });
  runs.running_++;
  outer.push_back(&runs);
}

Runs::One::~One() {
  outer.pop_back();
  const std::lock_guard<std::mutex> lock(runs_.mutex_);
  if (--runs_.running_ > 0) return;
  if (auto* function = std::exchange(runs_.halfSeen_, nullptr)) {
    try {
      forgetUnfinished(torch::jit::toGraphFunction(*function).get_executor());
    } catch (const std::exception&) {
      // It stays half seen, as it would in LibTorch.
    }
  }
  runs_.changed_.notify_all();
}

template <typename Action>
void Runs::alone(Action action) {
  std::unique_lock<std::mutex> lock(mutex_);
  waiting_++;
  struct Done {
    Runs& runs;
    ~Done() {
      runs.waiting_--;
      runs.changed_.notify_all();
    }
  } const done{*this};
  changed_.wait(lock, [&] { return running_ == 0; });
  action();
}

void Runs::forget(torch::jit::Function& function) {
  TORCH_CHECK_VALUE(!isOuter(), "What runs cannot be made ready anew: call it after the run");
  auto& executor = torch::jit::toGraphFunction(function).get_executor();
  alone([&] { executor.debugFlushCompilationCache(); });
}

void Runs::forgetHalfSeen(torch::jit::Function& function) {
  auto* graph = torch::jit::tryToGraphFunction(function);
  if (graph == nullptr || isOuter()) return;
  auto& executor = graph->get_executor();
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (running_ > 0 && executor.isOptimized()) {
      halfSeen_ = &function;
      return;
    }
  }
  alone([&] { forgetUnfinished(executor); });
}

std::shared_ptr<Runs> runsOf(const torch::jit::Function* function) {
  static std::mutex mutex;
  static auto* all = new std::unordered_map<const torch::jit::Function*, std::weak_ptr<Runs>>();
  const std::lock_guard<std::mutex> lock(mutex);
  auto& known = (*all)[function];
  if (auto runs = known.lock()) return runs;
  // Functions whose holders are gone leave their entries: they go whenever there are twice as many.
  static size_t limit = 64;
  if (all->size() > limit) {
    for (auto it = all->begin(); it != all->end();) {
      it = it->second.expired() && it->first != function ? all->erase(it) : std::next(it);
    }
    limit = std::max<size_t>(64, 2 * all->size());
  }
  auto runs = std::make_shared<Runs>();
  (*all)[function] = runs;
  return runs;
}

}  // namespace flambeau
