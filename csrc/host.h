// Calls back into JavaScript: one function of the caller's a thread, and ids for what it is to run.
#pragma once

#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "handles.h"

namespace flambeau {

class HostFunction;

// A thread that runs JavaScript: how to call it, and which of its ids are done with.
struct Host {
  fb_callback callback;
  double ctx;
  std::mutex mutex;
  std::vector<double> released;
  std::unordered_map<int64_t, HostFunction*> functions;
};

// What a JavaScript function threw stays in JavaScript, which throws it anew once the native call
// that led to it has failed with this.
struct HostError : std::runtime_error {
  HostError();
};

// A function in JavaScript, by its id. The last copy lists the id as released: a destructor may run
// anywhere, so it must not call JavaScript.
class HostFunction {
 public:
  explicit HostFunction(double id);
  ~HostFunction();
  HostFunction(const HostFunction&) = delete;
  HostFunction& operator=(const HostFunction&) = delete;

  double id() const { return static_cast<double>(id_); }

  // A hook that was taken away: it stays where LibTorch keeps it, and does nothing any more.
  bool removed() const { return removed_; }
  void remove();

  // Calls the function with what `write` writes, and gives its result to `read`. Only on the thread
  // that made it, which is inside of a native call now, since JavaScript runs nowhere else.
  template <class Write, class Read>
  auto call(int32_t what, Write&& write, Read&& read) const {
    checkThread();
    Writer out(host_->ctx);
    write(out);
    invoke(what, out.done());
    Reader in(host_->ctx);
    return read(in);
  }

  // Calls the function without words.
  void notify(int32_t what) const {
    checkThread();
    invoke(what, 0);
  }

 private:
  void checkThread() const;
  void invoke(int32_t what, int32_t words) const;

  std::shared_ptr<Host> host_;
  int64_t id_;
  bool removed_ = false;
};

using HostFunctionPtr = std::shared_ptr<HostFunction>;

// n, then n handles; 0 is the undefined tensor.
std::vector<at::Tensor> readTensorList(Reader& in);
void writeTensorList(Writer& out, const std::vector<at::Tensor>& tensors);

}  // namespace flambeau
