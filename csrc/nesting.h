// How deep a value of TorchScript may be where it is followed by recursion.
#pragma once

#include <ATen/core/ivalue.h>

namespace flambeau {

constexpr int kDeepest = 500;

// Throws for a value that is more than 500 deep, that contains itself, or whose shared parts
// amount to more than 100 million elements.
void checkNesting(const at::IValue& value);

// The same for a value of which all is to be read: waits for the futures in it, and throws what
// they threw.
void complete(const at::IValue& value);

}  // namespace flambeau
