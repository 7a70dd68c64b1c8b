// Ops: found once by name, called boxed, with arguments that the caller wrote in schema order.
#include <ATen/TensorIterator.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/record_function.h>

#include <algorithm>
#include <array>
#include <memory>
#include <mutex>
#include <optional>
#include <sstream>
#include <unordered_map>
#include <variant>

#include "guards.h"
#include "internal.h"
#include "plain.h"
#include "plain_copy.h"
#include "retired.h"
#include "serial.h"

namespace flambeau {
namespace {

enum class Base {
  Tensor,
  Int,
  Float,
  Bool,
  Scalar,
  String,
  Device,
  Generator,
  Unsupported,
};

struct Slot {
  Base base = Base::Unsupported;
  c10::TypeKind kind = c10::TypeKind::AnyType;
  bool optional = false;
  bool list = false;
  bool optionalElements = false;
};

template <class... Args>
using TensorOp = c10::TypedOperatorHandle<at::Tensor(const at::Tensor&, Args...)>;

// The commonest forms of op, called unboxed: it saves 70 ns a call, and 150 where there is a list.
using Unboxed = std::variant<
    std::monostate,
    TensorOp<>,                                      // relu
    TensorOp<const at::Tensor&>,                     // matmul
    TensorOp<const at::Tensor&, const at::Scalar&>,  // add
    TensorOp<const at::Scalar&>,                     // mul.Scalar
    TensorOp<const at::Scalar&, const at::Scalar&>,  // add.Scalar
    TensorOp<int64_t>,                               // unsqueeze
    TensorOp<int64_t, int64_t>,                      // transpose
    TensorOp<c10::SymIntArrayRef>,                   // view
    TensorOp<at::IntArrayRef>>;                      // permute

// What a schema asks for, worked out once: callBoxed itself checks neither arity nor types.
struct Op {
  c10::OperatorHandle handle;
  std::vector<Slot> arguments;
  std::vector<Slot> results;
  // A result that aliases a written argument is the caller's own object already.
  std::vector<bool> dropped;
  OpGuard guard = nullptr;
  // See Exchange.
  std::vector<size_t> exchanged;
  Unboxed unboxed;
  // Autograd has nothing to do for it where no argument has anything to do with autograd.
  bool functional = false;
  // Shares out any work among threads, even that of one element: see isSmallStep.
  bool fusedStep = false;
  bool isCopy = false;
  // Of matmul: mm. See forMatrices.
  std::unique_ptr<Op> ofMatrices;
};

Base baseOf(const c10::TypePtr& type) {
  switch (type->kind()) {
    case c10::TypeKind::TensorType:
      return Base::Tensor;
    case c10::TypeKind::IntType:
    case c10::TypeKind::SymIntType:
    case c10::TypeKind::ScalarTypeType:
    case c10::TypeKind::LayoutType:
    case c10::TypeKind::MemoryFormatType:
    case c10::TypeKind::QSchemeType:
      return Base::Int;
    case c10::TypeKind::FloatType:
      return Base::Float;
    case c10::TypeKind::BoolType:
    case c10::TypeKind::SymBoolType:
      return Base::Bool;
    case c10::TypeKind::NumberType:
      return Base::Scalar;
    case c10::TypeKind::StringType:
      return Base::String;
    case c10::TypeKind::DeviceObjType:
      return Base::Device;
    case c10::TypeKind::GeneratorType:
      return Base::Generator;
    default:
      return Base::Unsupported;
  }
}

Slot slotOf(c10::TypePtr type) {
  Slot slot;
  if (auto optional = type->cast<c10::OptionalType>()) {
    slot.optional = true;
    type = optional->getElementType();
  }
  if (auto list = type->cast<c10::ListType>()) {
    slot.list = true;
    type = list->getElementType();
    if (auto optional = type->cast<c10::OptionalType>()) {
      slot.optionalElements = true;
      type = optional->getElementType();
    }
  }
  slot.base = baseOf(type);
  slot.kind = type->kind();
  return slot;
}

template <class T, class F>
c10::IValue readList(size_t count, F&& element) {
  c10::List<T> list;
  list.reserve(count);
  for (size_t i = 0; i < count; i++) list.push_back(element());
  return list;
}

c10::IValue readTensors(Reader& in, size_t count, bool optionalElements) {
  if (!optionalElements) {
    return readList<at::Tensor>(count, [&] { return borrowTensor(in.next()); });
  }
  return readList<std::optional<at::Tensor>>(count, [&]() -> std::optional<at::Tensor> {
    const double handle = in.next();
    if (handle == 0) return std::nullopt;
    return borrowTensor(handle);
  });
}

c10::IValue readListArgument(Reader& in, const Slot& slot) {
  const double announced = in.next();
  if (announced < 0 && slot.optional) return c10::IValue();
  const size_t count = in.countOf(announced);
  switch (slot.base) {
    case Base::Tensor:
      return readTensors(in, count, slot.optionalElements);
    case Base::Int:
      return readList<int64_t>(count, [&] { return in.nextInt(); });
    case Base::Float:
      return readList<double>(count, [&] { return in.next(); });
    case Base::Bool:
      return readList<bool>(count, [&] { return in.next() != 0; });
    case Base::String:
      return readList<std::string>(count, [&] { return in.nextString(); });
    case Base::Scalar:
      return readList<at::Scalar>(count, [&] { return readScalar(in); });
    default:
      TORCH_CHECK_NOT_IMPLEMENTED(false, "An argument list of this type has no JavaScript form");
  }
}

// LibTorch looks the number up in tables, as it is.
int64_t readDtype(Reader& in) {
  const int64_t code = in.nextInt();
  TORCH_CHECK_VALUE(
      code >= 0 && code < static_cast<int64_t>(c10::ScalarType::Undefined),
      "there is no dtype ",
      code);
  return code;
}

c10::IValue readArgument(Reader& in, const Slot& slot) {
  if (slot.list) return readListArgument(in, slot);
  if (slot.base == Base::Tensor) {
    const double handle = in.next();
    if (handle == 0 && slot.optional) return c10::IValue();
    return borrowTensor(handle);
  }
  if (slot.base == Base::Generator) {
    const double handle = in.next();
    if (handle == 0) return c10::IValue();
    return at::Generator(
        c10::intrusive_ptr<c10::GeneratorImpl>::reclaim_copy(
            fromHandle<c10::GeneratorImpl>(handle)));
  }
  if (slot.optional && in.next() == 0) return c10::IValue();
  switch (slot.base) {
    case Base::Int:
      return slot.kind == c10::TypeKind::ScalarTypeType ? readDtype(in) : in.nextInt();
    case Base::Float:
      return in.next();
    case Base::Bool:
      return in.next() != 0;
    case Base::Scalar:
      return readScalar(in);
    case Base::String:
      return in.nextString();
    case Base::Device:
      return deviceFromCode(in.nextInt());
    default:
      TORCH_CHECK_NOT_IMPLEMENTED(false, "An argument of this type has no JavaScript form");
  }
}

void writeResult(Writer& out, c10::IValue&& value, const Slot& slot) {
  if (value.isTensor()) {
    out.putTensor(std::move(value).toTensor());
  } else if (value.isTensorList()) {
    const auto tensors = value.toTensorVector();
    out.put(static_cast<double>(tensors.size()));
    for (const auto& tensor : tensors) out.putTensor(tensor);
  } else if (value.isNone()) {
    TORCH_CHECK_NOT_IMPLEMENTED(
        slot.base == Base::Tensor, "A result of None has no JavaScript form");
    out.put(0);
    out.put(0);
  } else if (value.isScalar()) {
    putScalar(out, value.toScalar());
  } else {
    TORCH_CHECK_NOT_IMPLEMENTED(
        false, "A result of type ", value.tagKind(), " has no JavaScript form");
  }
}

// What a slot is in C++: '-' for what no unboxed form has.
char letterOf(const Slot& slot) {
  if (slot.optional || slot.optionalElements) return '-';
  if (slot.list) {
    return slot.kind == c10::TypeKind::SymIntType ? 'L'
           : slot.kind == c10::TypeKind::IntType  ? 'l'
                                                  : '-';
  }
  if (slot.base == Base::Tensor) return 't';
  if (slot.base == Base::Scalar) return 's';
  return slot.kind == c10::TypeKind::IntType ? 'i' : '-';
}

template <class... Args>
Unboxed typed(const Op& op) {
  return op.handle.typed<at::Tensor(const at::Tensor&, Args...)>();
}

Unboxed unboxedForm(const Op& op) {
  const auto& name = op.handle.operator_name().name;
  // Another library's op need not have a C++ signature that follows its schema.
  if (name.rfind("aten::", 0) != 0 || op.guard != nullptr || op.results.size() != 1) return {};
  if (!op.exchanged.empty()) return {};
  if (op.dropped[0] || letterOf(op.results[0]) != 't') return {};
  std::string form;
  for (const Slot& slot : op.arguments) form += letterOf(slot);
  if (form == "t") return typed<>(op);
  if (form == "tt") return typed<const at::Tensor&>(op);
  if (form == "tts") return typed<const at::Tensor&, const at::Scalar&>(op);
  if (form == "ts") return typed<const at::Scalar&>(op);
  if (form == "tss") return typed<const at::Scalar&, const at::Scalar&>(op);
  if (form == "ti") return typed<int64_t>(op);
  if (form == "tii") return typed<int64_t, int64_t>(op);
  if (form == "tL") return typed<c10::SymIntArrayRef>(op);
  if (form == "tl") return typed<at::IntArrayRef>(op);
  return {};
}

// The first arguments of a call, the caller's tensors. Where autograd would find nothing to do, a
// functional op goes past it: a tenth of a small op's time. Otherwise they are held while it runs:
// a hook of savedTensorsHooks is JavaScript within an op, and may dispose them.
template <size_t N>
class Tensors {
 public:
  Tensors(Reader& in, bool functional) {
    std::array<at::TensorImpl*, N> impls;
    for (auto& impl : impls) impl = fromHandle<at::TensorImpl>(in.next());
    if (functional && std::all_of(impls.begin(), impls.end(), isPlain) && isDirect()) {
      below_.emplace();
    }
    for (size_t i = 0; i < N; i++) {
      if (impls[i] == nullptr) continue;
      tensors_[i] =
          at::Tensor(below_ ? Pointer::reclaim(impls[i]) : Pointer::reclaim_copy(impls[i]));
    }
  }
  ~Tensors() {
    if (!below_) return;
    for (auto& tensor : tensors_) tensor.unsafeReleaseTensorImpl();
  }
  Tensors(const Tensors&) = delete;
  Tensors& operator=(const Tensors&) = delete;
  const at::Tensor& operator[](size_t index) const { return tensors_[index]; }

 private:
  using Pointer = c10::intrusive_ptr<at::TensorImpl, at::UndefinedTensorImpl>;
  std::array<at::Tensor, N> tensors_;
  std::optional<at::AutoDispatchBelowADInplaceOrView> below_;
};

// An integer, as most are, without a call.
at::Scalar readCommonScalar(Reader& in) {
  const double* start = in.mark();
  if (in.next() == FB_SCALAR_INT) return in.nextInt();
  in.reset(start);
  return readScalar(in);
}

template <class Int>
c10::SmallVector<Int, 8> readInts(Reader& in) {
  c10::SmallVector<Int, 8> values;
  const size_t count = in.nextCount();
  values.reserve(count);
  for (size_t i = 0; i < count; i++) values.push_back(Int(in.nextInt()));
  return values;
}

// Reads the arguments of a form, in order, and calls.
struct UnboxedCall {
  Reader& in;
  bool functional;

  at::Tensor operator()(const std::monostate&) const { return {}; }
  at::Tensor operator()(const TensorOp<>& op) const {
    const Tensors<1> given(in, functional);
    return op.call(given[0]);
  }
  at::Tensor operator()(const TensorOp<const at::Tensor&>& op) const {
    const Tensors<2> given(in, functional);
    return op.call(given[0], given[1]);
  }
  at::Tensor operator()(const TensorOp<const at::Tensor&, const at::Scalar&>& op) const {
    const Tensors<2> given(in, functional);
    return op.call(given[0], given[1], readCommonScalar(in));
  }
  at::Tensor operator()(const TensorOp<const at::Scalar&>& op) const {
    const Tensors<1> given(in, functional);
    return op.call(given[0], readCommonScalar(in));
  }
  at::Tensor operator()(const TensorOp<const at::Scalar&, const at::Scalar&>& op) const {
    const Tensors<1> given(in, functional);
    const at::Scalar first = readScalar(in);
    return op.call(given[0], first, readScalar(in));
  }
  at::Tensor operator()(const TensorOp<int64_t>& op) const {
    const Tensors<1> given(in, functional);
    return op.call(given[0], in.nextInt());
  }
  at::Tensor operator()(const TensorOp<int64_t, int64_t>& op) const {
    const Tensors<1> given(in, functional);
    const int64_t first = in.nextInt();
    return op.call(given[0], first, in.nextInt());
  }
  at::Tensor operator()(const TensorOp<c10::SymIntArrayRef>& op) const {
    const Tensors<1> given(in, functional);
    return op.call(given[0], readInts<c10::SymInt>(in));
  }
  at::Tensor operator()(const TensorOp<at::IntArrayRef>& op) const {
    const Tensors<1> given(in, functional);
    return op.call(given[0], readInts<int64_t>(in));
  }
};

// What Writer::putTensor writes, for the one result of a context that was read from just now.
int32_t writeOnly(Context& target, at::Tensor&& tensor) {
  target.words[1] = bytesHeld(tensor);
  target.words[0] = exportTensor(std::move(tensor));
  return 2;
}

bool isMatrix(const at::TensorImpl* impl) {
  return isOrdinary(impl) && impl->dim() == 2;
}

// matmul of two matrices is mm, by way of the dispatcher once more: an eighth of a small product's
// time. A trace and a profile show what was asked for.
const Op& forMatrices(const Op& op, Reader& in) {
  if (op.ofMatrices == nullptr) return op;
  const double* start = in.mark();
  const auto* self = fromHandle<at::TensorImpl>(in.next());
  const auto* other = fromHandle<at::TensorImpl>(in.next());
  in.reset(start);
  const bool straight = isMatrix(self) && isMatrix(other) && isDirect() && !at::hasCallbacks();
  return straight ? *op.ofMatrices : op;
}

int32_t callUnboxed(const Op& asked, Reader& in, Context& target) {
  const Op& op = forMatrices(asked, in);
  try {
    return writeOnly(target, std::visit(UnboxedCall{in, op.functional}, op.unboxed));
  } catch (...) {
    mendTrace();
    throw;
  }
}

// Whether a copy was made already; `in` is as it was otherwise.
bool copyHere(Reader& in) {
  const double* start = in.mark();
  auto* to = fromHandle<at::TensorImpl>(in.next());
  auto* from = fromHandle<at::TensorImpl>(in.next());
  in.reset(start);
  return copyPlain(to, from);
}

// The fused steps of optimizers wake all threads for each parameter, however small. Other ops do
// from 32,768 elements on.
bool isSmallStep(const std::vector<c10::IValue>& stack) {
  for (const c10::IValue& param : stack[0].toListRef()) {
    if (param.toTensor().numel() >= at::internal::GRAIN_SIZE) return false;
  }
  return true;
}

// Of an op that autograd sees as a whole, and whose results are new tensors. What is composed of
// other ops may return a view, which autograd has to know of.
bool isFunctional(const c10::OperatorHandle& op) {
  const auto aliases = [](const c10::Argument& one) { return one.alias_info() != nullptr; };
  const auto& schema = op.schema();
  return op.hasKernelForDispatchKey(c10::DispatchKey::CPU) &&
         std::none_of(schema.arguments().begin(), schema.arguments().end(), aliases) &&
         std::none_of(schema.returns().begin(), schema.returns().end(), aliases);
}

std::unique_ptr<Op> makeOp(const std::string& name) {
  const auto dot = name.find('.');
  const std::string base = name.substr(0, dot);
  const std::string overload = dot == std::string::npos ? "" : name.substr(dot + 1);
  auto found = c10::Dispatcher::singleton().findSchema({base, overload});
  TORCH_CHECK_NOT_IMPLEMENTED(found.has_value(), "LibTorch has no op named ", name);
  auto op = std::make_unique<Op>(Op{*found});
  op->guard = guardOf({base, overload});
  op->exchanged = exchangedBy(found->schema());
  op->functional = isFunctional(*found);
  op->isCopy = name == "aten::copy_";
  op->fusedStep = base == "aten::_fused_sgd_" || base == "aten::_fused_adam_" ||
                  base == "aten::_fused_adamw_" || base == "aten::_fused_adagrad_";
  for (const auto& argument : found->schema().arguments()) {
    op->arguments.push_back(slotOf(argument.real_type()));
  }
  for (const auto& result : found->schema().returns()) {
    op->results.push_back(slotOf(result.real_type()));
    op->dropped.push_back(result.alias_info() != nullptr && result.alias_info()->isWrite());
  }
  op->unboxed = unboxedForm(*op);
  if (name == "aten::matmul") op->ofMatrices = makeOp("aten::mm");
  return op;
}

std::mutex opsMutex;
// Never freed: a handle lives as long as the process, and there are as many as ops used.
std::unordered_map<std::string, std::unique_ptr<Op>>& ops() {
  static auto* made = new std::unordered_map<std::string, std::unique_ptr<Op>>();
  return *made;
}

// A stack that keeps its memory between calls; a call within a call (a hook) gets another.
class StackLease {
 public:
  StackLease() { stack_.swap(spare()); }
  ~StackLease() {
    stack_.clear();
    if (stack_.capacity() > spare().capacity()) stack_.swap(spare());
  }
  std::vector<c10::IValue>& get() { return stack_; }

 private:
  static std::vector<c10::IValue>& spare() {
    thread_local std::vector<c10::IValue> spare;
    return spare;
  }
  std::vector<c10::IValue> stack_;
};

}  // namespace
}  // namespace flambeau

using namespace flambeau;

double fb_op_find(const char* name, uint32_t bytes) {
  return guard(0.0, [&] {
    const std::string key(name, bytes);
    const std::lock_guard<std::mutex> lock(opsMutex);
    auto& op = ops()[key];
    if (!op) {
      try {
        op = makeOp(key);
      } catch (...) {
        ops().erase(key);
        throw;
      }
    }
    return toHandle(op.get());
  });
}

int32_t fb_op_call(double handle, double ctx) {
  return guard(-1, [&] {
    const Op& op = target<Op>(handle);
    Reader in(ctx);
    if (op.unboxed.index() != 0) return callUnboxed(op, in, context(ctx));
    if (op.isCopy && copyHere(in)) return 0;
    StackLease lease;
    auto& stack = lease.get();
    for (const Slot& slot : op.arguments) stack.push_back(readArgument(in, slot));
    try {
      if (op.guard != nullptr) op.guard(stack);
      Exchange exchange;
      for (const size_t place : op.exchanged) exchange.keep(stack[place]);
      const SerialScope serial(op.fusedStep && isSmallStep(stack));
      op.handle.callBoxed(&stack);
    } catch (...) {
      mendTrace();
      throw;
    }
    Writer out(ctx);
    for (size_t i = 0; i < op.results.size(); i++) {
      if (!op.dropped[i]) writeResult(out, std::move(stack[i]), op.results[i]);
    }
    return out.done();
  });
}

double fb_op_schemas(double ctx) {
  return guard(-1.0, [&] {
    std::ostringstream text;
    auto& dispatcher = c10::Dispatcher::singleton();
    for (const auto& name : dispatcher.getAllOpNames()) {
      const auto found = dispatcher.findSchema(name);
      if (found) text << found->schema() << '\n';
    }
    return setText(ctx, text.str());
  });
}
