// The job queue and the handing over between threads, under AddressSanitizer.
#include <poll.h>
#include <unistd.h>

#include <atomic>
#include <chrono>

#include "harness.h"

namespace {

constexpr const char* kMul = "aten::mul";

double submit(Words& words, double a, double b, double most = 0) {
  words.write({2, FB_VALUE_TENSOR, a, FB_VALUE_TENSOR, b, 0});
  return fb_job_op(kMul, sizeOf(kMul), words.ctx, most);
}

// Takes `count` completions, and gives back the tensors they hold. How many of them failed.
int takeAll(Words& words, int count) {
  int failed = 0;
  for (int taken = 0; taken < count;) {
    if (fb_job_take(words.ctx) == 0) {
      fb_jobs_wait(words.ctx);
      continue;
    }
    taken++;
    if (words[1] != 0) {
      failed++;
    } else {
      EXPECT(words[2] == FB_VALUE_TENSOR);
      fb_tensor_release(words[3]);
    }
  }
  return failed;
}

// What is left once all is done: a job that ran when it was cancelled may complete or not.
void takeRest(Words& words) {
  while (fb_jobs_setting(2, 0) + fb_jobs_setting(3, 0) > 0) std::this_thread::yield();
  while (fb_job_take(words.ctx) > 0) fb_tensor_release(words[3]);
}

// Takes completions until those that were not cancelled (every fifth was) are among them.
void takeUntilHeard(Words& words, const std::vector<double>& ids) {
  for (int left = 16; left > 0;) {
    if (fb_job_take(words.ctx) == 0) {
      fb_jobs_wait(words.ctx);
      continue;
    }
    EXPECT(words[1] == 0 && words[2] == FB_VALUE_TENSOR);
    const auto found = std::find(ids.begin(), ids.end(), words[0]);
    if (found != ids.end() && (found - ids.begin()) % 5 != 0) left--;
    fb_tensor_release(words[3]);
  }
}

void jobsGiveResults() {
  Words words;
  const double x = ones(words, 64);
  for (int i = 0; i < 200; i++) EXPECT(submit(words, x, x) > 0);
  EXPECT(takeAll(words, 200) == 0);
  EXPECT(fb_job_take(words.ctx) == 0);
  fb_tensor_release(x);
}

void jobsFailWithTheirReason() {
  Words words;
  const double x = ones(words, 3);
  const double y = ones(words, 4);
  EXPECT(submit(words, x, y) > 0);
  EXPECT(takeAll(words, 1) == 1);
  EXPECT(words.error().find("must match the size") != std::string::npos);
  fb_tensor_release(x);
  fb_tensor_release(y);
}

void jobsKeepToTheirBudget() {
  Words words;
  const double x = ones(words, 1 << 16);
  EXPECT(submit(words, x, x, 1000) > 0);
  EXPECT(takeAll(words, 1) == 1);
  EXPECT(fb_error_kind() == FB_ERROR_OUT_OF_MEMORY);
  // The budget was the job's, not its thread's.
  EXPECT(submit(words, x, x, 1e300) > 0);
  EXPECT(submit(words, x, x) > 0);
  EXPECT(takeAll(words, 2) == 0);
  fb_tensor_release(x);
}

void aFullQueueRefuses() {
  Words words;
  const double x = ones(words, 1 << 20);
  const int32_t before = fb_jobs_setting(1, 0);
  fb_jobs_setting(1, 2);
  int queued = 0;
  int refused = 0;
  for (int i = 0; i < 50; i++) (submit(words, x, x) > 0 ? queued : refused)++;
  EXPECT(refused > 0);
  EXPECT(takeAll(words, queued) == 0);
  fb_jobs_setting(1, before);
  fb_tensor_release(x);
}

void cancelledJobsNeverComplete() {
  Words words;
  const double x = ones(words, 1 << 18);
  std::vector<double> ids;
  for (int i = 0; i < 100; i++) ids.push_back(submit(words, x, x));
  int cancelled = 0;
  for (const double id : ids) cancelled += fb_job_cancel(id);
  EXPECT(cancelled > 0);
  takeRest(words);
  for (const double id : ids) EXPECT(fb_job_cancel(id) == 0);
  fb_tensor_release(x);
}

void idsThatAreNoneCancelNothing() {
  Words words;
  const double x = ones(words, 1 << 20);
  std::vector<double> ids;
  for (int i = 0; i < 20; i++) ids.push_back(submit(words, x, x));
  for (const double id : {std::nan(""), -1.0, 0.0, 1e300, -kInfinity, kInfinity}) {
    EXPECT(fb_job_cancel(id) == 0);
    EXPECT(fb_job_abandon(id) == 0);
  }
  EXPECT(takeAll(words, 20) == 0);
  fb_tensor_release(x);
}

void abandonedJobsLeaveTheQueueAtWork() {
  Words words;
  const double x = ones(words, 1 << 20);
  const double y = ones(words, 8);
  for (int i = 0; i < 20; i++) {
    const double id = submit(words, x, x);
    while (fb_jobs_setting(2, 0) > 0) std::this_thread::yield();
    fb_job_abandon(id);
    EXPECT(submit(words, y, y) > 0);
  }
  EXPECT(takeAll(words, 20) == 0);
  takeRest(words);
  while (fb_jobs_setting(4, 0) > 0) std::this_thread::yield();
  EXPECT(fb_jobs_setting(3, 0) == 0);
  fb_tensor_release(x);
  fb_tensor_release(y);
}

void aPipeTellsOfCompletions() {
  Words words;
  const double x = ones(words, 16);
  const int pipe = fb_jobs_pipe(words.ctx);
  EXPECT(pipe >= 0 && fb_jobs_pipe(words.ctx) == pipe);
  for (int i = 0; i < 50; i++) {
    EXPECT(submit(words, x, x) > 0);
    pollfd wait{pipe, POLLIN, 0};
    EXPECT(poll(&wait, 1, 10000) == 1);
    char byte = 0;
    EXPECT(read(pipe, &byte, 1) == 1);
    EXPECT(takeAll(words, 1) == 0);
    EXPECT(fb_job_take(words.ctx) == 0);
  }
  fb_tensor_release(x);
}

void threadsShareTheQueue() {
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; i++) {
    threads.emplace_back([] {
      Words words;
      const double x = ones(words, 100);
      for (int round = 0; round < 20; round++) {
        std::vector<double> ids;
        for (int job = 0; job < 20; job++) ids.push_back(submit(words, x, x));
        // Some are done already, and are heard of beside the others.
        for (size_t at = 0; at < ids.size(); at += 5) fb_job_cancel(ids[at]);
        takeUntilHeard(words, ids);
        fb_jobs_setting(0, 1 + round % 3);
      }
      fb_tensor_release(x);
    });
  }
  for (auto& thread : threads) thread.join();
  fb_jobs_setting(0, 2);
  EXPECT(fb_jobs_setting(2, 0) == 0);
}

void aContextMayEndBeforeItsJobs() {
  Words other;
  const double x = ones(other, 1 << 18);
  for (int i = 0; i < 20; i++) {
    Words words;
    for (int job = 0; job < 4; job++) EXPECT(submit(words, x, x) > 0);
    if (i % 2 == 0) fb_jobs_pipe(words.ctx);
  }
  while (fb_jobs_setting(2, 0) + fb_jobs_setting(3, 0) > 0) std::this_thread::yield();
  fb_tensor_release(x);
}

void handedOverTensorsAreTakenOnce() {
  Words words;
  const double x = ones(words, 10);
  const double number = fb_transfer_put(0, x);
  EXPECT(number > 0 && fb_transfer_waiting() == 1);
  fb_tensor_release(x);
  std::thread([number] {
    Words receiver;
    EXPECT(fb_transfer_take(receiver.ctx, number) > 0);
    EXPECT(receiver[0] == 0 && receiver[1] == FB_VALUE_TENSOR);
    fb_tensor_release(receiver[2]);
  }).join();
  EXPECT(fb_transfer_take(words.ctx, number) == -1);
  EXPECT(words.error().find("nothing waits") != std::string::npos);
  EXPECT(fb_transfer_waiting() == 0);
}

void forgedTicketsGiveNothing() {
  Words words;
  const double x = ones(words, 10);
  const double number = fb_transfer_put(0, x);
  for (const double forged : {0.0, -1.0, number + 1, std::nan(""), kInfinity, 1e300, 0.5}) {
    EXPECT(fb_transfer_take(words.ctx, forged) == -1);
  }
  EXPECT(fb_transfer_put(1, 0) == 0);
  EXPECT(fb_transfer_put(2, 0) == 0);
  EXPECT(fb_transfer_take(words.ctx, number) > 0);
  fb_tensor_release(words[2]);
  fb_tensor_release(x);
}

void lentMemoryIsCopiedWhenHandedOver() {
  Words words;
  std::vector<float> lent(8, 2.0F);
  words.write({1, 8});
  const double x = fb_tensor_from_memory(words.ctx, lent.data(), 32, 6, 7);
  const double number = fb_transfer_put(0, x);
  fb_tensor_release(x);
  EXPECT(fb_memory_released(words.ctx) == 1 && words[0] == 7);
  lent.clear();
  lent.shrink_to_fit();
  EXPECT(fb_transfer_take(words.ctx, number) > 0);
  float read[8] = {};
  EXPECT(fb_tensor_read(words[2], read, 32) == 0 && read[7] == 2.0F);
  fb_tensor_release(words[2]);
}

// A Worker that is terminated: its jobs read what it lent, and so does what it left to others.
void lentMemoryMayGoWithItsThread() {
  Words left;
  double view = 0;
  std::thread([&] {
    Words words;
    std::vector<float> lent(1 << 20, 2.0F);
    words.write({1, 1 << 20});
    const double x = fb_tensor_from_memory(words.ctx, lent.data(), 4 << 20, 6, 7);
    view = fb_tensor_retain(x);
    for (int i = 0; i < 20; i++) EXPECT(submit(words, x, x) > 0);
    // One that runs after its deadline reads on.
    const double late = submit(words, x, x);
    if (fb_jobs_setting(3, 0) > 0) fb_job_abandon(late - 20);
    fb_tensor_release(x);
    fb_thread_ends();
    EXPECT(fb_memory_released(words.ctx) == 1 && words[0] == 7);
    EXPECT(submit(words, view, view) == 0);
    EXPECT(words.error().find("at its end") != std::string::npos);
    words.write({1, 1});
    EXPECT(fb_tensor_from_memory(words.ctx, lent.data(), 4, 6, 8) == 0);
    fb_thread_ends();
  }).join();
  std::vector<float> read(1 << 20);
  EXPECT(fb_tensor_read(view, read.data(), 4 << 20) == 0 && read.back() == 2.0F);
  fb_tensor_release(view);
  // The main thread's memory stays.
  fb_thread_ends();
  const double x = ones(left, 8);
  EXPECT(submit(left, x, x) > 0 && takeAll(left, 1) == 0);
  fb_tensor_release(x);
}

// What the collector of a runtime does: the pages are freed on another thread than their own.
void pagesAreCollectedOnAnyThread() {
  Words words;
  using Deleter = void (*)(void*, void*);
  const auto free = reinterpret_cast<Deleter>(static_cast<uintptr_t>(fb_ballast(1)));
  std::vector<void*> pages;
  for (int i = 0; i < 100; i++) {
    const double first = fb_page_new(8, 1 << 20);
    EXPECT(first >= 0);
    const auto code = static_cast<uint32_t>(first);
    auto* slab = reinterpret_cast<double*>(static_cast<uintptr_t>(fb_slab(code >> 16)));
    for (int slot = 0; slot < 8; slot += 2) slab[(code & 0xffff) + slot] = ones(words, 4);
    pages.push_back(slab + (code & 0xffff));
  }
  std::thread collector([&] {
    for (void* page : pages) free(nullptr, page);
  });
  fb_pages_free();
  collector.join();
  fb_pages_free();
  EXPECT(fb_slab(1 << 20) == 0);
}

// A large tensor at once, the small ones as pages are made, and the rest when it is asked for.
void manyPagesAreFreedOneByOne() {
  Words words;
  using Deleter = void (*)(void*, void*);
  const auto free = reinterpret_cast<Deleter>(static_cast<uintptr_t>(fb_ballast(1)));
  const auto pageWithTensor = [&](uint32_t slots) {
    const auto code = static_cast<uint32_t>(fb_page_new(slots, 1 << 20));
    auto* slab = reinterpret_cast<double*>(static_cast<uintptr_t>(fb_slab(code >> 16)));
    slab[code & 0xffff] = ones(words, 4);
    return slab + (code & 0xffff);
  };
  fb_pages_free();
  const double before = fb_live(0);
  const double forgotten = fb_memory(4);
  std::vector<double*> pages{pageWithTensor(1)};
  for (int i = 0; i < 20; i++) pages.push_back(pageWithTensor(8));
  EXPECT(fb_live(0) == before + 21);
  for (double* page : pages) free(nullptr, page);
  EXPECT(fb_memory(4) == forgotten);
  std::vector<double*> more{pageWithTensor(8)};
  EXPECT(fb_memory(4) == forgotten + 2);
  more.push_back(pageWithTensor(8));
  EXPECT(fb_memory(4) == forgotten + 3);
  // Whoever counts finds nothing half done.
  EXPECT(fb_live(0) == before + 2 && fb_memory(4) == forgotten + 21);
  for (double* page : more) free(nullptr, page);
  fb_pages_free();
  EXPECT(fb_live(0) == before && fb_memory(4) == forgotten + 23);
}

// And when the thread of the pages has ended.
void pagesOutliveTheirThread() {
  using Deleter = void (*)(void*, void*);
  const auto free = reinterpret_cast<Deleter>(static_cast<uintptr_t>(fb_ballast(1)));
  void* page = nullptr;
  std::thread([&] {
    Words words;
    const auto code = static_cast<uint32_t>(fb_page_new(4, 64));
    auto* slab = reinterpret_cast<double*>(static_cast<uintptr_t>(fb_slab(code >> 16)));
    slab[code & 0xffff] = ones(words, 4);
    page = slab + (code & 0xffff);
  }).join();
  free(nullptr, page);
}

// A Worker that was terminated: its finalizers never run. The harness counts what is left.
void aThreadThatEndsReleasesWhatItHolds() {
  const double before = fb_memory(5);
  std::thread([] {
    Words words;
    const char* source = "def f(x):\n    return x\n";
    const double unit = fb_compile(source, static_cast<double>(std::strlen(source)), false);
    EXPECT(unit != 0 && fb_unit_function(unit, "f", 1) != 0);
    EXPECT(fb_generator_new() != 0);
    const double released = fb_unit_function(unit, "f", 1);
    fb_callable_release(released);
    const double forgotten = fb_unit_function(unit, "f", 1);
    fb_handle_forgotten(FB_HANDLE_CALLABLE, forgotten);
    fb_handle_forgotten(FB_HANDLE_CALLABLE, 0);
    fb_handle_forgotten(99, forgotten);
  }).join();
  EXPECT(fb_memory(5) == before + 4);
}

void blocksAreKeptAndGivenBack() {
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; i++) {
    threads.emplace_back([i] {
      Words words;
      for (int round = 0; round < 30; round++) {
        fb_tensor_release(ones(words, 1 << (14 + (round + i) % 4)));
        if (round % 10 == 9) fb_memory_trim();
        if (i == 0) fb_memory_cache(round % 2);
      }
    });
  }
  for (auto& thread : threads) thread.join();
  fb_memory_cache(1);
  fb_memory_trim();
  EXPECT(fb_memory(1) == 0);
}

// The process ends while jobs are queued and run.
int endAtWork() {
  static Words words;
  const double x = ones(words, 1 << 20);
  for (int i = 0; i < 20; i++) submit(words, x, x);
  return 0;
}

}  // namespace

int main(int count, char**) {
  if (count > 1) return endAtWork();
  return runTests({
      {"jobs give their results", jobsGiveResults},
      {"jobs fail with their reason", jobsFailWithTheirReason},
      {"jobs keep to their budget", jobsKeepToTheirBudget},
      {"a full queue refuses", aFullQueueRefuses},
      {"cancelled jobs never complete", cancelledJobsNeverComplete},
      {"ids that are none cancel nothing", idsThatAreNoneCancelNothing},
      {"abandoned jobs leave the queue at work", abandonedJobsLeaveTheQueueAtWork},
      {"a pipe tells of completions", aPipeTellsOfCompletions},
      {"threads share the queue", threadsShareTheQueue},
      {"a context may end before its jobs", aContextMayEndBeforeItsJobs},
      {"handed over tensors are taken once", handedOverTensorsAreTakenOnce},
      {"forged tickets give nothing", forgedTicketsGiveNothing},
      {"lent memory is copied when handed over", lentMemoryIsCopiedWhenHandedOver},
      {"lent memory may go with its thread", lentMemoryMayGoWithItsThread},
      {"pages are collected on any thread", pagesAreCollectedOnAnyThread},
      {"many pages are freed one by one", manyPagesAreFreedOneByOne},
      {"pages outlive their thread", pagesOutliveTheirThread},
      {"a thread that ends releases what it holds", aThreadThatEndsReleasesWhatItHolds},
      {"blocks are kept and given back", blocksAreKeptAndGivenBack},
  });
}
