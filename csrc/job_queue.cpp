// The queue of jobs. See job_queue.h.
#include "job_queue.h"

#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <thread>
#include <utility>

namespace flambeau {
namespace {

constexpr auto kBrief = std::chrono::microseconds(100);
constexpr auto kLook = std::chrono::microseconds(50);

}  // namespace

void Completions::add(std::shared_ptr<Job> job) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (closed_) return;
  done_.push_back(std::move(job));
  filled_.notify_all();
  if (pipe_[1] < 0 || signalled_) return;
  const char byte = 1;
  signalled_ = ::write(pipe_[1], &byte, 1) == 1;
}

std::shared_ptr<Job> Completions::take() {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (done_.empty()) {
    signalled_ = false;
    return nullptr;
  }
  auto job = std::move(done_.front());
  done_.pop_front();
  return job;
}

int32_t Completions::wait(std::chrono::milliseconds most) {
  std::unique_lock<std::mutex> lock(mutex_);
  filled_.wait_for(lock, most, [&] { return !done_.empty() || resting_ || closed_; });
  resting_ = false;
  return static_cast<int32_t>(done_.size());
}

void Completions::rest() {
  const std::lock_guard<std::mutex> lock(mutex_);
  resting_ = true;
  filled_.notify_all();
}

int Completions::pipe() {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (pipe_[0] < 0 && ::pipe2(pipe_, O_NONBLOCK | O_CLOEXEC) != 0) return -1;
  return pipe_[0];
}

void Completions::close() {
  // Freed outside of the lock.
  std::deque<std::shared_ptr<Job>> dropped;
  const std::lock_guard<std::mutex> lock(mutex_);
  closed_ = true;
  dropped.swap(done_);
  filled_.notify_all();
}

int JobQueue::usableCores() {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  if (sched_getaffinity(0, sizeof cores, &cores) == 0) return std::max(1, CPU_COUNT(&cores));
  return static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
}

int64_t JobQueue::submit(std::shared_ptr<Job> job) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (waitingJobs() >= limit_) return -1;
  const int64_t id = ++lastId_;
  job->id_ = id;
  byId_.emplace(id, job);
  queue_.push_back(std::move(job));
  call();
  return id;
}

// A thread for what was queued.
void JobQueue::call() {
  if (static_cast<int>(queue_.size()) > idle_ && alive_ < threads_) start();
  if (looking_) called_.store(true, std::memory_order_relaxed);
  if (!looking_ || queue_.size() > 1) waiting_.notify_one();
}

void JobQueue::ready(int64_t id) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto found = apart_.find(id);
  if (found == apart_.end()) return;
  queue_.push_front(std::move(found->second));
  apart_.erase(found);
  call();
}

int32_t JobQueue::cancel(int64_t id) {
  // Freed outside of the lock.
  std::shared_ptr<Job> job;
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto found = byId_.find(id);
  if (found == byId_.end()) return 0;
  job = found->second;
  if (job->state_ != Job::State::queued) {
    if (!job->unheard_) unheard_++;
    job->unheard_ = true;
    ended_.notify_all();
    return 0;
  }
  if (apart_.erase(id) == 0) queue_.erase(std::find(queue_.begin(), queue_.end(), job));
  byId_.erase(found);
  return 1;
}

int32_t JobQueue::abandon(int64_t id) {
  if (cancel(id) == 1) return 0;
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto found = byId_.find(id);
  if (found == byId_.end()) return 0;
  found->second->state_ = Job::State::abandoned;
  byId_.erase(found);
  alive_--;
  running_--;
  unheard_--;
  abandoned_++;
  if (!queue_.empty() && alive_ < threads_) start();
  return 1;
}

void JobQueue::close(Completions& completions) {
  // Freed outside of the lock.
  std::deque<std::shared_ptr<Job>> dropped;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    std::deque<std::shared_ptr<Job>> left;
    for (auto& job : queue_) {
      if (job->completions_.get() == &completions) {
        byId_.erase(job->id_);
        dropped.push_back(std::move(job));
      } else {
        left.push_back(std::move(job));
      }
    }
    queue_.swap(left);
    for (auto at = apart_.begin(); at != apart_.end();) {
      if (at->second->completions_.get() != &completions) {
        ++at;
        continue;
      }
      byId_.erase(at->first);
      dropped.push_back(std::move(at->second));
      at = apart_.erase(at);
    }
    for (Job* job : atWork_) {
      if (job->completions_.get() == &completions) job->stop();
    }
  }
  completions.close();
}

bool JobQueue::runsFor(const Completions& completions) const {
  return std::any_of(atWork_.begin(), atWork_.end(), [&](const Job* job) {
    return job->completions_.get() == &completions;
  });
}

void JobQueue::finish(const Completions& completions) {
  std::unique_lock<std::mutex> lock(mutex_);
  ended_.wait(lock, [&] { return !runsFor(completions); });
}

void JobQueue::limit(int32_t threads, int32_t queued) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (threads > 0) threads_ = threads;
  if (queued > 0) limit_ = static_cast<size_t>(queued);
  waiting_.notify_all();
}

JobCounts JobQueue::counts() {
  const std::lock_guard<std::mutex> lock(mutex_);
  return {
      threads_,
      static_cast<int32_t>(limit_),
      static_cast<int32_t>(waitingJobs()),
      running_,
      abandoned_};
}

bool JobQueue::drain(std::chrono::milliseconds most) {
  // Freed outside of the lock.
  std::deque<std::shared_ptr<Job>> dropped;
  std::map<int64_t, std::shared_ptr<Job>> droppedApart;
  std::unique_lock<std::mutex> lock(mutex_);
  stopping_ = true;
  dropped.swap(queue_);
  droppedApart.swap(apart_);
  for (const auto& job : dropped) byId_.erase(job->id_);
  for (const auto& [id, job] : droppedApart) byId_.erase(id);
  ended_.wait_for(lock, most, [&] { return running_ == unheard_; });
  return running_ == 0 && abandoned_ == 0;
}

void JobQueue::start() {
  alive_++;
  std::thread([this] { loop(); }).detach();
}

void JobQueue::loop() {
  std::unique_lock<std::mutex> lock(mutex_);
  for (;;) {
    idle_++;
    waiting_.wait(lock, [&] { return !queue_.empty() || alive_ > threads_ || stopping_; });
    idle_--;
    if (stopping_ || alive_ > threads_) {
      alive_--;
      return;
    }
    auto job = next();
    if (!job) continue;
    job->state_ = Job::State::running;
    running_++;
    atWork_.push_back(job.get());
    const int share = shareOfCores();
    lock.unlock();
    const auto began = std::chrono::steady_clock::now();
    job->run(share);
    auto rest = job->takeRest();
    const bool brief = std::chrono::steady_clock::now() - began < kBrief;
    lock.lock();
    atWork_.erase(std::find(atWork_.begin(), atWork_.end(), job.get()));
    if (job->state_ == Job::State::abandoned) {
      abandoned_--;
      ended_.notify_all();
      lock.unlock();
      return;
    }
    byId_.erase(job->id_);
    running_--;
    const bool heard = !job->unheard_;
    if (!heard) unheard_--;
    ended_.notify_all();
    lock.unlock();
    // Moved: a job in its own completions would hold them, and they it, for good.
    auto completions = std::move(job->completions_);
    if (heard) completions->add(std::move(job));
    job.reset();
    // Who is called by it may be heard of only after this.
    rest.reset();
    // Results that no one is left to take are freed here, outside of the lock.
    completions.reset();
    lock.lock();
    if (brief) look(lock);
  }
}

// The first that may run, if any does.
std::shared_ptr<Job> JobQueue::next() {
  while (!queue_.empty()) {
    auto job = std::move(queue_.front());
    queue_.pop_front();
    if (job->mayRun()) return job;
    const int64_t id = job->id_;
    apart_.emplace(id, std::move(job));
  }
  return nullptr;
}

// To wake a thread that sleeps takes longer than a brief job does: after one, a thread looks for
// the next for a moment before it sleeps.
void JobQueue::look(std::unique_lock<std::mutex>& lock) {
  if (looking_ || !queue_.empty() || stopping_) return;
  looking_ = true;
  called_.store(false, std::memory_order_relaxed);
  idle_++;
  lock.unlock();
  const auto until = std::chrono::steady_clock::now() + kLook;
  while (!called_.load(std::memory_order_relaxed) && std::chrono::steady_clock::now() < until) {
    std::this_thread::yield();
  }
  lock.lock();
  idle_--;
  looking_ = false;
}

// So that jobs together have as many threads as there are cores.
int JobQueue::shareOfCores() const {
  const int jobs = std::min<int>(threads_, running_ + static_cast<int>(queue_.size()));
  return std::max(1, cores_ / std::max(1, jobs));
}

}  // namespace flambeau
