// Jobs: work on native threads, and the completions that a thread of the caller's waits for.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>

#include "internal.h"

namespace flambeau {

struct Job;

// What is done, by caller's context. Outlives the context: a job may end after its thread has.
struct Completions {
  std::mutex mutex;
  std::condition_variable filled;
  std::deque<std::shared_ptr<Job>> done;
  // A byte is in the pipe while there are completions, once it was asked for. It is never closed:
  // the runtime of a Worker that ended may still have its number, and would read another's.
  int pipe[2] = {-1, -1};
  bool signalled = false;

  void add(std::shared_ptr<Job> job);
  std::shared_ptr<Job> take();
};

// What a job gives.
struct JobResult {
  std::vector<at::IValue> values;
};

// Queues work that runs under the calling thread's modes. The job's id, or -1 when the queue is
// full.
double submitJob(double ctx, std::function<JobResult()> work, double maxBytes);

}  // namespace flambeau
