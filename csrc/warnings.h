// LibTorch's warnings, which JavaScript shows as its own: a thread's wait until it takes them.
#pragma once

#include <c10/util/Exception.h>

#include <string>
#include <vector>

namespace flambeau {

// Collects what LibTorch warns of on this thread, while it lives: a job's.
class WarningScope {
 public:
  explicit WarningScope(std::vector<std::string>& into);
  ~WarningScope();
  WarningScope(const WarningScope&) = delete;
  WarningScope& operator=(const WarningScope&) = delete;

 private:
  std::vector<std::string>* before_;
  c10::WarningUtils::WarningHandlerGuard guard_;
};

// Adds warnings of another thread's to those that wait on this one.
void addWarnings(std::vector<std::string> warnings) noexcept;

// The thread's JavaScript has ended, and the flag that it lent with it.
void forgetWarnings() noexcept;

}  // namespace flambeau
