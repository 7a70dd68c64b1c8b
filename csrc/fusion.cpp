#include "fusion.h"

#include <ATen/Context.h>
#include <torch/csrc/jit/ir/ir.h>
#include <torch/csrc/jit/passes/pass_manager.h>

#include <atomic>
#include <exception>

// As declared in torch/csrc/jit/codegen/onednn/interface.h, whose switch is a variable in each file
// that includes it.
namespace torch::jit::fuser::onednn {
void fuseGraph(std::shared_ptr<Graph>& graph);
}  // namespace torch::jit::fuser::onednn

namespace flambeau {
namespace {

std::atomic<bool> isOn{false};

// A graph that the compiler cannot take stays as it was, rather than have every call fail from then
// on: it throws at what is on another device, and at what is prepared for a backward pass.
void fuse(std::shared_ptr<torch::jit::Graph>& graph) {
  if (!isOn) return;
  auto fused = graph->copy();
  try {
    torch::jit::fuser::onednn::fuseGraph(fused);
  } catch (const std::exception&) {
    return;
  }
  graph = std::move(fused);
}

}  // namespace

int32_t switchFusion(int32_t on) {
  if (on == 1 && !isOn) {
    TORCH_CHECK_NOT_IMPLEMENTED(
        at::hasMKLDNN(), "This build of LibTorch has no oneDNN to fuse graphs with");
  }
  return (on < 0 ? isOn.load() : isOn.exchange(on == 1)) ? 1 : 0;
}

// Never taken back: other threads go through the list of passes as they optimize.
void registerFusion() {
  torch::jit::registerPrePass(fuse);
}

}  // namespace flambeau
