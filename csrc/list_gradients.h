// Gradients of what a program puts in lists.
//
// LibTorch differentiates parts of a program ahead, for the arguments that needed a gradient while
// it was watched, and looks whether the same ones do at each later call. Of a list's tensors
// (torch.cat's, torch.stack's) it does not look: where one needed no gradient then, it has none
// ever after. So a call that needs gradients runs such a program as it is, whose ops note their
// own.
#pragma once

#include <ATen/core/stack.h>

#include <mutex>

namespace torch::jit {
struct Function;
}

namespace flambeau {

// Of one function.
class ListGradients {
 public:
  // Whether a call might lack gradients if the program were optimized for it.
  bool areInDanger(torch::jit::Function& function, const torch::jit::Stack& stack);

 private:
  std::once_flag looked_;
  bool takesLists_ = false;
  bool hasParameters_ = false;
};

}  // namespace flambeau
