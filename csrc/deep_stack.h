// Runs work that recurses as deeply as somebody else's file says, on a stack of its own.
#pragma once

#include <ATen/ThreadLocalState.h>
#include <pthread.h>

#include <exception>
#include <string>
#include <vector>

#include "warnings.h"

namespace flambeau {

// LibTorch's importer follows types and calls by recursion, some 10 kB a level; the stack of a
// Worker has 2 MB.
constexpr size_t kDeepStack = size_t{256} << 20;

// Runs `body` with this thread's modes, and throws what it throws. Where there is no memory for the
// stack, here.
template <class F>
void onDeepStack(F&& body) {
  struct Job {
    F& body;
    at::ThreadLocalState modes;
    std::exception_ptr error;
    std::vector<std::string> warnings;
  } job{body, {}, nullptr, {}};
  const auto run = [](void* given) -> void* {
    auto& job = *static_cast<Job*>(given);
    try {
      const at::ThreadLocalStateGuard modes(job.modes);
      const WarningScope warned(job.warnings);
      job.body();
    } catch (...) {
      job.error = std::current_exception();
    }
    return nullptr;
  };
  pthread_attr_t attributes;
  pthread_t thread;
  ::pthread_attr_init(&attributes);
  const bool started = ::pthread_attr_setstacksize(&attributes, kDeepStack) == 0 &&
                       ::pthread_create(&thread, &attributes, run, &job) == 0;
  ::pthread_attr_destroy(&attributes);
  if (started) {
    ::pthread_join(thread, nullptr);
  } else {
    run(&job);
  }
  addWarnings(std::move(job.warnings));
  if (job.error) std::rethrow_exception(job.error);
}

}  // namespace flambeau
