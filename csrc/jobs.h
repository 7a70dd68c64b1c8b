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

class Turn;

// Queues work that runs under the calling thread's modes, and when its turn comes. The job's id, or
// -1 when the queue is full.
double submitJob(double ctx, std::function<JobResult()> work, double maxBytes);
double submitJob(
    double ctx, std::function<JobResult()> work, double maxBytes, std::shared_ptr<Turn> turn);

// Asks a job again whether its turn has come; -1 is none.
void callJob(int64_t id);

// The context's thread ends: nothing of its jobs is heard any more.
void endJobs(Context& context);
// Waits for those that still run.
void finishJobs(const Context& context);

}  // namespace flambeau
