// Values that were replaced while jobs may be taking them: they live until no job that ran then
// runs any more.
#pragma once

#include <ATen/core/ivalue.h>

namespace flambeau {

void retire(at::IValue value);

// On the thread of a job, as long as it runs.
class Reading {
 public:
  Reading();
  ~Reading();
  Reading(const Reading&) = delete;
  Reading& operator=(const Reading&) = delete;

 private:
  uint64_t since_;
};

}  // namespace flambeau
