// Jobs: TorchScript and single ops on native threads. One queue and one pool serve the process;
// each thread that runs JavaScript has its own completions, which it waits for in the way of its
// runtime.
#include "jobs.h"

#include <ATen/Parallel.h>
#include <ATen/ThreadLocalState.h>
#include <fcntl.h>
#include <sched.h>
#include <torch/csrc/jit/frontend/tracer.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <map>
#include <optional>
#include <thread>

#include "memory.h"
#include "registry.h"
#include "script.h"

// LibTorch's pools are these libraries'. Weak: another build of LibTorch may have neither.
extern "C" __attribute__((weak)) void omp_set_num_threads(int);
extern "C" __attribute__((weak)) int MKL_Set_Num_Threads_Local(int);

namespace flambeau {

enum class JobState { queued, running, done, abandoned };

struct Job {
  double id = 0;
  std::function<JobResult()> work;
  std::optional<at::ThreadLocalState> modes;
  std::optional<Budget> budget;
  std::shared_ptr<Completions> completions;
  std::atomic<JobState> state{JobState::queued};
  // Under the pool's mutex: its caller gave up on it while it ran.
  bool unheard = false;
  JobResult result;
  std::exception_ptr error;
};

void Completions::add(std::shared_ptr<Job> job) {
  const std::lock_guard<std::mutex> lock(mutex);
  done.push_back(std::move(job));
  filled.notify_all();
  if (pipe[1] < 0 || signalled) return;
  const char byte = 1;
  signalled = ::write(pipe[1], &byte, 1) == 1;
}

std::shared_ptr<Job> Completions::take() {
  const std::lock_guard<std::mutex> lock(mutex);
  if (done.empty()) {
    signalled = false;
    return nullptr;
  }
  auto job = std::move(done.front());
  done.pop_front();
  return job;
}

namespace {

int usableCores() {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  if (sched_getaffinity(0, sizeof cores, &cores) == 0) return std::max(1, CPU_COUNT(&cores));
  return std::max(1U, std::thread::hardware_concurrency());
}

class Pool {
 public:
  double submit(std::shared_ptr<Job> job) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (queue_.size() >= limit_) return -1;
    watchExit();
    job->id = ++lastId_;
    byId_.emplace(toInteger(job->id), job);
    queue_.push_back(job);
    if (idle_ == 0 && alive_ < threads_) start();
    waiting_.notify_one();
    return job->id;
  }

  // 1: it will not run. 0: it is done, or runs, and then its result is dropped.
  int32_t cancel(double id) {
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto found = byId_.find(toInteger(id));
    if (found == byId_.end()) return 0;
    if (found->second->state != JobState::queued) {
      found->second->unheard = true;
      return 0;
    }
    queue_.erase(std::find(queue_.begin(), queue_.end(), found->second));
    byId_.erase(found);
    return 1;
  }

  // A running job cannot be stopped: its result is dropped, and another thread takes its thread's
  // place. 1 when it ran.
  int32_t abandon(double id) {
    if (cancel(id) == 1) return 0;
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto found = byId_.find(toInteger(id));
    if (found == byId_.end()) return 0;
    found->second->state = JobState::abandoned;
    byId_.erase(found);
    alive_--;
    running_--;
    abandoned_++;
    if (!queue_.empty() && alive_ < threads_) start();
    return 1;
  }

  int32_t setting(int32_t what, int32_t value) {
    const std::lock_guard<std::mutex> lock(mutex_);
    switch (what) {
      case 0:
        if (value > 0) threads_ = value;
        waiting_.notify_all();
        return threads_;
      case 1:
        if (value > 0) limit_ = static_cast<size_t>(value);
        return static_cast<int32_t>(limit_);
      case 2:
        return static_cast<int32_t>(queue_.size());
      case 3:
        return running_;
      default:
        return abandoned_;
    }
  }

  // At exit: nothing new starts, and what runs is waited for, but not forever.
  bool drain(std::chrono::milliseconds most) {
    std::unique_lock<std::mutex> lock(mutex_);
    stopping_ = true;
    queue_.clear();
    return ended_.wait_for(lock, most, [&] { return running_ == 0 && abandoned_ == 0; });
  }

 private:
  void start() {
    alive_++;
    std::thread([this] { loop(); }).detach();
  }

  void loop() {
    std::unique_lock<std::mutex> lock(mutex_);
    for (;;) {
      idle_++;
      waiting_.wait(lock, [&] { return !queue_.empty() || alive_ > threads_ || stopping_; });
      idle_--;
      if (stopping_ || alive_ > threads_) {
        alive_--;
        return;
      }
      auto job = std::move(queue_.front());
      queue_.pop_front();
      job->state = JobState::running;
      running_++;
      const int share = shareOfCores();
      lock.unlock();
      run(*job, share);
      lock.lock();
      if (job->state == JobState::abandoned) {
        abandoned_--;
        ended_.notify_all();
        return;
      }
      job->state = JobState::done;
      byId_.erase(toInteger(job->id));
      running_--;
      ended_.notify_all();
      const bool heard = !job->unheard;
      lock.unlock();
      // Moved: a job in its own completions would hold them, and they it, for good.
      auto completions = std::move(job->completions);
      if (heard) completions->add(std::move(job));
      job.reset();
      // Results that no one is left to take are freed here, outside of the lock.
      completions.reset();
      lock.lock();
    }
  }

  // So that jobs together have as many threads as there are cores.
  int shareOfCores() const {
    const int jobs = std::min<int>(threads_, running_ + static_cast<int>(queue_.size()));
    return std::max(1, cores_ / std::max(1, jobs));
  }

  static void run(Job& job, int threads) {
    // LibTorch sets a thread's number when it is first asked; it must not do so in the midst.
    at::get_num_threads();
    if (omp_set_num_threads != nullptr) omp_set_num_threads(threads);
    if (MKL_Set_Num_Threads_Local != nullptr) MKL_Set_Num_Threads_Local(threads);
    try {
      const at::ThreadLocalStateGuard modes(*job.modes);
      const BudgetScope budget(job.budget ? &*job.budget : nullptr);
      job.result = job.work();
    } catch (...) {
      job.error = std::current_exception();
    }
    // What it holds of the caller's is let go before the caller hears of the end.
    job.work = nullptr;
    job.modes.reset();
  }

  void watchExit();

  std::mutex mutex_;
  std::condition_variable waiting_;
  std::condition_variable ended_;
  std::deque<std::shared_ptr<Job>> queue_;
  std::map<int64_t, std::shared_ptr<Job>> byId_;
  const int cores_ = usableCores();
  int threads_ = usableCores();
  size_t limit_ = 1 << 17;
  int alive_ = 0;
  int idle_ = 0;
  int running_ = 0;
  int abandoned_ = 0;
  double lastId_ = 0;
  bool stopping_ = false;
  bool watched_ = false;
};

// Never destroyed: its threads may outlive the statics.
Pool& pool() {
  static auto* made = new Pool();
  return *made;
}

// A job that ran on while LibTorch's statics are destroyed would crash the process as it ends.
void Pool::watchExit() {
  if (watched_) return;
  watched_ = true;
  on_exit(
      [](int status, void*) {
        if (pool().drain(std::chrono::milliseconds(500))) return;
        std::fflush(nullptr);
        _exit(status);
      },
      nullptr);
}

Completions& completionsOf(double ctx) {
  auto& completions = context(ctx).completions;
  if (!completions) completions = std::make_shared<Completions>();
  return *completions;
}

}  // namespace

double submitJob(double ctx, std::function<JobResult()> work, double maxBytes) {
  TORCH_CHECK(
      !torch::jit::tracer::isTracing(),
      "runAsync cannot be traced: another thread would do the work; call the function instead");
  completionsOf(ctx);
  auto job = std::make_shared<Job>();
  job->work = std::move(work);
  job->modes.emplace();
  if (maxBytes > 0) job->budget = Budget{maxBytes < 4e18 ? toInteger(maxBytes) : INT64_MAX / 2};
  job->completions = context(ctx).completions;
  return pool().submit(std::move(job));
}

}  // namespace flambeau

using namespace flambeau;

double fb_job_call(double callable, double ctx, double max_bytes) {
  return guard(0.0, [&] {
    const Callable target = flambeau::target<Callable>(callable);
    Reader in(ctx);
    std::optional<at::IValue> self;
    if (target.self) self = at::IValue(*target.self);
    auto stack = readArguments(in, target.function->getSchema(), self);
    return submitJob(
        ctx,
        [target, stack = std::move(stack)]() mutable {
          target.function->run(stack);
          return JobResult{{std::move(stack.back())}};
        },
        max_bytes);
  });
}

double fb_job_op(const char* name, uint32_t bytes, double ctx, double max_bytes) {
  return guard(0.0, [&] {
    return submitJob(
        ctx,
        [chosen = chooseOverload(ctx, name, bytes)]() mutable {
          runChosen(chosen);
          return JobResult{std::move(chosen.stack)};
        },
        max_bytes);
  });
}

int32_t fb_job_cancel(double id) {
  return guard(-1, [&] { return pool().cancel(id); });
}

int32_t fb_job_abandon(double id) {
  return guard(-1, [&] { return pool().abandon(id); });
}

int32_t fb_job_take(double ctx) {
  return guard(-1, [&] {
    const auto job = completionsOf(ctx).take();
    if (!job) return 0;
    bool failed = job->error != nullptr;
    Writer out(ctx);
    out.put(job->id);
    if (failed) {
      guard(0, [&]() -> int { std::rethrow_exception(job->error); });
      out.put(1);
      return out.count();
    }
    out.put(0);
    writeResults(out, job->result.values);
    return out.count();
  });
}

int32_t fb_jobs_wait(double ctx) {
  return guard(-1, [&] {
    // Held on its own: the context is its thread's, and this runs on another.
    const auto completions = context(ctx).completions;
    if (!completions) return 0;
    std::unique_lock<std::mutex> lock(completions->mutex);
    // Not forever: the thread that asked may be gone by then.
    completions->filled.wait_for(
        lock, std::chrono::seconds(1), [&] { return !completions->done.empty(); });
    return static_cast<int32_t>(completions->done.size());
  });
}

int32_t fb_jobs_pipe(double ctx) {
  return guard(-1, [&] {
    auto& completions = completionsOf(ctx);
    const std::lock_guard<std::mutex> lock(completions.mutex);
    if (completions.pipe[0] < 0) {
      TORCH_CHECK(
          ::pipe2(completions.pipe, O_NONBLOCK | O_CLOEXEC) == 0,
          "no pipe could be made for the results of runAsync");
    }
    return completions.pipe[0];
  });
}

int32_t fb_jobs_setting(int32_t what, int32_t value) {
  return guard(-1, [&] { return pool().setting(what, value); });
}
