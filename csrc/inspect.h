// What a TorchScript file holds and could run, found without running any of it.
#pragma once

#include <torch/csrc/jit/api/compilation_unit.h>

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "archive.h"

namespace flambeau {

// A file taken apart: its source compiled, its objects made, but none of its methods called.
struct Inspection {
  std::shared_ptr<torch::jit::CompilationUnit> unit;
  c10::IValue root;
  uint64_t version;
  // What LibTorch's own classes run when objects of them are made:
  // "__torch__.torch.classes.quantized.….__setstate__".
  std::set<std::string> natives;
};

// Checks sources and pickles, and builds the objects. Their tensors have no memory of their own: a
// file's are zeros, and the archive must outlive them. Throws SerializationError. `check`: whether
// records are held against their checksums.
Inspection inspectArchive(const Archive& archive, bool check);

// The ops that a unit's functions can reach, as "namespace::name.overload"; a call that could not
// be followed is
// "?" and what it is.
std::set<std::string> reachableOps(const torch::jit::CompilationUnit& unit);
std::set<std::string> reachableOps(const Inspection& inspection);

// Whether a value is what its type says, all the way down: LibTorch's interpreter does not check.
bool conforms(const c10::IValue& value, const c10::TypePtr& type);

}  // namespace flambeau
