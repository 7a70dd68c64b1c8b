// A graph as a value that JavaScript can walk:
//   [inputs: [value id...], outputs: [value id...], values: [[name, type]...], nodes: [node...]]
//   node: [kind, scope, inputs: [id...], outputs: [id...], attributes: Map name -> text or value,
//          blocks: [[inputs, outputs, nodes]...], source, schema]
// Value ids count from 0 over the whole graph, inner blocks included.
#include <torch/csrc/jit/api/function_impl.h>

#include <sstream>
#include <unordered_map>

#include "script.h"

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

  void array(size_t count) {
    out_.put(FB_VALUE_ARRAY);
    out_.put(static_cast<double>(count));
  }

  void text(const std::string& value) {
    out_.put(FB_VALUE_STRING);
    out_.putString(value);
  }

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
    text(node->scopeName());
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
    text(node->sourceRange().str());
    std::ostringstream schema;
    if (const auto* found = node->maybeSchema()) schema << *found;
    text(schema.str());
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
}  // namespace flambeau

using namespace flambeau;

int32_t fb_callable_graph(double callable, double ctx) {
  return guard(-1, [&] {
    const auto graph =
        torch::jit::toGraphFunction(*fromHandle<Callable>(callable)->function).graph();
    Writer out(ctx);
    GraphWriter(out, *graph).write(*graph);
    return out.count();
  });
}
