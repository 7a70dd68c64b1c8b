// What a module leads to, before LibTorch follows it.
#pragma once

#include <ATen/core/ivalue.h>

namespace flambeau {

// LibTorch follows what attributes hold by recursion where it saves an object, copies it, or makes
// constants of it, and does not look where it was. Throws for what is more than 500 deep, or
// contains itself.
void checkReach(const at::IValue& object);

}  // namespace flambeau
