// Edges of the autograd graph: where the gradient of a tensor arrives, passes that begin and end at
// such, and hooks that wait for the gradients of several tensors.
#include <torch/csrc/autograd/engine.h>
#include <torch/csrc/autograd/functions/basic_ops.h>
#include <torch/csrc/autograd/graph_task.h>
#include <torch/csrc/autograd/input_metadata.h>
#include <torch/csrc/autograd/variable.h>

#include <map>

#include "gradient_check.h"
#include "host.h"

namespace flambeau {
namespace {

using torch::autograd::Edge;
using torch::autograd::edge_list;
using torch::autograd::Node;
using torch::autograd::variable_list;
using NodePtr = c10::intrusive_ptr<Node>;

NodePtr borrowNode(double handle) {
  return NodePtr::reclaim_copy(&target<Node>(handle));
}

// What a pass begins or ends at: a tensor, or an edge.
struct End {
  at::Tensor tensor;
  Edge edge;

  bool isTensor() const { return tensor.defined(); }
};

// The input of a node that an edge names; the engine itself does not look whether there is one.
Edge readEdge(double node, double number, const char* what, size_t i) {
  auto function = borrowNode(node);
  const auto nr = toInteger(number);
  TORCH_CHECK_INDEX(
      nr >= 0 && nr < static_cast<int64_t>(function->num_inputs()),
      what,
      "[",
      i,
      "] is an edge to input ",
      nr,
      " of ",
      function->name(),
      ", which has ",
      function->num_inputs());
  return Edge(std::move(function), static_cast<uint32_t>(nr));
}

std::vector<End> readEnds(Reader& in, const char* what) {
  std::vector<End> ends(in.nextCount());
  for (size_t i = 0; i < ends.size(); i++) {
    const double node = in.next();
    const double other = in.next();
    if (node == 0) {
      ends[i].tensor = borrowTensor(other);
    } else {
      ends[i].edge = readEdge(node, other, what, i);
    }
  }
  return ends;
}

struct Metadata {
  c10::SymDimVector shape;
  at::TensorOptions options;
};

Metadata metadataOf(const End& end) {
  if (end.isTensor()) {
    return {c10::SymDimVector(end.tensor.sym_sizes()), end.tensor.options()};
  }
  const auto& metadata = end.edge.function->input_metadata(end.edge.input_nr);
  TORCH_CHECK(
      !metadata.was_default_constructed(), "This edge leads to an input that takes no gradient");
  TORCH_CHECK(
      !metadata.is_cpp_nested_tensor(), "Nested tensors are not supported with a GradientEdge");
  return {c10::SymDimVector(metadata.shape_as_dim_vector()), metadata.options()};
}

at::Tensor gradientOfOne(const End& end, const Metadata& metadata) {
  for (const auto& size : metadata.shape) {
    TORCH_CHECK_VALUE(size == 1, "grad can be implicitly created only for scalar outputs");
  }
  const auto dtype = metadata.options.dtype().toScalarType();
  TORCH_CHECK_VALUE(
      c10::isFloatingType(dtype),
      "grad can be implicitly created only for real scalar outputs but got ",
      dtype);
  if (end.isTensor()) return at::ones_like(end.tensor);
  return at::ones_symint(metadata.shape, metadata.options.requires_grad(false));
}

edge_list rootsOf(const std::vector<End>& ends, variable_list& gradients) {
  TORCH_CHECK_VALUE(
      ends.size() == gradients.size(),
      "got ",
      ends.size(),
      " roots and ",
      gradients.size(),
      " gradients");
  edge_list roots;
  for (size_t i = 0; i < ends.size(); i++) {
    const auto metadata = metadataOf(ends[i]);
    if (gradients[i].defined()) {
      checkGradient(metadata.shape, metadata.options.dtype().toScalarType(), gradients[i], i);
    } else if (!ends[i].isTensor() || ends[i].tensor.requires_grad()) {
      gradients[i] = gradientOfOne(ends[i], metadata);
    }
    auto edge =
        ends[i].isTensor() ? torch::autograd::impl::gradient_edge(ends[i].tensor) : ends[i].edge;
    TORCH_CHECK(
        edge.function,
        "element ",
        i,
        " of tensors does not require grad and does not have a grad_fn");
    roots.push_back(std::move(edge));
  }
  return roots;
}

// As torch::autograd::run_backward finds them.
edge_list inputsOf(const std::vector<End>& ends, bool accumulate) {
  edge_list inputs;
  for (size_t i = 0; i < ends.size(); i++) {
    if (!ends[i].isTensor()) {
      inputs.push_back(ends[i].edge);
      continue;
    }
    const auto& tensor = ends[i].tensor;
    TORCH_CHECK(
        tensor.requires_grad(), "element ", i, " of the input tensors does not require grad");
    auto function = tensor.grad_fn();
    if (!function) function = torch::autograd::impl::try_get_grad_accumulator(tensor);
    if (accumulate) tensor.retain_grad();
    if (function) {
      inputs.emplace_back(std::move(function), tensor.output_nr());
    } else {
      // A leaf that no graph has seen: a node of its own, which no pass comes to.
      inputs.emplace_back(c10::make_intrusive<torch::autograd::Identity>(), 0);
    }
  }
  return inputs;
}

// ---- Hooks that wait for several gradients ----

// How far a pass has come.
struct Progress {
  size_t seen = 0;
  size_t awaited = 0;
  variable_list gradients;
};

// Passes that failed never end: what they left is let go of when so many others were begun. Without
// gradients it is a few words.
constexpr size_t kPasses = 64;
constexpr size_t kSmallPasses = 4096;

struct Waited {
  // A leaf's node may be made anew while nothing holds it, so a leaf is asked for it. Neither is
  // kept alive: both hold the hook.
  c10::weak_intrusive_ptr<Node> node;
  c10::weak_intrusive_ptr<at::TensorImpl, at::UndefinedTensorImpl> leaf;

  NodePtr current() const {
    if (auto known = node.lock()) return known;
    auto impl = leaf.lock();
    if (!impl.defined()) return {};
    return torch::autograd::impl::try_get_grad_accumulator(at::Tensor(std::move(impl)));
  }
};

// Whether the pass that runs on this thread comes to the node (torch._C._will_engine_execute_node).
bool willRun(const NodePtr& node) {
  const auto* nodes = torch::autograd::get_current_graph_task_nodes_in_graph();
  const auto* plan = torch::autograd::get_current_graph_task_exec_info();
  if (!node || !nodes || !plan || nodes->count(node.get()) == 0) return false;
  if (plan->empty()) return true;
  const auto found = plan->find(node.get());
  if (found == plan->end() || !found->second.should_execute()) return false;
  TORCH_CHECK(
      node->topological_nr() != 0 || !found->second.captures_,
      "A hook on the gradients of several tensors waits for a leaf, which autograd.grad() does not "
      "run: use backward(), or leave the leaf out");
  return true;
}

class MultiHook {
 public:
  MultiHook(double id, bool any) : function_(std::make_shared<HostFunction>(id)), any_(any) {}

  void add(const at::Tensor& tensor) {
    auto node = tensor.grad_fn();
    if (node) {
      waited_.push_back({c10::weak_intrusive_ptr<Node>(node), none()});
    } else {
      waited_.push_back(
          {c10::weak_intrusive_ptr<Node>(NodePtr()),
           c10::weak_intrusive_ptr<at::TensorImpl, at::UndefinedTensorImpl>(
               tensor.getIntrusivePtr())});
    }
  }

  void arrive(size_t i, const at::Tensor& gradient) {
    if (function_->removed()) return;
    const int pass = torch::autograd::get_current_graph_task_id();
    TORCH_CHECK(pass != -1, "A hook on the gradients of several tensors runs only in a pass");
    const auto ready = note(pass, i, gradient);
    if (ready) call(*ready);
  }

 private:
  static c10::weak_intrusive_ptr<at::TensorImpl, at::UndefinedTensorImpl> none() {
    return c10::weak_intrusive_ptr<at::TensorImpl, at::UndefinedTensorImpl>(
        c10::intrusive_ptr<at::TensorImpl, at::UndefinedTensorImpl>());
  }

  // What the function is to be called with now, if it is. A pass of a job's is on another thread.
  std::optional<variable_list> note(int pass, size_t i, const at::Tensor& gradient) {
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto [entry, fresh] = passes_.try_emplace(pass);
    auto& progress = entry->second;
    if (fresh) begin(progress);
    const size_t before = progress.seen++;
    if (any_) return before == 0 ? std::optional<variable_list>({gradient}) : std::nullopt;
    progress.gradients[i] = gradient;
    if (progress.seen != progress.awaited) return std::nullopt;
    variable_list gradients = std::move(progress.gradients);
    passes_.erase(entry);
    return gradients;
  }

  void begin(Progress& progress) {
    // Numbers of passes only grow, so the first is the oldest.
    if (passes_.size() > (any_ ? kSmallPasses : kPasses)) passes_.erase(passes_.begin());
    if (any_) return;
    progress.gradients.resize(waited_.size());
    for (const auto& one : waited_) progress.awaited += willRun(one.current()) ? 1 : 0;
  }

  void call(const variable_list& gradients) {
    function_->call(
        FB_CALL_NODE_PREHOOK,
        [&](Writer& out) { writeTensorList(out, gradients); },
        [](Reader&) { return 0; });
  }

  HostFunctionPtr function_;
  bool any_;
  std::vector<Waited> waited_;
  std::mutex mutex_;
  std::map<int, Progress> passes_;
};

}  // namespace
}  // namespace flambeau

using namespace flambeau;

int32_t fb_tensor_edge(double tensor, double ctx) {
  return guard(-1, [&] {
    const at::Tensor self = borrowTensor(tensor);
    TORCH_CHECK(
        self.requires_grad(),
        "It is not possible to get the gradient edge for a Tensor that does not require gradients");
    auto edge = torch::autograd::impl::gradient_edge(self);
    Writer out(ctx);
    out.putHandle(FB_HANDLE_NODE, edge.function.release());
    out.put(edge.input_nr);
    return out.done();
  });
}

int32_t fb_pass(
    double ctx, bool retain_graph, bool create_graph, bool allow_unused, bool accumulate) {
  return guard(-1, [&] {
    Reader in(ctx);
    const auto from = readEnds(in, "outputs");
    auto gradients = readTensorList(in);
    const auto to = readEnds(in, "inputs");
    const auto roots = rootsOf(from, gradients);
    const auto inputs = inputsOf(to, accumulate);
    const auto results = torch::autograd::Engine::get_default_engine().execute(
        roots, gradients, retain_graph, create_graph, accumulate, inputs);
    if (accumulate) return 0;
    for (const auto& result : results) {
      TORCH_CHECK(
          allow_unused || result.defined(),
          "One of the differentiated Tensors appears to not have been used in the graph. Set "
          "allow_unused=True if this is the desired behavior.");
    }
    Writer out(ctx);
    writeTensorList(out, results);
    return out.done();
  });
}

int32_t fb_multi_hook(double ctx, double id, bool any) {
  return guard(-1, [&] {
    Reader in(ctx);
    const auto tensors = readTensorList(in);
    for (const auto& tensor : tensors) {
      TORCH_CHECK(
          any || tensor.requires_grad(),
          "cannot register a hook on a tensor that doesn't require gradient");
    }
    const auto hook = std::make_shared<MultiHook>(id, any);
    for (const auto& tensor : tensors) hook->add(tensor);
    for (size_t i = 0; i < tensors.size(); i++) {
      if (!tensors[i].requires_grad()) continue;
      tensors[i].register_hook([hook, i](const at::Tensor& gradient) {
        hook->arrive(i, gradient);
        return at::Tensor();
      });
    }
    return 0;
  });
}

int32_t fb_tensor_bump(double tensor) {
  return guard(-1, [&] {
    const at::Tensor self = borrowTensor(tensor);
    // A tensor of inference mode has no version.
    if (!self.is_inference()) torch::autograd::impl::bump_version(self);
    return 0;
  });
}
