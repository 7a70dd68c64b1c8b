// Jobs: TorchScript and single ops on native threads, under the calling thread's modes.
#pragma once

#include <functional>
#include <memory>

#include "internal.h"
#include "job_queue.h"

namespace flambeau {

// What a job gives.
struct JobResult {
  std::vector<at::IValue> values;
};

// Queues work that runs under the calling thread's modes. The job's id, or -1 when the queue is
// full.
double submitJob(double ctx, std::function<JobResult()> work, double maxBytes);

// The context's thread ends: nothing of its jobs is heard any more.
void endJobs(Context& context);
// Waits for those that still run.
void finishJobs(const Context& context);

}  // namespace flambeau
