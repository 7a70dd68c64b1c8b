// Hooks on the tensors that ops save for their backward pass.
#pragma once

#include <torch/csrc/autograd/saved_variable_hooks.h>

#include <memory>

namespace flambeau {

// What LibTorch's engine asks for each tensor that is saved; null where no hooks are active on this
// thread.
std::unique_ptr<torch::autograd::SavedVariableHooks> defaultSavedHooks();

// saved_mutation.cpp: those of the scope in which what is saved may be changed.
std::unique_ptr<torch::autograd::SavedVariableHooks> mutationHooks();

}  // namespace flambeau
