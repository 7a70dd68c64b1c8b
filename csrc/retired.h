// Values that were replaced while jobs may be taking them, and memory that jobs may be reading
// while its tensors are given other memory: they live until no job that was there then is there any
// more.
#pragma once

#include <ATen/core/Tensor.h>
#include <ATen/core/function_schema.h>
#include <ATen/core/ivalue.h>

#include <cstdint>
#include <vector>

namespace flambeau {

// To be called once the value is replaced: a job that begins later can't find it.
void retire(at::IValue value);

// Around what may give tensors other memory: what they lie in stays meanwhile, and is retired then.
class Exchange {
 public:
  Exchange() = default;
  explicit Exchange(const at::Tensor& tensor) { keep(tensor); }
  ~Exchange();
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  void keep(const at::Tensor& tensor);
  // A tensor, or a list of such.
  void keep(const at::IValue& value);

 private:
  std::vector<at::IValue> kept_;
};

// The arguments that an op may give other memory, by place.
std::vector<size_t> exchangedBy(const c10::FunctionSchema& schema);

// As long as a job waits or runs.
class Reading {
 public:
  Reading();
  ~Reading();
  Reading(const Reading&) = delete;
  Reading& operator=(const Reading&) = delete;

 private:
  uint64_t since_;
};

// On the thread of a job, as long as it runs. Whose job it is may be reading too what the job
// replaces, and is known not to once it hears of the end: until then it is put here.
class RetiresTo {
 public:
  explicit RetiresTo(std::vector<at::IValue>& values);
  ~RetiresTo();
  RetiresTo(const RetiresTo&) = delete;
  RetiresTo& operator=(const RetiresTo&) = delete;
};

}  // namespace flambeau
