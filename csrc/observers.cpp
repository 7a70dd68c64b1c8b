// Who is told of the ops that a thread runs: profilers, mostly nobody.
//
// LibTorch's autograd engine sets this for each node of a graph, and back after it; and each time,
// LibTorch works out anew whom to tell of what, though nothing changed: 2 % of a backward pass
// through small tensors. The loader finds this function before LibTorch's, as it does operator new.
#include <ATen/record_function.h>
#include <dlfcn.h>

namespace {

using Set = void (*)(const at::RecordFunctionTLS&);

// LibTorch's own, by the name that the compiler gives it.
Set original() {
  static const Set found = [] {
    void* library = dlopen("libtorch_cpu.so", RTLD_LAZY | RTLD_NOLOAD);
    constexpr auto kName = "_ZN2at24set_record_function_tls_ERKNS_17RecordFunctionTLSE";
    return reinterpret_cast<Set>(library == nullptr ? nullptr : dlsym(library, kName));
  }();
  TORCH_CHECK(found != nullptr, "LibTorch has no way to say who is told of ops");
  return found;
}

// Callbacks of a thread's own are compared by nobody: who has some is told again.
bool isSame(const at::RecordFunctionTLS& one, const at::RecordFunctionTLS& other) {
  return one.tls_record_function_enabled_ == other.tls_record_function_enabled_ &&
         one.sorted_tls_callbacks_.empty() && other.sorted_tls_callbacks_.empty();
}

}  // namespace

namespace at {

void set_record_function_tls_(const RecordFunctionTLS& tls) {
  if (!isSame(get_record_function_tls_(), tls)) original()(tls);
}

}  // namespace at
