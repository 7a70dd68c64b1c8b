#include "process_end.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>

namespace flambeau {
namespace {

std::atomic<bool> ended{false};

}  // namespace

bool processEnds() {
  if (getpid() == static_cast<pid_t>(syscall(SYS_gettid))) ended = true;
  return ended;
}

bool processEnded() {
  return ended;
}

}  // namespace flambeau
