// What the names in source stand for.
#pragma once

#include <torch/csrc/jit/api/compilation_unit.h>
#include <torch/csrc/jit/frontend/resolver.h>

#include <memory>

namespace flambeau {

// Beside the language's own: `torch`, exceptions, and the unit's types.
std::shared_ptr<torch::jit::Resolver> resolverOf(std::weak_ptr<torch::jit::CompilationUnit> unit);

// `self`, in methods of a class.
std::unique_ptr<torch::jit::Self> selfOf(c10::ClassTypePtr type);

}  // namespace flambeau
