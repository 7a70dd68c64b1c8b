// The modules that jobs are at. Their programs read the slots of a module's attributes without a
// lock, and a new attribute moves them: what changes a module's structure is refused meanwhile.
#pragma once

#include "script.h"

namespace flambeau {

// As long as a job that takes the object waits or runs.
class InFlight {
 public:
  explicit InFlight(torch::jit::ObjectPtr object);
  ~InFlight();
  InFlight(const InFlight&) = delete;
  InFlight& operator=(const InFlight&) = delete;

 private:
  torch::jit::ObjectPtr object_;
};

// Throws while a job takes the module, or one that it is a part of.
void checkNotInFlight(const torch::jit::ObjectPtr& module);

}  // namespace flambeau
