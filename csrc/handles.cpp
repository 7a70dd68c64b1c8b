// Handles of script objects, generators and nodes, by the thread that holds them. See handles.h.
#include "handles.h"

#include <torch/csrc/autograd/function.h>

#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <unordered_map>

#include "jobs.h"
#include "lent.h"
#include "process_end.h"
#include "script.h"
#include "warnings.h"

namespace flambeau {

std::atomic<int64_t> liveNodes{0};

namespace {

std::atomic<int64_t> scriptsForgotten{0};
std::atomic<int64_t> nodesForgotten{0};

void release(int32_t kind, double handle) {
  (kind == FB_HANDLE_NODE ? liveNodes : liveObjects).fetch_sub(1, std::memory_order_relaxed);
  switch (kind) {
    case FB_HANDLE_OBJECT:
      c10::raw::intrusive_ptr::decref(fromHandle<c10::ivalue::Object>(handle));
      break;
    case FB_HANDLE_CALLABLE:
      delete fromHandle<Callable>(handle);
      break;
    case FB_HANDLE_UNIT:
      delete fromHandle<Unit>(handle);
      break;
    case FB_HANDLE_GENERATOR:
      c10::raw::intrusive_ptr::decref(fromHandle<c10::GeneratorImpl>(handle));
      break;
    case FB_HANDLE_ARCHIVE:
      delete fromHandle<std::shared_ptr<void>>(handle);
      break;
    default:
      c10::intrusive_ptr<torch::autograd::Node>::reclaim(fromHandle<torch::autograd::Node>(handle));
  }
}

void countForgotten(int32_t kind) {
  auto& count = kind == FB_HANDLE_NODE ? nodesForgotten : scriptsForgotten;
  count.fetch_add(1, std::memory_order_relaxed);
}

struct Given {
  int32_t kind;
  // An object may be given out several times.
  int32_t times;
};

// Without a destructor, so that it can be asked at the very end of a thread.
thread_local bool threadEnded = false;

struct HandlesOfThread {
  std::unordered_map<double, Given> given;
  std::vector<Context*> contexts;

  ~HandlesOfThread() {
    threadEnded = true;
    forgetWarnings();
    if (processEnds()) return;
    guard(0, [&] {
      for (Context* context : contexts) {
        endJobs(*context);
        // The context itself stays: a wait of another thread may be about to begin (fb_jobs_wait).
        std::vector<double>().swap(context->overflow);
        std::string().swap(context->text);
      }
      for (const auto& [handle, what] : given) {
        for (int32_t i = 0; i < what.times; i++) {
          countForgotten(what.kind);
          release(what.kind, handle);
        }
      }
      return 0;
    });
  }
};

HandlesOfThread& handlesOfThread() {
  thread_local HandlesOfThread mine;
  return mine;
}

}  // namespace

double giveHandle(int32_t kind, const void* pointer) {
  const double handle = toHandle(pointer);
  (kind == FB_HANDLE_NODE ? liveNodes : liveObjects).fetch_add(1, std::memory_order_relaxed);
  if (!threadEnded)
    handlesOfThread().given.try_emplace(handle, Given{kind, 0}).first->second.times++;
  return handle;
}

void takeHandle(int32_t kind, double handle) {
  if (!threadEnded) {
    auto& given = handlesOfThread().given;
    const auto found = given.find(handle);
    if (found != given.end() && --found->second.times == 0) given.erase(found);
  }
  release(kind, handle);
}

void ownContext(Context* context) {
  if (!threadEnded) handlesOfThread().contexts.push_back(context);
}

void disownContext(Context* context) {
  if (threadEnded) return;
  auto& contexts = handlesOfThread().contexts;
  contexts.erase(std::remove(contexts.begin(), contexts.end(), context), contexts.end());
}

void endContexts() {
  for (Context* context : handlesOfThread().contexts) {
    endJobs(*context);
    if (!context->loans->any()) continue;
    finishJobs(*context);
    context->loans->replace();
  }
}

int64_t forgottenScripts() {
  return scriptsForgotten.load(std::memory_order_relaxed);
}

int64_t forgottenNodes() {
  return nodesForgotten.load(std::memory_order_relaxed);
}

}  // namespace flambeau

using namespace flambeau;

void fb_thread_ends(void) {
  // The main thread's memory lasts as long as the process.
  if (getpid() == static_cast<pid_t>(syscall(SYS_gettid))) return;
  guard(0, [&] {
    endContexts();
    return 0;
  });
}

void fb_handle_forgotten(int32_t kind, double handle) {
  if (handle == 0) return;
  guard(0, [&] {
    TORCH_CHECK_VALUE(
        kind >= FB_HANDLE_OBJECT && kind <= FB_HANDLE_NODE, "There are no handles of this kind");
    countForgotten(kind);
    takeHandle(kind, handle);
    return 0;
  });
}
