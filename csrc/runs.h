// Runs of a program, and what must not happen while there are some.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>

#include "list_gradients.h"

namespace torch::jit {
struct Function;
}

namespace flambeau {

// Of one function, whoever holds it. Its executor hands out plans by reference, so what it was
// optimized for can be forgotten only while nothing runs.
class Runs {
 public:
  // As long as a run lasts. Waits while the function is being made to forget.
  class One {
   public:
    explicit One(Runs& runs);
    ~One();
    One(const One&) = delete;
    One& operator=(const One&) = delete;

   private:
    Runs& runs_;
  };

  // Waits until nothing runs, and forgets what the function was optimized for. Throws within a run
  // of it, which would wait for itself.
  void forget(torch::jit::Function& function);

  // After a run that failed: an executor that was watching has seen half of a call, and would
  // optimize for arguments that never came together. Forgets that, unless this thread runs the
  // function still, further out. Where the function has been optimized, and only what it does with
  // other arguments may be half seen, nobody waits for it: it is done when the last run ends.
  void forgetHalfSeen(torch::jit::Function& function);

  ListGradients lists;

 private:
  bool isOuter() const;
  template <typename Action>
  void alone(Action action);

  std::mutex mutex_;
  std::condition_variable changed_;
  int running_ = 0;
  int waiting_ = 0;
  torch::jit::Function* halfSeen_ = nullptr;
};

// The same for all who hold the function at one time.
std::shared_ptr<Runs> runsOf(const torch::jit::Function* function);

}  // namespace flambeau
