// Autograd: passes over the graph, its nodes, hooks, and nodes whose functions are JavaScript's.
#include <torch/csrc/autograd/anomaly_mode.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/csrc/autograd/engine.h>
#include <torch/csrc/autograd/functions/accumulate_grad.h>
#include <torch/csrc/autograd/saved_variable.h>
#include <torch/csrc/autograd/variable_info.h>

#include "gradient_check.h"
#include "host.h"
#include "hot_code.h"

namespace flambeau {
namespace {

using torch::autograd::Node;
using torch::autograd::variable_list;
using NodePtr = c10::intrusive_ptr<Node>;

// ---- Nodes of functions written in JavaScript ----

struct ScriptNode : Node {
  HostFunctionPtr function;
  std::string label;
  std::vector<torch::autograd::SavedVariable> saved;
  std::vector<torch::autograd::VariableInfo> outputs;
  bool materialize = true;
  bool released = false;

  std::string name() const override { return label; }

  variable_list savedTensors() {
    TORCH_CHECK(!released, torch::autograd::ERR_BACKWARD_TWICE);
    variable_list tensors;
    for (const auto& one : saved) tensors.push_back(one.unpack(getptr()));
    return tensors;
  }

  variable_list apply(variable_list&& gradients) override;

  void release_variables() override {
    saved.clear();
    released = true;
  }

  void release_resources() override {
    saved.clear();
    outputs.clear();
    function.reset();
    Node::release_resources();
  }
};

// The nodes whose functions are running on this thread, the innermost last: whose savedTensors
// JavaScript reads.
thread_local std::vector<ScriptNode*> running;

struct Running {
  explicit Running(ScriptNode* node) { running.push_back(node); }
  ~Running() { running.pop_back(); }
};

variable_list ScriptNode::apply(variable_list&& gradients) {
  if (materialize) {
    at::OptionalDeviceGuard device;
    for (size_t i = 0; i < gradients.size(); i++) {
      if (!gradients[i].defined()) gradients[i] = outputs[i].zeros(device);
    }
  }
  const Running mark(this);
  const HostFunctionPtr kept = function;
  return kept->call(
      FB_CALL_BACKWARD,
      [&](Writer& out) {
        out.put(num_outputs());
        for (size_t i = 0; i < num_outputs(); i++) out.put(task_should_compute_output(i));
        writeTensorList(out, gradients);
      },
      [&](Reader& in) {
        auto results = readTensorList(in);
        TORCH_CHECK(
            results.size() == num_outputs(),
            "function ",
            label,
            " returned an incorrect number of gradients");
        return results;
      });
}

std::unordered_set<at::TensorImpl*> readTensorSet(Reader& in) {
  std::unordered_set<at::TensorImpl*> set;
  for (const auto& tensor : readTensorList(in)) set.insert(tensor.unsafeGetTensorImpl());
  return set;
}

variable_list forwardGradients(const HostFunctionPtr& function, const variable_list& tangents) {
  return function->call(
      FB_CALL_JVP,
      [&](Writer& out) { writeTensorList(out, tangents); },
      [&](Reader& in) { return readTensorList(in); });
}

// ---- Hooks ----

// The tensor that a hook gave in place of the one it was called with; undefined: none.
at::Tensor callTensorHook(const HostFunctionPtr& hook, const at::Tensor& gradient) {
  if (!gradient.defined() || hook->removed()) return {};
  return hook->call(
      FB_CALL_TENSOR_HOOK,
      [&](Writer& out) { out.putTensor(gradient); },
      [&](Reader& in) { return borrowTensor(in.next()); });
}

struct AccumulateHook : torch::autograd::PostAccumulateGradHook {
  std::vector<HostFunctionPtr> hooks;

  void operator()(const at::Tensor& tensor) override {
    std::erase_if(hooks, [](const HostFunctionPtr& hook) { return hook->removed(); });
    // A copy: a hook may register another.
    for (const auto& hook : std::vector<HostFunctionPtr>(hooks)) {
      if (hook->removed()) continue;
      hook->call(
          FB_CALL_ACCUMULATE_HOOK,
          [&](Writer& out) { out.putTensor(tensor); },
          [](Reader&) { return 0; });
    }
  }
};

AccumulateHook& accumulateHooks(const at::Tensor& tensor) {
  auto& slot = torch::autograd::impl::post_acc_grad_hooks(tensor);
  if (!slot) {
    torch::autograd::impl::set_post_acc_grad_hooks(tensor, std::make_unique<AccumulateHook>());
  }
  return dynamic_cast<AccumulateHook&>(*torch::autograd::impl::post_acc_grad_hooks(tensor));
}

// What a hook gave in place of `before`: none (a count of -1), or as many tensors.
variable_list replaced(Reader& in, const variable_list& before, const char* what) {
  const double count = in.next();
  if (count < 0) return before;
  TORCH_CHECK_VALUE(
      count == static_cast<double>(before.size()),
      what,
      " has returned an incorrect number of values (got ",
      count,
      ", but expected ",
      before.size(),
      ")");
  variable_list after(before.size());
  for (auto& one : after) one = borrowTensor(in.next());
  for (size_t i = 0; i < after.size(); i++) {
    if (before[i].defined() && after[i].defined()) {
      torch::autograd::check_variable_result(before[i], after[i], what);
    }
  }
  return after;
}

struct NodePreHook : torch::autograd::FunctionPreHook {
  explicit NodePreHook(HostFunctionPtr hook) : function(std::move(hook)) {}

  variable_list operator()(const variable_list& gradients) override {
    if (function->removed()) return gradients;
    return function->call(
        FB_CALL_NODE_PREHOOK,
        [&](Writer& out) { writeTensorList(out, gradients); },
        [&](Reader& in) { return replaced(in, gradients, "prehook"); });
  }

  HostFunctionPtr function;
};

struct NodePostHook : torch::autograd::FunctionPostHook {
  explicit NodePostHook(HostFunctionPtr hook) : function(std::move(hook)) {}

  variable_list operator()(const variable_list& outputs, const variable_list& inputs) override {
    if (function->removed()) return outputs;
    return function->call(
        FB_CALL_NODE_HOOK,
        [&](Writer& out) {
          writeTensorList(out, outputs);
          writeTensorList(out, inputs);
        },
        [&](Reader& in) { return replaced(in, outputs, "hook"); });
  }

  HostFunctionPtr function;
};

// ---- Passes ----

// Roots and their gradients, checked as PyTorch's Python layer does.
struct Roots {
  variable_list tensors;
  variable_list gradients;
};

Roots readRoots(Reader& in) {
  Roots roots;
  roots.tensors = readTensorList(in);
  roots.gradients = readTensorList(in);
  for (size_t i = 0; i < roots.tensors.size(); i++) {
    const auto& root = roots.tensors[i];
    if (roots.gradients[i].defined()) {
      checkGradient(root.sym_sizes(), root.scalar_type(), roots.gradients[i], i);
    } else if (root.requires_grad()) {
      TORCH_CHECK_VALUE(
          root.numel() == 1, "grad can be implicitly created only for scalar outputs");
      TORCH_CHECK_VALUE(
          root.is_floating_point(),
          "grad can be implicitly created only for real scalar outputs but got ",
          root.scalar_type());
      roots.gradients[i] = at::ones_like(root);
    }
  }
  return roots;
}

double exportNode(NodePtr node) {
  if (!node) return 0;
  return giveHandle(FB_HANDLE_NODE, node.release());
}

Node& borrowNode(double handle) {
  return target<Node>(handle);
}

}  // namespace
}  // namespace flambeau

using namespace flambeau;

int32_t fb_backward(double ctx, bool retain_graph, bool create_graph) {
  return guard(-1, [&] {
    Reader in(ctx);
    const auto roots = readRoots(in);
    const auto inputs = readTensorList(in);
    noteBackwardPass();
    torch::autograd::backward(roots.tensors, roots.gradients, retain_graph, create_graph, inputs);
    return 0;
  });
}

int32_t fb_grad(double ctx, bool retain_graph, bool create_graph, bool allow_unused) {
  return guard(-1, [&] {
    Reader in(ctx);
    const auto roots = readRoots(in);
    const auto inputs = readTensorList(in);
    const auto gradients = torch::autograd::grad(
        roots.tensors, inputs, roots.gradients, retain_graph, create_graph, allow_unused);
    Writer out(ctx);
    writeTensorList(out, gradients);
    return out.done();
  });
}

int32_t fb_tensor_hook(double tensor, double id) {
  return guard(-1, [&] {
    const auto hook = std::make_shared<HostFunction>(id);
    borrowTensor(tensor).register_hook(
        [hook](const at::Tensor& gradient) { return callTensorHook(hook, gradient); });
    return 0;
  });
}

int32_t fb_accumulate_hook(double tensor, double id) {
  return guard(-1, [&] {
    const at::Tensor self = borrowTensor(tensor);
    TORCH_CHECK_VALUE(
        self.requires_grad(), "cannot register a hook on a tensor that doesn't require gradient");
    TORCH_CHECK_VALUE(
        self.is_leaf(), "post accumulate grad hooks cannot be registered on non-leaf tensors");
    accumulateHooks(self).hooks.push_back(std::make_shared<HostFunction>(id));
    return 0;
  });
}

double fb_tensor_node(double tensor) {
  return guard(-1.0, [&] { return exportNode(borrowTensor(tensor).grad_fn()); });
}

void fb_node_release(double node) {
  if (node == 0) return;
  guard(0, [&] {
    takeHandle(FB_HANDLE_NODE, node);
    return 0;
  });
}

double fb_node_name(double node, double ctx) {
  return guard(-1.0, [&] { return setText(ctx, borrowNode(node).name()); });
}

int32_t fb_node_next(double node, double ctx) {
  return guard(-1, [&] {
    const auto& edges = borrowNode(node).next_edges();
    Writer out(ctx);
    out.put(static_cast<double>(edges.size()));
    for (const auto& edge : edges) {
      if (edge.function) {
        out.putHandle(FB_HANDLE_NODE, NodePtr(edge.function).release());
      } else {
        out.put(0);
      }
      out.put(edge.function ? edge.input_nr : 0);
    }
    return out.done();
  });
}

int32_t fb_node_saved(double node, double ctx) {
  return guard(-1, [&] {
    variable_list tensors;
    if (auto* script = dynamic_cast<ScriptNode*>(&borrowNode(node))) {
      tensors = script->savedTensors();
    } else if (auto* leaf = dynamic_cast<torch::autograd::AccumulateGrad*>(&borrowNode(node))) {
      tensors.push_back(leaf->variable);
    } else {
      TORCH_CHECK_NOT_IMPLEMENTED(
          false,
          "LibTorch does not show the tensors that ",
          borrowNode(node).name(),
          " saved: only functions written in JavaScript and AccumulateGrad show theirs");
    }
    Writer out(ctx);
    writeTensorList(out, tensors);
    return out.done();
  });
}

int32_t fb_function_saved(double id, double ctx) {
  return guard(-1, [&] {
    for (auto node = running.rbegin(); node != running.rend(); ++node) {
      if ((*node)->function->id() != id) continue;
      const variable_list tensors = (*node)->savedTensors();
      Writer out(ctx);
      writeTensorList(out, tensors);
      return out.done();
    }
    TORCH_CHECK(false, "ctx.savedTensors can be read only while forward or backward runs");
  });
}

int32_t fb_node_hook(double node, double id, bool before) {
  return guard(-1, [&] {
    auto function = std::make_shared<HostFunction>(id);
    if (before) {
      borrowNode(node).add_pre_hook(std::make_unique<NodePreHook>(std::move(function)));
    } else {
      borrowNode(node).add_post_hook(std::make_unique<NodePostHook>(std::move(function)));
    }
    return 0;
  });
}

int32_t fb_function_wrap(double ctx, double id, bool materialize, bool record) {
  return guard(-1, [&] {
    auto function = std::make_shared<HostFunction>(id);
    Reader in(ctx);
    std::string label = in.nextString();
    const variable_list inputs = readTensorList(in);
    const variable_list given = readTensorList(in);
    const auto constant = readTensorSet(in);
    const variable_list dirty = readTensorList(in);
    const variable_list saved = readTensorList(in);

    c10::intrusive_ptr<ScriptNode> node;
    if (record && torch::autograd::any_variable_requires_grad(inputs)) {
      node = c10::make_intrusive<ScriptNode>();
      node->function = function;
      node->label = std::move(label);
      node->materialize = materialize;
      node->set_next_edges(torch::autograd::collect_next_edges(inputs));
    }
    std::unordered_set<at::TensorImpl*> changed;
    for (const auto& tensor : dirty) {
      changed.insert(tensor.unsafeGetTensorImpl());
      torch::autograd::impl::bump_version(tensor);
    }
    std::vector<std::optional<at::Tensor>> outputs(given.begin(), given.end());
    for (auto& output : outputs) {
      if (!output->defined()) output.reset();
    }
    const auto wrapped = torch::autograd::_wrap_outputs(
        inputs,
        constant,
        changed,
        outputs,
        node,
        [&](const variable_list&, const variable_list& tangents) {
          return forwardGradients(function, tangents);
        },
        {},
        [](const at::Tensor& tensor) { return tensor.view_as(tensor); },
        false);
    if (node) {
      for (const auto& output : wrapped) {
        output ? node->outputs.emplace_back(*output) : node->outputs.emplace_back();
      }
      for (const auto& tensor : saved) {
        node->saved.emplace_back(tensor, tensor.defined() && tensor.grad_fn().get() == node.get());
      }
    }
    Writer out(ctx);
    for (size_t i = 0; i < wrapped.size(); i++) {
      // JavaScript has an object for what its function returned: it takes another only if need be.
      if (!wrapped[i] || wrapped[i]->is_same(given[i])) {
        out.put(0);
        out.put(0);
      } else {
        out.putTensor(*wrapped[i]);
      }
    }
    return out.done();
  });
}
