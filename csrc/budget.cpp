#include "budget.h"

#include <c10/util/Exception.h>

#include <algorithm>
#include <string_view>

namespace flambeau {
namespace {

constexpr std::string_view kBudgetName = "FLAMBEAU_BUDGET";
const c10::DebugInfoKind kBudget(&kBudgetName);

// Of a thread that runs a job. One that does what a job forked has it as debug info only.
thread_local Budget* threadBudget = nullptr;
// Those that live: mostly there is none to look for.
std::atomic<int64_t> budgets{0};

}  // namespace

Budget::Budget(int64_t most) : limit(most) {
  budgets.fetch_add(1, std::memory_order_relaxed);
}

Budget::~Budget() {
  budgets.fetch_sub(1, std::memory_order_relaxed);
}

void Budget::spend(size_t bytes) {
  TORCH_CHECK(!closed.load(std::memory_order_relaxed), "the Worker that made this call has ended");
  const auto asked = static_cast<int64_t>(std::min<size_t>(bytes, size_t{1} << 61));
  const int64_t held = used.fetch_add(asked, std::memory_order_relaxed);
  if (held + asked <= limit) return;
  used.fetch_sub(asked, std::memory_order_relaxed);
  TORCH_CHECK_WITH(
      OutOfMemoryError,
      false,
      "can't allocate memory: the call may hold ",
      limit,
      " bytes at once, holds ",
      held,
      ", and asked for ",
      bytes,
      " more");
}

Budget* budgetHere() {
  if (threadBudget != nullptr) return threadBudget;
  if (budgets.load(std::memory_order_relaxed) == 0) return nullptr;
  return static_cast<Budget*>(c10::ThreadLocalDebugInfo::get(kBudget));
}

BudgetScope::BudgetScope(std::shared_ptr<Budget> budget) : filed_(kBudget, budget) {
  threadBudget = budget.get();
}

BudgetScope::~BudgetScope() {
  threadBudget = nullptr;
}

}  // namespace flambeau
