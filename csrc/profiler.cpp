// The profiler: LibTorch's own, over Kineto, for the calling thread and those that it hands work
// to.
#include <ATen/record_function.h>
#include <torch/csrc/autograd/profiler_kineto.h>

#include <atomic>
#include <cstdlib>
#include <memory>

#include "internal.h"

// Kineto's log level. Not in its public headers, so it may be missing: then its address is null.
extern std::atomic<int> kinetoLogLevel __asm__("_ZN9libkineto6Logger14severityLevel_E")
    __attribute__((weak));

namespace flambeau {
namespace {

using torch::autograd::profiler::KinetoEvent;
using torch::profiler::impl::ActivityType;
using torch::profiler::impl::ProfilerConfig;
using torch::profiler::impl::ProfilerState;

const std::set<ActivityType> kActivities{ActivityType::CPU};

// Kineto writes a line to the terminal whenever a profile begins and ends, at its highest level.
void quiet() {
  constexpr int kNothing = 6;
  if (std::getenv("KINETO_LOG_LEVEL") == nullptr && &kinetoLogLevel != nullptr) {
    kinetoLogLevel = kNothing;
  }
}

void writeEvent(Writer& out, const KinetoEvent& event, uint64_t start) {
  out.putString(event.name());
  // Relative, since a double does not hold nanoseconds since 1970.
  out.put(static_cast<double>(static_cast<int64_t>(event.startNs() - start)));
  out.put(static_cast<double>(event.durationNs()));
  out.put(static_cast<double>(event.startThreadId()));
  out.put(static_cast<double>(event.endThreadId()));
  out.put(static_cast<double>(event.fwdThreadId()));
  out.put(static_cast<double>(event.sequenceNr()));
  out.put(event.scope());
  out.put(static_cast<double>(event.flops()));
  out.put(static_cast<double>(event.nBytes()));
  out.put(event.isAsync());
  if (!event.hasShapes()) {
    out.put(-1);
    return;
  }
  out.put(static_cast<double>(event.shapes().size()));
  for (const auto& shape : event.shapes()) {
    out.put(static_cast<double>(shape.size()));
    for (const int64_t size : shape) out.put(static_cast<double>(size));
  }
}

}  // namespace
}  // namespace flambeau

using namespace flambeau;

int32_t fb_profiler_start(bool shapes, bool memory, bool flops) {
  return guard(-1, [&] {
    const ProfilerConfig config(ProfilerState::KINETO, shapes || flops, memory, false, flops);
    torch::autograd::profiler::prepareProfiler(config, kActivities);
    quiet();
    torch::autograd::profiler::enableProfiler(config, kActivities);
    return 0;
  });
}

int32_t fb_profiler_stop(double ctx) {
  return guard(-1, [&] {
    const auto result = torch::autograd::profiler::disableProfiler();
    Writer out(ctx);
    size_t count = 0;
    for (const auto& event : result->events()) count += event.isHiddenEvent() ? 0 : 1;
    out.put(static_cast<double>(count));
    for (const auto& event : result->events()) {
      if (!event.isHiddenEvent()) writeEvent(out, event, result->trace_start_ns());
    }
    return out.done();
  });
}

double fb_record_enter(const char* name, uint32_t bytes) {
  return guard(0.0, [&] {
    auto record = std::make_unique<at::RecordFunction>(at::RecordScope::USER_SCOPE);
    record->before(std::string(name, bytes));
    return toHandle(record.release());
  });
}

void fb_record_leave(double record) {
  guard(0, [&] {
    delete fromHandle<at::RecordFunction>(record);
    return 0;
  });
}
