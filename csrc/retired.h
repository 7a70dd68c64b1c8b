// Values that were replaced while jobs may be taking them: they live until no job that ran then
// runs any more.
#pragma once

#include <ATen/core/Tensor.h>
#include <ATen/core/ivalue.h>

namespace flambeau {

void retire(at::IValue value);

// The tensor is about to be given other memory: what it lies in now is retired.
void retireMemory(const at::Tensor& tensor);

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
