// The queue of jobs, the threads that run them, and what is done: without LibTorch, so that
// ThreadSanitizer, which would have to see all of LibTorch, can watch it on its own.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

namespace flambeau {

class Job;

// What is done, by caller's context. Outlives the context: a job may end after its thread has.
class Completions {
 public:
  void add(std::shared_ptr<Job> job);
  // The next that is done, in the order in which it was done.
  std::shared_ptr<Job> take();
  // Waits until something is done, or rest(); how many are.
  int32_t wait(std::chrono::milliseconds most);
  // Ends a wait, the next one if none is under way: nothing more is awaited.
  void rest();
  // The read end of a pipe that holds a byte while something is done; -1 when none can be made. It
  // is never closed: the runtime of a Worker that ended may still have its number, and would read
  // another's.
  int pipe();
  // The caller is gone: what is done is dropped, and so is what will be.
  void close();

 private:
  std::mutex mutex_;
  std::condition_variable filled_;
  std::deque<std::shared_ptr<Job>> done_;
  int pipe_[2] = {-1, -1};
  bool signalled_ = false;
  bool resting_ = false;
  bool closed_ = false;
};

// Work, and what it gave: the fields are its queue's.
class Job {
 public:
  explicit Job(std::shared_ptr<Completions> completions) : completions_(std::move(completions)) {}
  virtual ~Job() = default;
  Job(const Job&) = delete;
  Job& operator=(const Job&) = delete;

  // Whether it may run now; asked when it comes to the front. If not it waits apart, and takes no
  // thread, until JobQueue::ready says to ask again.
  virtual bool mayRun() noexcept { return true; }
  // Does the work, on a thread of the queue's; `cores` are its share of the machine's.
  virtual void run(int cores) noexcept = 0;
  // Asked once it has run: what is let go of after its end can be heard.
  virtual std::shared_ptr<void> takeRest() noexcept { return nullptr; }
  // No one will hear of it: where it can, it ends before its work is done. From any thread, while
  // it runs.
  virtual void stop() noexcept {}

  int64_t id() const { return id_; }

 private:
  friend class JobQueue;
  enum class State { queued, running, abandoned };

  std::shared_ptr<Completions> completions_;
  int64_t id_ = 0;
  State state_ = State::queued;
  // Its caller gave up on it while it ran.
  bool unheard_ = false;
};

struct JobCounts {
  int32_t threads;
  int32_t limit;
  int32_t queued;
  int32_t running;
  int32_t abandoned;
};

// First in, first out, for as many threads as there are cores. Its threads are never joined, so it
// must never be destroyed.
class JobQueue {
 public:
  // The job's id, or -1 when the queue is full.
  int64_t submit(std::shared_ptr<Job> job);
  // 1: it will not run. 0: it is done, or runs, and then its result is dropped.
  int32_t cancel(int64_t id);
  // A job that waits apart goes to the front.
  void ready(int64_t id);
  // A running job cannot be stopped: its result is dropped, and another thread takes its thread's
  // place. 1 when it ran.
  int32_t abandon(int64_t id);
  // Drops what was queued for these, stops what runs for them, and closes them.
  void close(Completions& completions);
  // Waits until nothing runs for these, which were closed.
  void finish(const Completions& completions);

  // Above 0: how many run at once, and how many may wait.
  void limit(int32_t threads, int32_t queued);
  JobCounts counts();

  // At exit: nothing new starts, and what runs and is heard is waited for, but not forever. Whether
  // nothing runs any more.
  bool drain(std::chrono::milliseconds most);

 private:
  void start();
  void loop();
  std::shared_ptr<Job> next();
  size_t waitingJobs() const { return queue_.size() + apart_.size(); }
  void call();
  void look(std::unique_lock<std::mutex>& lock);
  int shareOfCores() const;
  bool runsFor(const Completions& completions) const;

  std::mutex mutex_;
  std::condition_variable waiting_;
  std::condition_variable ended_;
  std::deque<std::shared_ptr<Job>> queue_;
  std::map<int64_t, std::shared_ptr<Job>> byId_;
  // Those that may not run yet.
  std::map<int64_t, std::shared_ptr<Job>> apart_;
  // What threads are at, the abandoned too.
  std::vector<Job*> atWork_;
  const int cores_ = usableCores();
  int threads_ = cores_;
  size_t limit_ = 1 << 17;
  int alive_ = 0;
  int idle_ = 0;
  int running_ = 0;
  int unheard_ = 0;
  int abandoned_ = 0;
  int64_t lastId_ = 0;
  bool stopping_ = false;
  // A thread is idle but awake, and is called by this instead.
  bool looking_ = false;
  std::atomic<bool> called_{false};

  static int usableCores();
};

}  // namespace flambeau
