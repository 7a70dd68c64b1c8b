// Anomaly mode: where in JavaScript the op was called whose backward function failed.
#include <torch/csrc/autograd/anomaly_mode.h>
#include <torch/csrc/autograd/engine.h>

#include "host.h"
#include "saved_hooks.h"

namespace flambeau {
namespace {

using torch::autograd::AnomalyMetadata;
using torch::autograd::AnomalyMode;
using torch::autograd::Engine;
using torch::autograd::Node;

// Asks JavaScript for its stack; set while anomaly mode is on, on the thread that switched it on.
thread_local HostFunctionPtr stackFunction;
thread_local std::string stackText;
thread_local std::string report;

class StackMetadata : public AnomalyMetadata {
 public:
  // Called when an op makes its node, within that op's native call: the caller's words must stay as
  // they are, so the text comes by fb_anomaly_stack.
  void store_stack() override {
    if (!stackFunction) return;
    stackText.clear();
    stackFunction->notify(FB_CALL_STACK);
    stack_ = std::move(stackText);
  }

  void print_stack(const std::string& name) override {
    report = "Error detected in " + name + ". " +
             made("Traceback of forward call that caused the error");
    for (Node* node = parent_.get(); node != nullptr;) {
      auto* metadata = dynamic_cast<StackMetadata*>(node->metadata());
      if (metadata == nullptr) break;
      report += "\nPrevious calculation was induced by " + node->name() + ". " +
                metadata->made("Traceback of forward call that induced the previous calculation");
      node = metadata->parent_.get();
    }
  }

  void assign_parent(const c10::intrusive_ptr<Node>& parent) override { parent_ = parent; }

 private:
  std::string made(const std::string& title) const {
    if (stack_.empty())
      return "No forward pass information available. It was made outside of anomaly mode.";
    return title + ":\n" + stack_;
  }

  std::string stack_;
  c10::intrusive_ptr<Node> parent_;
};

class StackEngine : public Engine {
 public:
  std::unique_ptr<AnomalyMetadata> make_anomaly_metadata() override {
    return std::make_unique<StackMetadata>();
  }

  std::unique_ptr<torch::autograd::SavedVariableHooks> get_default_saved_variable_hooks() override {
    return defaultSavedHooks();
  }
};

// Never destroyed: threads of its pool may outlive main().
Engine& stackEngine() {
  static auto* engine = new StackEngine();
  return *engine;
}

// In place before the first pass: LibTorch readies the threads of one engine only, the first.
[[maybe_unused]] const bool installed = [] {
  torch::autograd::set_default_engine_stub(stackEngine);
  return true;
}();

}  // namespace
}  // namespace flambeau

using namespace flambeau;

int32_t fb_anomaly_set(bool on, bool check_nan, double id) {
  return guard(-1, [&] {
    if (on) {
      if (id != 0) stackFunction = std::make_shared<HostFunction>(id);
    } else {
      stackFunction.reset();
    }
    AnomalyMode::set_enabled(on, check_nan);
    return 0;
  });
}

int32_t fb_anomaly_enabled(void) {
  return AnomalyMode::is_enabled() ? (AnomalyMode::should_check_nan() ? 2 : 1) : 0;
}

void fb_anomaly_stack(const char* text, uint32_t bytes) {
  guard(0, [&] {
    stackText.assign(text, bytes);
    return 0;
  });
}

double fb_anomaly_report(double ctx) {
  return guard(-1.0, [&] {
    std::string text;
    text.swap(report);
    return setText(ctx, std::move(text));
  });
}
