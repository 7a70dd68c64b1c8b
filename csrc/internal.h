// What the shim's sources share: the guard, handles, and the context.
#pragma once

#include <ATen/core/Generator.h>
#include <ATen/core/Tensor.h>
#include <ATen/core/function_schema.h>
#include <ATen/core/ivalue.h>
#include <ATen/core/jit_type.h>
#include <c10/util/Exception.h>
#include <c10/util/SmallVector.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "flambeau.h"

namespace flambeau {

// Files the exception being handled under the calling thread's error slot.
void recordException() noexcept;

// Every export runs inside this: a C++ exception that crossed into the runtime would abort it.
template <class R, class F>
R guard(R failure, F&& body) noexcept {
  try {
    return body();
  } catch (...) {
    recordException();
    return failure;
  }
}

// A value that the type asked for does not admit; the message carries the path to it.
struct JitTypeError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// TorchScript source that does not parse, where LibTorch throws no type of its own for that.
struct CompileError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// An archive that is not one, or not whole.
struct SerializationError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

extern std::atomic<int64_t> liveTensors;
extern std::atomic<int64_t> liveObjects;
extern std::atomic<int64_t> liveContexts;

inline double toHandle(const void* pointer) {
  return static_cast<double>(reinterpret_cast<uintptr_t>(pointer));
}

template <class T>
T* fromHandle(double handle) {
  return reinterpret_cast<T*>(static_cast<uintptr_t>(handle));
}

// What a handle stands for where 0, which a call that failed gave, stands for nothing.
template <class T>
T& target(double handle) {
  TORCH_CHECK_VALUE(handle != 0, "A handle is 0: the call that was to give it failed");
  return *fromHandle<T>(handle);
}

// A word as an integer; the least there is for what no integer is near.
inline int64_t toInteger(double word) {
  constexpr double kLimit = 9223372036854775808.0;
  return word >= -kLimit && word < kLimit ? static_cast<int64_t>(word) : INT64_MIN;
}

// Hands the tensor's reference to the caller; an undefined tensor is 0.
inline double exportTensor(at::Tensor tensor) {
  if (!tensor.defined()) return 0;
  liveTensors.fetch_add(1, std::memory_order_relaxed);
  return toHandle(tensor.unsafeReleaseTensorImpl());
}

// A reference of our own to the caller's tensor; 0 is the undefined tensor.
inline at::Tensor borrowTensor(double handle) {
  if (handle == 0) return at::Tensor();
  auto impl = c10::intrusive_ptr<at::TensorImpl, at::UndefinedTensorImpl>::reclaim_copy(
      fromHandle<at::TensorImpl>(handle));
  return at::Tensor(std::move(impl));
}

// A reference of our own to the caller's generator.
inline at::Generator borrowGenerator(double handle) {
  return at::Generator(
      c10::intrusive_ptr<c10::GeneratorImpl>::reclaim_copy(&target<c10::GeneratorImpl>(handle)));
}

// What the caller needs to know of a tensor's weight, to decide what it may be forgotten with: the
// bytes of its storage, from kHeavy to kLarge two more; for a view of a storage from kHeavy on one
// more than kHeavy, and from kLarge on, where it must not wait for others, kHeavy itself; and for a
// tensor with a graph behind it, which may hold much more, the same less than 0.
constexpr double kHeavy = 1 << 15;
constexpr double kLarge = 3 << 15;

inline double bytesHeld(const at::Tensor& tensor) {
  const at::TensorImpl* impl = tensor.unsafeGetTensorImpl();
  if (!tensor.defined() || !impl->has_storage()) return 0;
  const auto& storage = impl->unsafe_storage();
  const auto bytes = static_cast<double>(storage.nbytes());
  double weight = bytes;
  if (bytes >= kHeavy) {
    const bool waits = bytes < kLarge;
    weight = storage.use_count() > 1 ? kHeavy + (waits ? 1 : 0) : bytes + (waits ? 2 : 0);
  }
  return impl->requires_grad() ? -1 - weight : weight;
}

// The memory lent by the caller, and what did not fit it.
struct Context {
  double* words;
  size_t capacity;
  std::vector<double> overflow;
  std::string text;
  // What runAsync of this thread has done.
  std::shared_ptr<class Completions> completions;
  // What its JavaScript lent to tensors.
  std::shared_ptr<class Loans> loans;
  // Its thread is about to end: there are no more jobs, and no more loans.
  bool ended = false;
};

inline Context& context(double handle) {
  return target<Context>(handle);
}

// Puts a text where fb_text_copy finds it.
inline double setText(double ctx, std::string text) {
  auto& target = context(ctx).text;
  target = std::move(text);
  return static_cast<double>(target.size());
}

// Reads words from a context, and never past its end.
class Reader {
 public:
  explicit Reader(double ctx)
      : position_(context(ctx).words), end_(position_ + context(ctx).capacity) {}

  double next() {
    need(1);
    return *position_++;
  }
  int64_t nextInt() { return toInteger(next()); }
  // A number of FB_*, -1 for what is none.
  int nextTag() {
    const double tag = next();
    return tag >= 0 && tag < 256 ? static_cast<int>(tag) : -1;
  }
  size_t nextCount() { return countOf(next()); }
  // An announced number of things, of which each takes a word at least.
  size_t countOf(double announced) const;
  int64_t nextInt64();
  std::string nextString();

  // While overloads are chosen: a whole number is an int, and no number is complex, until nothing
  // else fits.
  bool exact = false;

  // For a union, whose members are tried in turn.
  const double* mark() const { return position_; }
  void reset(const double* mark) { position_ = mark; }

 private:
  void need(size_t words) const;

  const double* position_;
  const double* end_;
};

// Writes words to a context, and to its overflow once they no longer fit. The handles among them
// are the caller's once all is written; if something throws before, they are released.
class Writer {
 public:
  explicit Writer(double ctx) : context_(context(ctx)) { context_.overflow.clear(); }
  ~Writer() {
    if (!given_.empty()) takeBack();
  }
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  void put(double word) {
    if (count_ < context_.capacity) {
      context_.words[count_++] = word;
    } else {
      spill(word);
    }
  }
  void putInt64(int64_t value);
  void putString(const std::string& text);
  void putTensor(at::Tensor tensor) {
    const double bytes = bytesHeld(tensor);
    putTensorOnly(std::move(tensor));
    put(bytes);
  }
  // Without its weight.
  void putTensorOnly(at::Tensor tensor) {
    given_.push_back({kTensor, 0});
    put(given_.back().handle = exportTensor(std::move(tensor)));
  }
  // A handle of FB_HANDLE_*, to which the caller gets the reference.
  void putHandle(int32_t kind, const void* pointer);

  // The number of words; all is written.
  int32_t done() {
    given_.clear();
    return static_cast<int32_t>(count_);
  }

 private:
  static constexpr int32_t kTensor = -1;
  struct Given {
    int32_t kind;
    double handle;
  };

  void spill(double word);
  void takeBack() noexcept;

  Context& context_;
  size_t count_ = 0;
  c10::SmallVector<Given, 4> given_;
};

inline double deviceCode(const at::Device& device) {
  return static_cast<int>(device.type()) * 1000 + device.index() + 1;
}
inline at::Device deviceFromCode(int64_t code) {
  return at::Device(
      static_cast<at::DeviceType>(code / 1000), static_cast<at::DeviceIndex>(code % 1000 - 1));
}

// trace.cpp: an op that failed left the thread without its trace, and half a node in the graph.
// Takes the node out, so that the trace goes on once the caller has caught the error.
void mendTrace() noexcept;

// functorch.cpp: the tensor under the wrappers of grad and jvp; refuses one of vmap's, which has no
// elements of its own.
at::Tensor unwrapTracked(at::Tensor tensor);

void putScalar(Writer& out, const at::Scalar& value);
at::Scalar readScalar(Reader& in);

// value.cpp: TorchScript values, both ways. `path` names the value in errors ("boxes[2].score").
at::IValue readValue(Reader& in, const c10::TypePtr& type, const std::string& path);
at::IValue readAnyValue(Reader& in, const std::string& path);
void writeValue(Writer& out, const at::IValue& value);
// Positional and keyword arguments, coerced to the schema's types, with its defaults. `self` is the
// first argument.
std::vector<at::IValue> readArguments(
    Reader& in, const c10::FunctionSchema& schema, const std::optional<at::IValue>& self);
std::string nameOfType(const c10::TypePtr& type);

}  // namespace flambeau
