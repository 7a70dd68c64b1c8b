// Turns of programs that set attributes. See turns.h.
#include "turns.h"

#include <torch/csrc/jit/api/function_impl.h>
#include <torch/csrc/jit/ir/ir.h>

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "jobs.h"

namespace flambeau {
namespace {

using torch::jit::Block;
using torch::jit::Node;
using torch::jit::Value;

std::atomic<int64_t> programs{0};

// Whether a value is an attribute, or is inside of one.
bool comesFromAttribute(const Value* value) {
  for (;;) {
    const Node* node = value->node();
    if (node->kind() == c10::prim::GetAttr) return true;
    const bool inside = node->kind() == c10::aten::__getitem__ ||
                        node->kind() == c10::Symbol::aten("get") ||
                        node->kind() == c10::prim::unchecked_cast;
    if (!inside || node->inputs().empty()) return false;
    value = node->input(0);
  }
}

// Ops on lists and dicts that change their first argument.
bool changesContainer(const Node& node) {
  static const auto* names = new std::unordered_set<std::string>{
      "append",
      "insert",
      "extend",
      "pop",
      "popitem",
      "clear",
      "remove",
      "reverse",
      "sort",
      "_set_item",
      "Delete",
      "update",
      "setdefault"};
  if (!node.kind().is_aten() || node.inputs().empty()) return false;
  const auto kind = node.input(0)->type()->kind();
  return (kind == c10::TypeKind::ListType || kind == c10::TypeKind::DictType) &&
         names->count(node.kind().toUnqualString()) != 0;
}

bool setsAttributes(const Block& block) {
  return std::any_of(block.nodes().begin(), block.nodes().end(), [](const Node* node) {
    if (node->kind() == c10::prim::SetAttr) return true;
    if (changesContainer(*node) && comesFromAttribute(node->input(0))) return true;
    const auto inner = node->blocks();
    return std::any_of(
        inner.begin(), inner.end(), [](const Block* one) { return setsAttributes(*one); });
  });
}

bool setsAttributes(const c10::ClassType& type, std::unordered_set<const c10::Type*>& seen) {
  if (!seen.insert(&type).second) return false;
  const auto& methods = type.methods();
  const bool own = std::any_of(methods.begin(), methods.end(), [](Function* method) {
    const auto* function = torch::jit::tryToGraphFunction(*method);
    // The block that is not optimized: it is there from the start, and stays as it is.
    return function != nullptr && setsAttributes(*function->graph()->block());
  });
  if (own) return true;
  for (size_t i = 0; i < type.numAttributes(); i++) {
    const auto inner = type.getAttribute(i)->cast<c10::ClassType>();
    if (inner && setsAttributes(*inner, seen)) return true;
  }
  return false;
}

struct Known {
  // Whose address it is: another's may come to be the same.
  std::weak_ptr<c10::ClassType> type;
  int64_t programs = 0;
  bool sets = false;
};

struct Lines {
  std::mutex mutex;
  std::unordered_map<const c10::ClassType*, Known> known;
  std::unordered_map<const CompilationUnit*, std::weak_ptr<Line>> lines;
};

Lines& allLines() {
  static auto* all = new Lines();
  return *all;
}

template <class Map, class Expired>
void sweep(Map& map, size_t& most, const Expired& expired) {
  if (map.size() < most) return;
  for (auto at = map.begin(); at != map.end();) at = expired(at->second) ? map.erase(at) : ++at;
  most = std::max<size_t>(64, map.size() * 2);
}

bool setsAttributes(Lines& all, const std::shared_ptr<c10::ClassType>& type) {
  static size_t most = 64;
  sweep(all.known, most, [](const Known& known) { return known.type.expired(); });
  auto& known = all.known[type.get()];
  if (known.type.lock() != type || known.programs != programs) {
    std::unordered_set<const c10::Type*> seen;
    known = {type, programs, setsAttributes(*type, seen)};
  }
  return known.sets;
}

thread_local std::vector<const Line*> atHand;

}  // namespace

uint64_t Line::takeNumber() {
  const std::lock_guard<std::mutex> lock(mutex_);
  return next_++;
}

bool Line::begin(uint64_t number, int64_t job) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (busy_ || urgent_ > 0 || now_ != number) {
    jobs_[number] = job;
    return false;
  }
  busy_ = true;
  return true;
}

// The job to call, now that something has changed; -1 for none.
int64_t Line::takeNext() {
  changed_.notify_all();
  const auto first = jobs_.find(now_);
  if (busy_ || urgent_ > 0 || first == jobs_.end()) return -1;
  const int64_t job = first->second;
  jobs_.erase(first);
  return job;
}

void Line::end(uint64_t number, bool begun) {
  int64_t next = -1;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (begun) busy_ = false;
    jobs_.erase(number);
    past_.insert(number);
    while (!past_.empty() && *past_.begin() == now_) {
      past_.erase(past_.begin());
      now_++;
    }
    next = takeNext();
  }
  // The queue's lock comes before a line's.
  callJob(next);
}

void Line::beginAtOnce() {
  std::unique_lock<std::mutex> lock(mutex_);
  urgent_++;
  changed_.wait(lock, [&] { return !busy_; });
  urgent_--;
  busy_ = true;
}

void Line::endAtOnce() {
  int64_t next = -1;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    busy_ = false;
    next = takeNext();
  }
  callJob(next);
}

std::shared_ptr<Line> lineFor(const torch::jit::ObjectPtr& object) {
  auto& all = allLines();
  const std::lock_guard<std::mutex> lock(all.mutex);
  if (!setsAttributes(all, object->type())) return nullptr;
  static size_t most = 64;
  sweep(all.lines, most, [](const std::weak_ptr<Line>& line) { return line.expired(); });
  auto& known = all.lines[object->compilation_unit().get()];
  auto line = known.lock();
  if (!line) known = line = std::make_shared<Line>();
  return line;
}

std::shared_ptr<Line> lineFor(const Callable& callable) {
  if (!callable.self) return nullptr;
  if (callable.turnless == programs) return nullptr;
  const int64_t asked = programs;
  auto line = lineFor(*callable.self);
  if (!line) callable.turnless = asked;
  return line;
}

std::shared_ptr<Turn> turnFor(std::shared_ptr<Line> line) {
  return line ? std::make_shared<Turn>(std::move(line)) : nullptr;
}

Turn::Turn(std::shared_ptr<Line> line) : line_(std::move(line)) {
  if (line_) number_ = line_->takeNumber();
}

Turn::~Turn() {
  if (line_) line_->end(number_, begun_);
}

bool Turn::begin(int64_t job) {
  begun_ = !line_ || line_->begin(number_, job);
  return begun_;
}

TurnAtOnce::TurnAtOnce(std::shared_ptr<Line> line) : line_(std::move(line)) {
  if (line_ && std::count(atHand.begin(), atHand.end(), line_.get()) == 0) line_->beginAtOnce();
  if (line_) atHand.push_back(line_.get());
}

TurnAtOnce::~TurnAtOnce() {
  if (!line_) return;
  atHand.pop_back();
  if (std::count(atHand.begin(), atHand.end(), line_.get()) == 0) line_->endAtOnce();
}

void programsChanged() {
  programs++;
}

}  // namespace flambeau
