// The bytes that a call may hold at once.
#pragma once

#include <c10/util/ThreadLocalDebugInfo.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace flambeau {

// Enforced on the thread that runs the call, and on those that do what it forks, to which LibTorch
// hands on what is filed as debug info.
class Budget final : public c10::DebugInfoBase {
 public:
  explicit Budget(int64_t most);
  ~Budget() override;

  // Takes `bytes` of it. Throws where they are too many, or it is closed.
  void spend(size_t bytes);

  int64_t limit;
  std::atomic<int64_t> used{0};
  // Set by any thread: the call gets no more at all, so that it ends soon.
  std::atomic<bool> closed{false};
};

// That of this thread, or null.
Budget* budgetHere();

// Puts a budget on this thread.
class BudgetScope {
 public:
  explicit BudgetScope(std::shared_ptr<Budget> budget);
  ~BudgetScope();
  BudgetScope(const BudgetScope&) = delete;
  BudgetScope& operator=(const BudgetScope&) = delete;

 private:
  c10::DebugInfoGuard filed_;
};

}  // namespace flambeau
