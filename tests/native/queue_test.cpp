// The job queue under ThreadSanitizer, on its own: LibTorch is not instrumented, so its locks would
// not be seen.
#include <poll.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>

#include "../../csrc/job_queue.h"
#include "harness.h"

using flambeau::Completions;
using flambeau::Job;
using flambeau::JobQueue;

namespace {

using Milliseconds = std::chrono::milliseconds;

std::atomic<int> liveJobs{0};

// Plain fields, written by the thread that runs it and read by the one that takes it: what the
// queue has to put in order.
class Sum final : public Job {
 public:
  Sum(std::shared_ptr<Completions> completions, int64_t start, int micros = 0)
      : Job(std::move(completions)), value(start), micros_(micros) {
    liveJobs++;
  }
  ~Sum() override { liveJobs--; }

  void run(int cores) noexcept override {
    value += cores > 0 ? 1 : 1000;
    if (micros_ > 0) std::this_thread::sleep_for(std::chrono::microseconds(micros_));
    ran = true;
  }

  int64_t value;
  bool ran = false;

 private:
  int micros_;
};

// Never destroyed, as its threads are never joined.
JobQueue& newQueue(int threads) {
  auto* queue = new JobQueue();
  queue->limit(threads, 0);
  return *queue;
}

int64_t put(
    JobQueue& queue, const std::shared_ptr<Completions>& to, int64_t start, int micros = 0) {
  return queue.submit(std::make_shared<Sum>(to, start, micros));
}

std::shared_ptr<Sum> take(Completions& from) {
  return std::static_pointer_cast<Sum>(from.take());
}

void untilIdle(JobQueue& queue) {
  for (;;) {
    const auto counts = queue.counts();
    if (counts.queued + counts.running + counts.abandoned == 0) break;
    std::this_thread::yield();
  }
}

// A thread lets go of a job just after it has counted it as ended.
void untilFreed() {
  for (int i = 0; i < 10000 && liveJobs > 0; i++) std::this_thread::sleep_for(Milliseconds(1));
}

void inThreads(int count, const std::function<void(int)>& body) {
  std::vector<std::thread> threads;
  for (int i = 0; i < count; i++) threads.emplace_back(body, i);
  for (auto& thread : threads) thread.join();
}

void everyCallerHearsItsOwn() {
  JobQueue& queue = newQueue(4);
  inThreads(6, [&](int caller) {
    auto mine = std::make_shared<Completions>();
    int64_t sum = 0;
    for (int round = 0; round < 10; round++) {
      for (int i = 0; i < 50; i++) EXPECT(put(queue, mine, caller) > 0);
      for (int taken = 0; taken < 50;) {
        const auto job = take(*mine);
        if (!job) {
          mine->wait(Milliseconds(100));
          continue;
        }
        taken++;
        EXPECT(job->ran);
        sum += job->value;
      }
    }
    EXPECT(sum == 500 * (caller + 1));
    EXPECT(!mine->take());
  });
  untilIdle(queue);
}

void cancelledJobsAreNotHeard() {
  JobQueue& queue = newQueue(2);
  inThreads(4, [&](int caller) {
    auto mine = std::make_shared<Completions>();
    for (int round = 0; round < 20; round++) {
      std::vector<int64_t> ids;
      for (int i = 0; i < 20; i++) ids.push_back(put(queue, mine, caller, i % 4 == 0 ? 20 : 0));
      std::vector<int64_t> cancelled;
      for (size_t i = 0; i < ids.size(); i += 2) {
        if (queue.cancel(ids[i]) == 1) cancelled.push_back(ids[i]);
      }
      untilIdle(queue);
      while (const auto job = take(*mine)) {
        EXPECT(job->ran);
        EXPECT(std::find(cancelled.begin(), cancelled.end(), job->id()) == cancelled.end());
      }
    }
  });
  untilIdle(queue);
}

void deadlinesFreeTheirThreads() {
  JobQueue& queue = newQueue(2);
  inThreads(4, [&](int) {
    auto mine = std::make_shared<Completions>();
    for (int round = 0; round < 10; round++) {
      const int64_t late = put(queue, mine, 0, 3000);
      const int64_t quick = put(queue, mine, 1);
      std::this_thread::sleep_for(Milliseconds(1));
      queue.abandon(late);
      for (bool heard = false; !heard;) {
        const auto job = take(*mine);
        if (!job) mine->wait(Milliseconds(100));
        heard = job && job->id() == quick;
      }
      EXPECT(queue.abandon(quick) == 0);
    }
  });
  untilIdle(queue);
}

void settingsChangeWhileJobsRun() {
  JobQueue& queue = newQueue(1);
  std::atomic<bool> done{false};
  std::thread changer([&] {
    for (int i = 0; !done; i++) {
      queue.limit(1 + i % 5, 10 + i % 100);
      const auto counts = queue.counts();
      EXPECT(counts.queued >= 0 && counts.running >= 0 && counts.abandoned >= 0);
      std::this_thread::sleep_for(std::chrono::microseconds(200));
    }
  });
  inThreads(3, [&](int caller) {
    auto mine = std::make_shared<Completions>();
    int open = 0;
    for (int i = 0; i < 400; i++) {
      if (put(queue, mine, caller) > 0) open++;
      while (take(*mine)) open--;
    }
    while (open > 0) {
      mine->wait(Milliseconds(100));
      while (take(*mine)) open--;
    }
  });
  done = true;
  changer.join();
  untilIdle(queue);
}

// Runs once the one before it in its line has run.
class InLine final : public Job {
 public:
  InLine(std::shared_ptr<Completions> completions, std::atomic<int>& turn, int number)
      : Job(std::move(completions)), turn_(turn), number_(number) {
    liveJobs++;
  }
  ~InLine() override { liveJobs--; }

  bool mayRun() noexcept override { return turn_ >= number_; }
  void run(int /*cores*/) noexcept override { turn_++; }

 private:
  std::atomic<int>& turn_;
  int number_;
};

void jobsThatMayNotRunWaitApart() {
  JobQueue& queue = newQueue(2);
  inThreads(3, [&](int caller) {
    auto mine = std::make_shared<Completions>();
    for (int round = 0; round < 20; round++) {
      std::atomic<int> turn{0};
      std::vector<int64_t> ids;
      for (int i = 0; i < 8; i++)
        ids.push_back(queue.submit(std::make_shared<InLine>(mine, turn, i + 1)));
      // They take no threads: others run meanwhile.
      auto others = std::make_shared<Completions>();
      put(queue, others, caller);
      while (!take(*others)) others->wait(Milliseconds(100));
      EXPECT(turn == 0 && queue.counts().queued >= 8);
      EXPECT(queue.cancel(ids[7]) == 1);
      if (round % 4 == 3) {
        queue.close(*mine);
        EXPECT(turn == 0);
        mine = std::make_shared<Completions>();
        continue;
      }
      turn = 1;
      for (int taken = 0; taken < 7;) {
        // Those whose turn it is not are asked in vain, those that run are not there any more.
        for (const int64_t id : ids) queue.ready(id);
        while (take(*mine)) taken++;
      }
      EXPECT(turn == 8);
    }
  });
  untilIdle(queue);
}

// As Deno's event loop has it: one thread waits, another submits, takes and ends the waiting.
void aWaiterIsWokenAndRests() {
  JobQueue& queue = newQueue(2);
  auto mine = std::make_shared<Completions>();
  std::atomic<int> open{0};
  for (int round = 0; round < 50; round++) {
    open = 1;
    const int64_t id = put(queue, mine, 0, round % 3 == 0 ? 500 : 0);
    const auto start = std::chrono::steady_clock::now();
    std::thread waiter([&] {
      while (open > 0) mine->wait(std::chrono::seconds(60));
    });
    if (round % 2 == 0) {
      queue.abandon(id);
    } else {
      while (!take(*mine)) std::this_thread::yield();
    }
    open = 0;
    mine->rest();
    waiter.join();
    EXPECT(std::chrono::steady_clock::now() - start < std::chrono::seconds(30));
    // What was done before it was given up on.
    untilIdle(queue);
    while (take(*mine)) continue;
  }
}

void aPipeTellsOfCompletions() {
  JobQueue& queue = newQueue(3);
  inThreads(3, [&](int caller) {
    auto mine = std::make_shared<Completions>();
    const int pipe = mine->pipe();
    EXPECT(pipe >= 0 && mine->pipe() == pipe);
    for (int i = 0; i < 50; i++) {
      put(queue, mine, caller);
      put(queue, mine, caller);
      for (int taken = 0; taken < 2;) {
        pollfd ready{pipe, POLLIN, 0};
        EXPECT(poll(&ready, 1, 20000) == 1);
        char byte = 0;
        EXPECT(read(pipe, &byte, 1) == 1);
        while (take(*mine)) taken++;
      }
    }
    close(pipe);
  });
  untilIdle(queue);
}

void callersThatEndLeaveNothing() {
  JobQueue& queue = newQueue(2);
  inThreads(4, [&](int caller) {
    for (int round = 0; round < 20; round++) {
      auto mine = std::make_shared<Completions>();
      for (int i = 0; i < 20; i++) put(queue, mine, caller, 50);
      take(*mine);
      queue.close(*mine);
      EXPECT(!mine->take());
    }
  });
  untilIdle(queue);
}

// Works on its caller's memory until it is stopped.
class Borrower final : public Job {
 public:
  Borrower(std::shared_ptr<Completions> completions, std::vector<int64_t>& memory)
      : Job(std::move(completions)), memory_(memory) {
    liveJobs++;
  }
  ~Borrower() override { liveJobs--; }

  void run(int /*cores*/) noexcept override {
    while (!stopped_) memory_[0] += memory_[1];
  }
  void stop() noexcept override { stopped_ = true; }

 private:
  std::vector<int64_t>& memory_;
  std::atomic<bool> stopped_{false};
};

void callersThatEndWaitForTheirJobs() {
  JobQueue& queue = newQueue(4);
  inThreads(4, [&](int caller) {
    for (int round = 0; round < 20; round++) {
      auto mine = std::make_shared<Completions>();
      std::vector<int64_t> memory(2, 1);
      const int64_t id = queue.submit(std::make_shared<Borrower>(mine, memory));
      for (int i = 0; i < 10; i++) put(queue, mine, i, 10);
      if ((caller + round) % 2 == 0) std::this_thread::sleep_for(std::chrono::microseconds(200));
      if ((caller + round) % 3 == 0) queue.abandon(id);
      queue.close(*mine);
      queue.finish(*mine);
      EXPECT(memory[1] == 1 && memory[0] >= 1);
    }
  });
  untilIdle(queue);
}

void theEndWaitsForWhatIsHeard() {
  for (int round = 0; round < 5; round++) {
    JobQueue& queue = newQueue(3);
    auto mine = std::make_shared<Completions>();
    for (int i = 0; i < 30; i++) put(queue, mine, i, 100);
    std::thread late([&] {
      for (int i = 0; i < 30; i++) queue.cancel(put(queue, mine, i));
    });
    EXPECT(queue.drain(std::chrono::seconds(60)));
    late.join();
    queue.close(*mine);
  }
  JobQueue& queue = newQueue(1);
  auto mine = std::make_shared<Completions>();
  const int64_t id = put(queue, mine, 0, 300'000);
  while (queue.counts().running == 0) std::this_thread::yield();
  queue.abandon(id);
  const auto start = std::chrono::steady_clock::now();
  // Nobody hears of what was given up on: it is not waited for.
  const bool ended = queue.drain(std::chrono::seconds(60));
  EXPECT(!ended || std::chrono::steady_clock::now() - start < std::chrono::seconds(30));
  untilIdle(queue);
}

template <void (*Run)()>
void freed() {
  Run();
  untilFreed();
}

}  // namespace

// The harness holds live handles to where they were before a test: here, jobs.
double fb_live(int32_t what) {
  return what == 0 ? liveJobs.load() : 0;
}

int main() {
  return runTests({
      {"every caller hears its own", freed<everyCallerHearsItsOwn>},
      {"callers that end wait for their jobs", freed<callersThatEndWaitForTheirJobs>},
      {"cancelled jobs are not heard", freed<cancelledJobsAreNotHeard>},
      {"deadlines free their threads", freed<deadlinesFreeTheirThreads>},
      {"jobs that may not run wait apart", freed<jobsThatMayNotRunWaitApart>},
      {"settings change while jobs run", freed<settingsChangeWhileJobsRun>},
      {"a waiter is woken, and rests", freed<aWaiterIsWokenAndRests>},
      {"a pipe tells of completions", freed<aPipeTellsOfCompletions>},
      {"callers that end leave nothing", freed<callersThatEndLeaveNothing>},
      {"the end waits for what is heard", freed<theEndWaitsForWhatIsHeard>},
  });
}
