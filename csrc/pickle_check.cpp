// LibTorch's unpickler believes what it reads: how many elements a storage has, what part of it a
// tensor covers, that a dictionary has a value for each key. This runs the same opcodes over values
// that are only described, and refuses what it would believe wrongly.
#include "pickle_check.h"

#include <c10/core/ScalarType.h>
#include <c10/core/QScheme.h>

#include <cstring>
#include <memory>
#include <unordered_map>
#include <unordered_set>

#include "internal.h"

namespace flambeau {
namespace {

// Deeper values would overflow the stack when they are freed.
constexpr uint32_t kDeepest = 500;
// What the values amount to when shared ones are counted wherever they stand: a pickle of a few
// lines can describe a structure of 2^100 elements.
constexpr double kLargest = 1e8;
constexpr size_t kMostDimensions = 64;

enum class Kind {
  None,
  Bool,
  Int,
  Float,
  Complex,
  String,
  Tuple,
  List,
  Dict,
  Storage,
  Tensor,
  Device,
  DType,
  QScheme,
  Function,
  Class,
  Instance,
};

enum class Callee {
  None,
  BuildList,
  RestoreTag,
  Tensor,
  QuantizedTensor,
  SparseTensor,
  FromType,
  TensorType,
  Complex,
  OrderedDict,
  Device,
};

struct Value;
using Ref = std::shared_ptr<Value>;

struct Value {
  Kind kind = Kind::None;
  int64_t number = 0;  // of Int and Bool; the bytes an element of DType; the elements of Storage
  Callee callee = Callee::None;
  std::string text;
  std::vector<Ref> elements;
  uint32_t depth = 1;
  double weight = 1;
  // Part of another value: what is added to it now could make a circle.
  bool held = false;
};

Ref make(Kind kind, int64_t number = 0) {
  auto value = std::make_shared<Value>();
  value->kind = kind;
  value->number = number;
  return value;
}

const std::unordered_map<std::string, int64_t>& elementBytes() {
  static const auto* made = new std::unordered_map<std::string, int64_t>{
#define STORAGE(_, name) \
  {#name "Storage", static_cast<int64_t>(c10::elementSize(c10::ScalarType::name))},
      AT_FORALL_SCALAR_TYPES_WITH_COMPLEX_AND_QINTS(STORAGE) STORAGE(_, UInt16) STORAGE(_, UInt32)
          STORAGE(_, UInt64) STORAGE(_, Float8_e5m2) STORAGE(_, Float8_e4m3fn)
              STORAGE(_, Float8_e5m2fnuz) STORAGE(_, Float8_e4m3fnuz)
#undef STORAGE
  };
  return *made;
}

class Checker {
 public:
  Checker(const std::string& bytes, const PickleContext& context)
      : bytes_(bytes), context_(context) {}

  std::vector<std::string> run() {
    if (byte() != 0x80 || byte() != 2) refuse("it does not begin like a pickle of protocol 2");
    while (step()) continue;
    if (stack_.size() != 1) refuse("it leaves ", stack_.size(), " values");
    if (context_.places) checkPlaces(stack_[0]);
    checkSparse();
    return std::move(classes_);
  }

 private:
  template <class... Parts>
  [[noreturn]] void refuse(const Parts&... parts) const {
    throw SerializationError(
        c10::str(
            "record '", context_.name, "', byte ", at_, ": the pickle is refused: ", parts...));
  }

  // ---- Bytes ----

  const char* take(uint64_t count) {
    if (count > bytes_.size() - at_) refuse("it is cut off");
    const char* start = bytes_.data() + at_;
    at_ += count;
    return start;
  }
  template <class T>
  T number() {
    T value;
    std::memcpy(&value, take(sizeof(T)), sizeof(T));
    return value;
  }
  uint8_t byte() { return number<uint8_t>(); }
  std::string line() {
    const auto end = bytes_.find('\n', at_);
    if (end == std::string::npos) refuse("a name has no end");
    const auto text = bytes_.substr(at_, end - at_);
    for (const char c : text) {
      const bool fits = c == '_' || c == '.' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
                        (c >= 'A' && c <= 'Z');
      if (!fits) refuse("a name has a character that no name may have");
    }
    at_ = end + 1;
    return text;
  }

  // ---- The stack ----

  void push(Ref value) { stack_.push_back(std::move(value)); }
  Ref pop() {
    if (stack_.size() <= floor()) refuse("a value is missing");
    Ref value = std::move(stack_.back());
    stack_.pop_back();
    return value;
  }
  size_t floor() const { return marks_.empty() ? 0 : marks_.back(); }
  std::vector<Ref> popToMark() {
    if (marks_.empty()) refuse("a mark is missing");
    const auto start = stack_.begin() + static_cast<ptrdiff_t>(marks_.back());
    marks_.pop_back();
    std::vector<Ref> values(std::make_move_iterator(start), std::make_move_iterator(stack_.end()));
    stack_.erase(start, stack_.end());
    return values;
  }
  Ref top() const {
    if (stack_.size() <= floor()) refuse("a value is missing");
    return stack_.back();
  }

  // ---- Values ----

  void hold(Value& owner, const Ref& element) {
    element->held = true;
    owner.depth = std::max(owner.depth, element->depth + 1);
    owner.weight += element->weight;
    if (owner.depth > kDeepest)
      refuse("its values lie more than ", kDeepest, " deep in one another");
    if (owner.weight > kLargest) refuse("its values repeat one another too often");
    owner.elements.push_back(element);
  }
  void extend(const Ref& container, const std::vector<Ref>& elements) {
    if (container->held) refuse("a container is changed after it became part of another");
    for (const auto& element : elements) {
      if (element == container) refuse("a container holds itself");
      hold(*container, element);
    }
  }
  Ref tuple(const std::vector<Ref>& elements) {
    auto made = make(Kind::Tuple);
    for (const auto& element : elements) hold(*made, element);
    return made;
  }
  Ref dict(const std::vector<Ref>& elements) {
    auto made = make(Kind::Dict);
    fill(made, elements);
    return made;
  }
  void fill(const Ref& dict, const std::vector<Ref>& elements) {
    if (dict->kind != Kind::Dict) refuse("entries are put in what is no dictionary");
    if (elements.size() % 2 != 0) refuse("a key of a dictionary has no value");
    extend(dict, elements);
  }
  const Ref& element(const Ref& value, size_t i, Kind kind) const {
    if (i >= value->elements.size() || value->elements[i]->kind != kind) {
      refuse("an argument is missing or of the wrong kind");
    }
    return value->elements[i];
  }

  // ---- Opcodes ----

  bool step() {
    const auto opcode = static_cast<char>(byte());
    switch (opcode) {
      case '.':
        return false;
      case 'N':
        push(make(Kind::None));
        break;
      case '\x88':
        push(make(Kind::Bool, 1));
        break;
      case '\x89':
        push(make(Kind::Bool, 0));
        break;
      case 'K':
        push(make(Kind::Int, byte()));
        break;
      case 'M':
        push(make(Kind::Int, number<uint16_t>()));
        break;
      case 'J':
        push(make(Kind::Int, number<int32_t>()));
        break;
      case '\x8a':
        if (byte() != 8) refuse("an integer is not of 8 bytes");
        push(make(Kind::Int, number<int64_t>()));
        break;
      case 'G':
        take(8);
        push(make(Kind::Float));
        break;
      case 'X': {
        auto text = make(Kind::String);
        const auto size = number<uint32_t>();
        text->text.assign(take(size), size);
        push(std::move(text));
        break;
      }
      case '(':
        marks_.push_back(stack_.size());
        break;
      case ']':
        push(make(Kind::List));
        break;
      case '}':
        push(make(Kind::Dict));
        break;
      case ')':
        push(make(Kind::Tuple));
        break;
      default:
        stepOfContainers(opcode);
    }
    return true;
  }

  void stepOfContainers(char opcode) {
    switch (opcode) {
      case 't':
        push(tuple(popToMark()));
        break;
      case '\x85':
      case '\x86':
      case '\x87': {
        std::vector<Ref> elements(static_cast<size_t>(opcode - '\x84'));
        for (size_t i = elements.size(); i-- > 0;) elements[i] = pop();
        push(tuple(elements));
        break;
      }
      case 'l': {
        auto list = make(Kind::List);
        extend(list, popToMark());
        push(std::move(list));
        break;
      }
      case 'd':
        push(dict(popToMark()));
        break;
      case 'e': {
        const auto elements = popToMark();
        if (top()->kind != Kind::List) refuse("elements are put in what is no list");
        extend(top(), elements);
        break;
      }
      case 'u': {
        const auto elements = popToMark();
        fill(top(), elements);
        break;
      }
      case 's': {
        auto value = pop();
        auto key = pop();
        fill(top(), {key, value});
        break;
      }
      case 'q':
        remember(byte());
        break;
      case 'r':
        remember(number<uint32_t>());
        break;
      case 'h':
        recall(byte());
        break;
      case 'j':
        recall(number<uint32_t>());
        break;
      default:
        stepOfObjects(opcode);
    }
  }

  // LibTorch's table is as long as the largest number, so a single one could ask for gigabytes.
  void remember(uint32_t id) {
    if (id > memo_.size()) refuse("a value is remembered out of turn");
    if (id == memo_.size()) {
      memo_.push_back(top());
    } else {
      memo_[id] = top();
    }
  }
  void recall(uint32_t id) {
    if (id >= memo_.size()) refuse("a value is recalled that was not remembered");
    push(memo_[id]);
  }

  void stepOfObjects(char opcode) {
    switch (opcode) {
      case 'c': {
        const auto module = line();
        const auto name = line();
        push(global(module, name));
        break;
      }
      case '\x81': {
        // LibTorch drops the arguments, and leaves the class.
        pop();
        if (top()->kind != Kind::Class) refuse("an object is made of what is no class");
        break;
      }
      case 'b':
      case 'R': {
        auto argument = pop();
        auto callee = pop();
        push(call(*callee, argument));
        break;
      }
      case 'Q':
        push(storage(pop()));
        break;
      default:
        refuse(
            "the opcode ", static_cast<int>(static_cast<uint8_t>(opcode)), " has no place in it");
    }
  }

  Ref function(Callee callee) {
    auto made = make(Kind::Function);
    made->callee = callee;
    return made;
  }

  Ref global(const std::string& module, const std::string& name) {
    if (module == "torch.jit._pickle") {
      if (name == "restore_type_tag") return function(Callee::RestoreTag);
      for (const char* list :
           {"build_intlist", "build_tensorlist", "build_doublelist", "build_boollist"}) {
        if (name == list) return function(Callee::BuildList);
      }
    } else if (module == "torch._utils") {
      if (name == "_rebuild_tensor_v2") return function(Callee::Tensor);
      if (name == "_rebuild_qtensor") return function(Callee::QuantizedTensor);
      if (name == "_rebuild_sparse_tensor") return function(Callee::SparseTensor);
    } else if (module == "collections") {
      if (name == "OrderedDict") return function(Callee::OrderedDict);
    } else if (module == "builtins") {
      if (name == "complex") return function(Callee::Complex);
    } else if (module == "torch") {
      return ofTorch(name);
    } else if (module.rfind("torch.", 0) != 0 && context_.classes) {
      return classOf(module + "." + name);
    }
    refuse("it names ", module, ".", name);
  }

  Ref ofTorch(const std::string& name) {
    if (name == "device") return function(Callee::Device);
    const auto found = elementBytes().find(name);
    if (found != elementBytes().end()) return make(Kind::DType, found->second);
    for (int i = 0; i < at::COMPILE_TIME_NUM_QSCHEMES; i++) {
      if (name == toString(static_cast<at::QScheme>(i))) return make(Kind::QScheme, i);
    }
    refuse("it names torch.", name);
  }

  Ref classOf(const std::string& name) {
    auto made = make(Kind::Class);
    made->text = name;
    if (seen_.insert(name).second) classes_.push_back(name);
    return made;
  }

  Ref call(const Value& callee, const Ref& argument) {
    if (callee.kind == Kind::Class) {
      auto made = make(Kind::Instance);
      hold(*made, argument);
      return made;
    }
    if (callee.kind != Kind::Function) refuse("something is called that is no function");
    if (callee.callee != Callee::OrderedDict && argument->kind != Kind::Tuple) {
      refuse("a function is called without arguments");
    }
    switch (callee.callee) {
      case Callee::BuildList:
        return element(argument, 0, Kind::List);
      case Callee::RestoreTag:
        return tagged(argument);
      case Callee::Tensor:
      case Callee::QuantizedTensor:
        return tensor(argument, callee.callee == Callee::QuantizedTensor);
      case Callee::SparseTensor:
        return sparse(argument);
      case Callee::Complex:
        if (argument->elements.size() != 2) refuse("a complex number has two parts");
        element(argument, 0, Kind::Float);
        element(argument, 1, Kind::Float);
        return make(Kind::Complex);
      case Callee::Device:
        element(argument, 0, Kind::String);
        return make(Kind::Device);
      default:
        return make(Kind::None);
    }
  }

  Ref tagged(const Ref& argument) {
    const auto& type = element(argument, 1, Kind::String)->text;
    const auto& value = argument->elements[0];
    const bool list = value->kind == Kind::List && type.rfind("List[", 0) == 0;
    const bool dict = value->kind == Kind::Dict && type.rfind("Dict[", 0) == 0;
    if (!list && !dict) refuse("a value is tagged with a type that it cannot have");
    size_t depth = 0;
    for (const char c : type) {
      if (c == '[' && ++depth > 64) refuse("a type lies too deep");
    }
    return value;
  }

  // ('storage', dtype, key, device, elements)
  Ref storage(const Ref& argument) {
    if (argument->kind != Kind::Tuple || element(argument, 0, Kind::String)->text != "storage") {
      refuse("it refers to something outside that is no storage");
    }
    const auto bytes = element(argument, 1, Kind::DType)->number;
    const auto& key = element(argument, 2, Kind::String)->text;
    element(argument, 3, Kind::String);
    const auto count = element(argument, 4, Kind::Int)->number;
    if (count < 0) refuse("the storage '", key, "' has ", count, " elements");
    if (count > 0) {
      const auto record = context_.storage ? context_.storage(key) : std::nullopt;
      if (!record) refuse("the storage '", key, "' has no record");
      if (static_cast<uint64_t>(count) > *record / static_cast<uint64_t>(bytes)) {
        refuse(
            "the storage '",
            key,
            "' says that it has ",
            count,
            " elements of ",
            bytes,
            " bytes, but its record has ",
            *record,
            " bytes");
      }
    }
    auto made = make(Kind::Storage, count);
    made->text = key;
    return made;
  }

  std::vector<int64_t> numbers(const Ref& tuple) const {
    if (tuple->elements.size() > kMostDimensions)
      refuse("a tensor has ", tuple->elements.size(), " dimensions");
    std::vector<int64_t> found;
    for (size_t i = 0; i < tuple->elements.size(); i++) {
      found.push_back(element(tuple, i, Kind::Int)->number);
      if (found.back() < 0) refuse("a tensor has a size or stride of ", found.back());
    }
    return found;
  }

  // (storage, offset, sizes, strides, [quantizer,] requires_grad, hooks [, bits])
  Ref tensor(const Ref& argument, bool quantized) {
    const auto& storage = element(argument, 0, Kind::Storage);
    const auto offset = element(argument, 1, Kind::Int)->number;
    const auto sizes = numbers(element(argument, 2, Kind::Tuple));
    const auto strides = numbers(element(argument, 3, Kind::Tuple));
    if (quantized) checkQuantizer(element(argument, 4, Kind::Tuple));
    const size_t next = quantized ? 5 : 4;
    element(argument, next, Kind::Bool);
    if (argument->elements.size() < next + 2 || argument->elements.size() > 7) {
      refuse("a tensor has ", argument->elements.size(), " arguments");
    }
    if (!quantized && argument->elements.size() == 7) element(argument, 6, Kind::Dict);
    if (sizes.size() != strides.size()) refuse("a tensor has other sizes than strides");
    checkExtent(*storage, offset, sizes, strides);
    auto made = make(Kind::Tensor);
    made->text = storage->text;
    shown_[storage->text]++;
    return made;
  }

  // (layout, sizes, requires_grad, indices and values); loading has LibTorch check the indices.
  Ref sparse(const Ref& argument) {
    element(argument, 0, Kind::Int);
    numbers(element(argument, 1, Kind::Tuple));
    element(argument, 2, Kind::Bool);
    if (argument->elements.size() < 5) refuse("a sparse tensor lacks its indices or values");
    for (size_t i = 3; i < argument->elements.size(); i++) {
      const auto& part = element(argument, i, Kind::Tensor);
      if (part.use_count() > 1) refuse("a part of a sparse tensor is used elsewhere too");
      shown_[part->text]--;
      within_.insert(part->text);
    }
    return make(Kind::Tensor);
  }

  // A program that could write to a sparse tensor's indices, after they were checked, could have
  // any memory written.
  void checkSparse() const {
    for (const auto& key : within_) {
      if (shown_.at(key) > 0) {
        refuse("the storage '", key, "' is a part of a sparse tensor and of another tensor");
      }
    }
  }

  void checkQuantizer(const Ref& quantizer) const {
    const auto scheme = element(quantizer, 0, Kind::QScheme)->number;
    if (scheme == static_cast<int64_t>(at::kPerTensorAffine)) {
      element(quantizer, 1, Kind::Float);
      element(quantizer, 2, Kind::Int);
    } else {
      element(quantizer, 1, Kind::Tensor);
      element(quantizer, 2, Kind::Tensor);
      element(quantizer, 3, Kind::Int);
    }
  }

  // The last element must lie in the storage.
  void checkExtent(
      const Value& storage,
      int64_t offset,
      const std::vector<int64_t>& sizes,
      const std::vector<int64_t>& strides) const {
    const auto wrong = [&](const char* what) {
      refuse(
          "a tensor of ",
          c10::IntArrayRef(sizes),
          " at element ",
          offset,
          " of storage '",
          storage.text,
          "' ",
          what,
          ": that has ",
          storage.number,
          " elements");
    };
    if (offset < 0 || offset > storage.number) wrong("begins outside of it");
    __int128 elements = 1, last = offset;
    for (size_t i = 0; i < sizes.size(); i++) {
      elements *= sizes[i];
      if (elements > INT64_MAX / 16) wrong("is larger than any memory");
      last += static_cast<__int128>(sizes[i] - 1) * strides[i];
    }
    if (elements > 0 && last >= storage.number) wrong("reaches past its end");
    // One element can be shown as any number of them, which the next op would make memory of.
    if (elements > 0 &&
        elements / 4096 > static_cast<__int128>(storage.number) + (int64_t{1} << 20)) {
      wrong("repeats its elements absurdly often");
    }
  }

  // ---- The places of source text: LibTorch indexes by what it finds ----

  void checkPlaces(const Ref& root) const {
    if (root->kind != Kind::Tuple) refuse("it is no list of places");
    const auto& parts = root->elements;
    const bool table = !parts.empty() && parts[0]->kind == Kind::String &&
                       parts[0]->text == "FORMAT_WITH_STRING_TABLE";
    if (!table) {
      for (const auto& row : parts) checkRow(*row, nullptr);
      return;
    }
    if (parts.size() != 3 || parts[1]->kind != Kind::Tuple || parts[2]->kind != Kind::Tuple) {
      refuse("its table of texts is not one");
    }
    for (const auto& text : parts[1]->elements) {
      if (text->kind != Kind::String) refuse("its table of texts is not one");
    }
    for (const auto& row : parts[2]->elements) checkRow(*row, parts[1].get());
  }

  void checkRow(const Value& row, const Value* table) const {
    const auto& parts = row.elements;
    const bool whole = row.kind == Kind::Tuple && (parts.size() == 2 || parts.size() == 3) &&
                       parts[0]->kind == Kind::Int && parts[0]->number >= 0;
    if (!whole) refuse("a place has the wrong form");
    const Value* range = parts[1].get();
    if (range->kind == Kind::Int && parts.size() == 3) range = parts[2].get();
    checkRange(*range, table);
  }

  void checkRange(const Value& range, const Value* table) const {
    const auto& parts = range.elements;
    const bool whole = range.kind == Kind::Tuple && parts.size() == 3 &&
                       parts[0]->kind == Kind::Tuple && parts[0]->elements.size() == 3 &&
                       parts[1]->kind == Kind::Int && parts[2]->kind == Kind::Int;
    if (!whole) refuse("a range of source has the wrong form");
    const int64_t length = checkSource(parts[0]->elements, table);
    // LibTorch writes the range 0 to 1 for no source.
    if (parts[1]->number < 0 || parts[1]->number > parts[2]->number || parts[1]->number > length ||
        parts[2]->number > length + 1) {
      refuse("a range of source lies outside of it");
    }
  }

  // (text or numbers of texts, name or number of one, first line). The length of the text.
  int64_t checkSource(const std::vector<Ref>& parts, const Value* table) const {
    const auto entry = [&](const Value& index) -> const std::string& {
      const bool within = table != nullptr && index.kind == Kind::Int && index.number >= 0 &&
                          index.number < static_cast<int64_t>(table->elements.size());
      if (!within) refuse("a text of source is missing");
      return table->elements[static_cast<size_t>(index.number)]->text;
    };
    if (parts[2]->kind != Kind::Int || parts[2]->number < 0) refuse("a line has no number");
    if (table == nullptr) {
      if (parts[0]->kind != Kind::String) refuse("a text of source is missing");
      if (parts[1]->kind != Kind::String && parts[1]->kind != Kind::None)
        refuse("a source has no name");
      return static_cast<int64_t>(parts[0]->text.size());
    }
    if (parts[0]->kind != Kind::List) refuse("a text of source is missing");
    if (parts[1]->kind != Kind::None) entry(*parts[1]);
    int64_t length = 0;
    for (const auto& index : parts[0]->elements)
      length += static_cast<int64_t>(entry(*index).size());
    return length;
  }

  const std::string& bytes_;
  const PickleContext& context_;
  uint64_t at_ = 0;
  std::vector<Ref> stack_;
  std::vector<size_t> marks_;
  std::vector<Ref> memo_;
  std::vector<std::string> classes_;
  std::unordered_set<std::string> seen_;
  // How many tensors show a storage, beside parts of sparse ones; and those that such parts show.
  std::unordered_map<std::string, int64_t> shown_;
  std::unordered_set<std::string> within_;
};

}  // namespace

std::vector<std::string> checkPickle(const std::string& bytes, const PickleContext& context) {
  return Checker(bytes, context).run();
}

}  // namespace flambeau
