// Modules made faster, and the switches of LibTorch's executor.
#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/passes/freeze_module.h>
#include <torch/csrc/jit/python/update_graph_executor_opt.h>
#include <torch/csrc/jit/runtime/graph_executor.h>
#include <torch/jit.h>

#include "call_stacks.h"
#include "fusion.h"
#include "packed_lstm.h"
#include "reach.h"
#include "script.h"

using namespace flambeau;

namespace {

std::vector<std::string> readNames(Reader& in) {
  const auto names = readValue(in, c10::ListType::ofStrings(), "preserve");
  std::vector<std::string> read;
  for (const auto& name : names.toListRef()) read.push_back(name.toStringRef());
  return read;
}

Module frozen(double module, const std::vector<std::string>& preserved) {
  const Module self = borrowModule(module);
  checkReach(self._ivalue());
  return torch::jit::freeze(self, preserved);
}

}  // namespace

double fb_module_freeze(double module, double ctx) {
  return guard(0.0, [&] {
    Reader in(ctx);
    const Module made = frozen(module, readNames(in));
    renewCallStacks(made);
    return exportObject(made._ivalue());
  });
}

double fb_module_optimize(double module, double ctx) {
  return guard(0.0, [&] {
    Reader in(ctx);
    const auto preserved = readNames(in);
    // LibTorch would freeze it without what is to be preserved, and change what is frozen already.
    Module optimized = frozen(module, preserved);
    std::vector<std::string> methods;
    for (const auto& name : preserved) {
      if (name != "forward" && optimized.find_method(name)) methods.push_back(name);
    }
    optimized = torch::jit::optimize_for_inference(optimized, methods);
    renewCallStacks(optimized);
    packLstms(optimized);
    return exportObject(optimized._ivalue());
  });
}

int32_t fb_executor_switch(int32_t what, int32_t on) {
  return guard(-1, [&] {
    if (what == 0) {
      const bool before = torch::jit::getProfilingMode();
      if (on >= 0) torch::jit::getProfilingMode() = on != 0;
      return before ? 1 : 0;
    }
    if (what == 2) return switchFusion(on);
    const bool before = torch::jit::getGraphExecutorOptimize();
    if (on >= 0) torch::jit::setGraphExecutorOptimize(on != 0);
    return before ? 1 : 0;
  });
}

int32_t fb_fusion_strategy(double ctx) {
  return guard(-1, [&] {
    Reader in(ctx);
    torch::jit::FusionStrategy strategy(in.nextCount());
    for (auto& [behavior, depth] : strategy) {
      behavior =
          in.next() == 0 ? torch::jit::FusionBehavior::STATIC : torch::jit::FusionBehavior::DYNAMIC;
      depth = static_cast<size_t>(in.next());
    }
    const auto before = torch::jit::setFusionStrategy(strategy);
    Writer out(ctx);
    out.put(static_cast<double>(before.size()));
    for (const auto& [behavior, depth] : before) {
      out.put(behavior == torch::jit::FusionBehavior::STATIC ? 0 : 1);
      out.put(static_cast<double>(depth));
    }
    return out.done();
  });
}
