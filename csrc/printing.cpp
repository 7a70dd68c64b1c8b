// How LibTorch writes a value as text, with an end to how deep it goes.
//
// It follows a list that contains itself until the stack ends, and the process with it: so does
// `"{}".format(x)` of a program, which the interpreter runs without an operator that could be
// guarded. The loader finds this function before LibTorch's, as it does operator new, for each
// level of a value.
#include <ATen/core/ivalue.h>
#include <dlfcn.h>

#include <ostream>

#include "nesting.h"

namespace {

using flambeau::kDeepest;

thread_local int depth = 0;

struct Level {
  Level() {
    TORCH_CHECK_VALUE(
        depth < kDeepest, "a value is more than ", kDeepest, " deep, or contains itself");
    depth++;
  }
  ~Level() { depth--; }
};

using Print = std::ostream& (*)(std::ostream&, const c10::IValue&);

// LibTorch's own, by the name that the compiler gives to c10::operator<<.
Print original() {
  static const Print found = [] {
    void* library = dlopen("libtorch_cpu.so", RTLD_LAZY | RTLD_NOLOAD);
    void* symbol = library == nullptr ? nullptr : dlsym(library, "_ZN3c10lsERSoRKNS_6IValueE");
    return reinterpret_cast<Print>(symbol);
  }();
  TORCH_CHECK(found != nullptr, "LibTorch has no way to print a value");
  return found;
}

}  // namespace

namespace c10 {

std::ostream& operator<<(std::ostream& out, const IValue& v) {
  const Level level;
  return original()(out, v);
}

}  // namespace c10
