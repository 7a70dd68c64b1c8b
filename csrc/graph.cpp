// A graph as a value that JavaScript can walk:
//   [inputs: [value id...], outputs: [value id...], values: [[name, type]...], nodes: [node...]]
//   node: [kind, scope, inputs: [id...], outputs: [id...], attributes: Map name -> text or value,
//          blocks: [[inputs, outputs, nodes]...], place in the source, schema]
// Value ids count from 0 over the whole graph, inner blocks included.
#include <torch/csrc/jit/api/function_impl.h>
#include <torch/csrc/jit/passes/inliner.h>
#include <torch/csrc/jit/runtime/graph_executor.h>

#include <sstream>
#include <unordered_map>

#include "script.h"
#include "tagged.h"

namespace flambeau {
namespace {

using c10::IValue;
using torch::jit::Block;
using torch::jit::Graph;
using torch::jit::Node;
using torch::jit::Value;

class GraphWriter {
 public:
  GraphWriter(Writer& out, const Graph& graph) : out_(out) { number(graph.block()); }

  void write(const Graph& graph) {
    array(4);
    ids(graph.inputs());
    ids(graph.outputs());
    array(values_.size());
    for (const Value* value : values_) {
      array(2);
      text(value->debugName());
      // Printed, since only that says the shape of a tensor.
      std::ostringstream type;
      type << *value->type();
      text(type.str());
    }
    nodes(graph.block());
  }

 private:
  void number(const Block* block) {
    add(block->inputs());
    for (const Node* node : block->nodes()) {
      add(node->outputs());
      for (const Block* inner : node->blocks()) number(inner);
    }
  }

  void add(at::ArrayRef<const Value*> values) {
    for (const Value* value : values) {
      ids_.emplace(value, values_.size());
      values_.push_back(value);
    }
  }

  void array(size_t count) { putArray(out_, count); }

  void text(const std::string& value) { putText(out_, value); }

  void ids(at::ArrayRef<const Value*> values) {
    array(values.size());
    for (const Value* value : values) {
      out_.put(FB_VALUE_INT);
      out_.put(static_cast<double>(ids_.at(value)));
    }
  }

  void nodes(const Block* block) {
    size_t count = 0;
    for (const Node* node : block->nodes()) {
      (void)node;
      count++;
    }
    array(count);
    for (const Node* node : block->nodes()) write(node);
  }

  void write(const Node* node) {
    array(8);
    text(node->kind().toQualString());
    text(scopeOf(node));
    ids(node->inputs());
    ids(node->outputs());
    attributes(node);
    array(node->blocks().size());
    for (const Block* inner : node->blocks()) {
      array(3);
      ids(inner->inputs());
      ids(inner->outputs());
      nodes(inner);
    }
    text(placeOf(node->sourceRange()));
    std::ostringstream schema;
    if (const auto* found = node->maybeSchema()) schema << *found;
    text(schema.str());
  }

  // The submodule that a node belongs to, by its path; inlining notes that in the call stack.
  static std::string scopeOf(const Node* node) {
    const auto stack = node->callstack();
    if (!stack) return node->scopeName();
    std::string path;
    for (const auto& entry : (*stack)->vec()) {
      const auto& instance = std::get<2>(entry);
      const std::string name = instance ? instance->instance_name() : std::string();
      // A call of one's own method stays where one is.
      if (name.empty() || name == "SELF" || name == "INSTANCE_NAME_UNKNOWN") continue;
      path += path.empty() ? name : "." + name;
    }
    return path;
  }

  // A trace's place is its whole text; source is quoted with the place marked.
  static std::string placeOf(const torch::jit::SourceRange& range) {
    // What was loaded says where it was written first.
    if (const auto written = range.findSourceRangeThatGenerated()) return placeOf(*written);
    const auto& source = range.source();
    if (source && source->filename() && range.start() == 0) {
      std::string text = range.text().str();
      if (text.rfind(*source->filename() + ":", 0) == 0) {
        text.erase(text.find_last_not_of('\n') + 1);
        return text;
      }
    }
    return range.str();
  }

  void attributes(const Node* node) {
    out_.put(FB_VALUE_MAP);
    out_.put(static_cast<double>(node->attributeNames().size()));
    for (const auto name : node->attributeNames()) {
      text(name.toUnqualString());
      attribute(node, name);
    }
  }

  void attribute(const Node* node, c10::Symbol name) {
    switch (node->kindOf(name)) {
      case torch::jit::AttributeKind::f:
        return writeValue(out_, node->f(name));
      case torch::jit::AttributeKind::i:
        return writeValue(out_, node->i(name));
      case torch::jit::AttributeKind::s:
        return writeValue(out_, node->s(name));
      case torch::jit::AttributeKind::t:
        return writeValue(out_, node->t(name));
      case torch::jit::AttributeKind::fs:
        return writeValue(out_, node->fs(name));
      case torch::jit::AttributeKind::is:
        return writeValue(out_, node->is(name));
      case torch::jit::AttributeKind::ss:
        return writeValue(out_, node->ss(name));
      case torch::jit::AttributeKind::ival: {
        std::ostringstream shown;
        shown << node->ival(name);
        return text(shown.str());
      }
      default:
        return text(torch::jit::toString(node->kindOf(name)));
    }
  }

  Writer& out_;
  std::vector<const Value*> values_;
  std::unordered_map<const Value*, size_t> ids_;
};

}  // namespace

std::shared_ptr<Graph> graphOf(const Callable& callable, int32_t which) {
  // Asked right after a call: an executor knows its own only once it has profiled it.
  if (which == 2) return torch::jit::lastExecutedOptimizedGraph();
  auto graph = torch::jit::toGraphFunction(*callable.function).graph();
  if (which == 0) return graph;
  auto copy = graph->copy();
  torch::jit::Inline(*copy);
  return copy;
}

}  // namespace flambeau

using namespace flambeau;

int32_t fb_callable_graph(double callable, double ctx, int32_t which) {
  return guard(-1, [&] {
    const auto graph = graphOf(flambeau::target<Callable>(callable), which);
    Writer out(ctx);
    GraphWriter(out, *graph).write(*graph);
    return out.done();
  });
}
