// What memory.cpp offers to the shim's other sources.
#pragma once

#include <c10/util/ThreadLocalDebugInfo.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace flambeau {

// The bytes that a call may hold at once; enforced on the thread that runs it, and on those that do
// what it forks, to which LibTorch hands on what is filed as debug info.
class Budget final : public c10::DebugInfoBase {
 public:
  explicit Budget(int64_t most);
  ~Budget() override;

  int64_t limit;
  std::atomic<int64_t> used{0};
  // Set by any thread: the call gets no more at all, so that it ends soon.
  std::atomic<bool> closed{false};
};

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

// A hold on a storage's memory, which then lives until sharedBufferCollected lets go of it, even
// where the storage is given other memory (shared_memory.cpp).
void* holdMemory(c10::StorageImpl& storage);
// The deleter of a buffer over shared memory.
void sharedBufferCollected(void* bytes, void* block);

// For the end of a thread: whether it is the main thread's, or that one has ended. LibTorch may be
// half torn down then, and the system frees the memory anyway.
bool processEnds();

// Ballast must not be longer.
constexpr size_t kEmptyBytes = size_t{1} << 36;
void* emptyMemory();
void pageCollected(void* handles) noexcept;
// Frees what this thread's next pages would free, so that what is counted does not change by
// itself: not between reading a handle and using it.
void freeDuePages();

// Memory for the caller's buffers, from the blocks that are kept, and back; null where there is
// none.
void* newBuffer(size_t bytes) noexcept;
void freeBuffer(void* block) noexcept;

}  // namespace flambeau
