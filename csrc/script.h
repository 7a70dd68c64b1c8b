// Callables and units: what a script handle points to.
#pragma once

#include <torch/csrc/jit/api/compilation_unit.h>
#include <torch/csrc/jit/api/module.h>

#include <memory>
#include <optional>

#include "handles.h"
#include "runs.h"

namespace flambeau {

using torch::jit::CompilationUnit;
using torch::jit::Function;
using torch::jit::Module;

// A function, or a method with its object; the unit that owns the code lives as long as the handle.
struct Callable {
  std::shared_ptr<CompilationUnit> unit;
  Function* function;
  std::optional<torch::jit::ObjectPtr> self = std::nullopt;
  // When it was found that its program takes no turns (turns.h).
  mutable int64_t turnless = -1;
  // Known as soon as it has a handle.
  std::shared_ptr<Runs> runs = nullptr;
};

struct Unit {
  std::shared_ptr<CompilationUnit> unit;
  std::string prefix;
};

inline torch::jit::ObjectPtr borrowObject(double handle) {
  return torch::jit::ObjectPtr::reclaim_copy(&flambeau::target<c10::ivalue::Object>(handle));
}

inline Module borrowModule(double handle) {
  return Module(borrowObject(handle));
}

inline double exportObject(torch::jit::ObjectPtr object) {
  return giveHandle(FB_HANDLE_OBJECT, object.release());
}

inline double exportCallable(Callable callable) {
  auto made = std::make_unique<Callable>(std::move(callable));
  if (made->runs == nullptr) made->runs = runsOf(made->function);
  return giveHandle(FB_HANDLE_CALLABLE, made.release());
}

// Runs the program on a stack that holds its arguments.
void run(const Callable& callable, torch::jit::Stack& stack);

// Where the functions of one unit live: a file that holds functions of several units tells them
// apart by it.
std::string uniqueNamespace();

// Has what is being traced keep the unit of a function that it calls: a graph holds functions by
// bare pointers.
void keepForTrace(std::shared_ptr<CompilationUnit> unit);

// 0 its own graph, 1 a copy with all calls inlined, 2 the one that last ran on this thread.
std::shared_ptr<torch::jit::Graph> graphOf(const Callable& callable, int32_t which);

// Where the caller that is being traced is; an empty range when that is not known.
torch::jit::SourceRange placeOfTrace();

// Adds methods from source to a module's class; none, where it does not compile.
void defineMethods(
    const std::shared_ptr<CompilationUnit>& unit,
    const c10::ClassTypePtr& type,
    const std::string& source);

// TorchScript's own printing.
std::string codeOf(const Callable& callable);

}  // namespace flambeau
