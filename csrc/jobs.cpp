// Jobs: TorchScript and single ops on native threads. One queue serves the process (job_queue.h);
// each thread that runs JavaScript has its own completions, which it waits for in the way of its
// runtime.
#include "jobs.h"

#include <ATen/Parallel.h>
#include <ATen/ThreadLocalState.h>
#include <torch/csrc/jit/frontend/tracer.h>

#include <algorithm>
#include <cstdlib>
#include <optional>

#include "in_flight.h"
#include "budget.h"
#include "nesting.h"
#include "registry.h"
#include "retired.h"
#include "script.h"
#include "turns.h"
#include "warnings.h"

// LibTorch's pools are these libraries'. Weak: another build of LibTorch may have neither.
extern "C" __attribute__((weak)) void omp_set_num_threads(int);
extern "C" __attribute__((weak)) int MKL_Set_Num_Threads_Local(int);

namespace flambeau {
namespace {

class TorchJob final : public Job {
 public:
  TorchJob(
      std::shared_ptr<Completions> completions,
      std::function<JobResult()> work,
      double maxBytes,
      std::shared_ptr<Turn> turn)
      : Job(std::move(completions)), work_(std::move(work)), turn_(std::move(turn)) {
    modes_.emplace();
    threads_ = at::get_num_threads();
    if (maxBytes > 0 && maxBytes < 2e18) budget_->limit = toInteger(maxBytes);
  }

  // Its caller has heard of the end; other jobs may still read.
  ~TorchJob() override {
    for (auto& value : replaced_) retire(std::move(value));
  }

  bool mayRun() noexcept override { return !turn_ || turn_->begin(id()); }

  void run(int cores) noexcept override {
    // LibTorch sets a thread's number when it is first asked; it must not do so in the midst.
    at::get_num_threads();
    const int threads = std::min(cores, threads_);
    if (omp_set_num_threads != nullptr) omp_set_num_threads(threads);
    if (MKL_Set_Num_Threads_Local != nullptr) MKL_Set_Num_Threads_Local(threads);
    try {
      const at::ThreadLocalStateGuard modes(*modes_);
      const BudgetScope budget(budget_);
      const WarningScope warned(warnings_);
      const RetiresTo replaced(replaced_);
      result_ = work_();
      for (const auto& value : result_.values) complete(value);
    } catch (...) {
      error_ = std::current_exception();
    }
    // What it holds of the caller's is let go before the caller hears of the end.
    work_ = nullptr;
    modes_.reset();
    reading_.reset();
  }

  std::shared_ptr<void> takeRest() noexcept override { return std::move(turn_); }

  void stop() noexcept override { budget_->closed = true; }

  const std::exception_ptr& error() const { return error_; }
  const JobResult& result() const { return result_; }
  std::vector<std::string> takeWarnings() { return std::move(warnings_); }

 private:
  std::function<JobResult()> work_;
  std::shared_ptr<Turn> turn_;
  std::optional<at::ThreadLocalState> modes_;
  // As many as the caller's own calls would take, at the most.
  int threads_ = 1;
  // What a call forked may outlive it.
  std::shared_ptr<Budget> budget_ = std::make_shared<Budget>(INT64_MAX / 2);
  // From the time that it is there: what its caller replaces from now on it may find.
  std::optional<Reading> reading_{std::in_place};
  std::vector<at::IValue> replaced_;
  JobResult result_;
  std::exception_ptr error_;
  std::vector<std::string> warnings_;
};

// Never destroyed: its threads may outlive the statics. A job that ran on while LibTorch's are
// destroyed would crash the process as it ends.
JobQueue& jobs() {
  static auto* made = [] {
    on_exit(
        [](int status, void*) {
          if (jobs().drain(std::chrono::milliseconds(500))) return;
          std::fflush(nullptr);
          _exit(status);
        },
        nullptr);
    return new JobQueue();
  }();
  return *made;
}

Completions& completionsOf(double ctx) {
  auto& completions = context(ctx).completions;
  if (!completions) completions = std::make_shared<Completions>();
  return *completions;
}

// Another tensor over the same memory, so that the caller may give its own another size or memory
// meanwhile. One that gradients flow to stays itself: it is what they are for.
at::Tensor pinned(const at::Tensor& tensor) {
  constexpr c10::DispatchKeySet kWrapped(
      {c10::DispatchKey::FuncTorchBatched, c10::DispatchKey::FuncTorchGradWrapper});
  if (!tensor.defined() || tensor.layout() != at::kStrided || tensor.requires_grad() ||
      tensor.key_set().has_any(kWrapped)) {
    return tensor;
  }
  const auto* impl = tensor.unsafeGetTensorImpl();
  return at::Tensor(impl->shallow_copy_and_detach(
      impl->version_counter(), /*allow_tensor_metadata_change=*/true));
}

// The value with such tensors in it, however deep. Lists and dicts are the call's own, made of what
// JavaScript gave, and are changed in place.
at::IValue pinned(at::IValue value) {
  if (value.isTensor()) return pinned(value.toTensor());
  if (value.isIntList() || value.isDoubleList() || value.isBoolList()) return value;
  if (value.isList()) {
    auto list = value.toList();
    for (size_t i = 0; i < list.size(); i++) list.set(i, pinned(list.get(i)));
  } else if (value.isGenericDict()) {
    auto dict = value.toGenericDict();
    std::vector<std::pair<at::IValue, at::IValue>> entries;
    for (const auto& entry : dict) entries.emplace_back(entry.key(), entry.value());
    for (auto& [key, element] : entries) dict.insert_or_assign(key, pinned(std::move(element)));
  } else if (value.isTuple()) {
    auto tuple = value.toTuple();
    std::vector<at::IValue> elements;
    for (const auto& element : tuple->elements()) elements.push_back(pinned(element));
    return c10::ivalue::Tuple::createNamed(std::move(elements), tuple->type<c10::TupleType>());
  }
  return value;
}

void pinArguments(std::vector<at::IValue>& stack) {
  for (auto& value : stack) value = pinned(std::move(value));
}

}  // namespace

double submitJob(
    double ctx, std::function<JobResult()> work, double maxBytes, std::shared_ptr<Turn> turn) {
  TORCH_CHECK(
      !torch::jit::tracer::isTracing(),
      "runAsync cannot be traced: another thread would do the work; call the function instead");
  TORCH_CHECK(!context(ctx).ended, "runAsync cannot begin: this Worker is at its end");
  completionsOf(ctx);
  auto job = std::make_shared<TorchJob>(
      context(ctx).completions, std::move(work), maxBytes, std::move(turn));
  return static_cast<double>(jobs().submit(std::move(job)));
}

double submitJob(double ctx, std::function<JobResult()> work, double maxBytes) {
  return submitJob(ctx, std::move(work), maxBytes, nullptr);
}

void callJob(int64_t id) {
  if (id >= 0) jobs().ready(id);
}

void endJobs(Context& context) {
  context.ended = true;
  if (context.completions) jobs().close(*context.completions);
}

void finishJobs(const Context& context) {
  if (context.completions) jobs().finish(*context.completions);
}

}  // namespace flambeau

using namespace flambeau;

double fb_job_call(double callable, double ctx, double max_bytes) {
  return guard(0.0, [&] {
    const Callable target = flambeau::target<Callable>(callable);
    Reader in(ctx);
    std::optional<at::IValue> self;
    if (target.self) self = at::IValue(*target.self);
    auto stack = readArguments(in, target.function->getSchema(), self);
    pinArguments(stack);
    return submitJob(
        ctx,
        [target,
         running = target.self ? std::make_shared<InFlight>(*target.self) : nullptr,
         stack = std::move(stack)]() mutable {
          run(target, stack);
          return JobResult{{std::move(stack.back())}};
        },
        max_bytes,
        turnFor(lineFor(target)));
  });
}

double fb_job_op(const char* name, uint32_t bytes, double ctx, double max_bytes) {
  return guard(0.0, [&] {
    auto overload = chooseOverload(ctx, name, bytes);
    // What an op writes to is to be the caller's own.
    if (!overload.op->schema().is_mutable()) pinArguments(overload.stack);
    return submitJob(
        ctx,
        [chosen = std::move(overload)]() mutable {
          runChosen(chosen);
          return JobResult{std::move(chosen.stack)};
        },
        max_bytes);
  });
}

int32_t fb_job_cancel(double id) {
  return guard(-1, [&] { return jobs().cancel(toInteger(id)); });
}

int32_t fb_job_abandon(double id) {
  return guard(-1, [&] { return jobs().abandon(toInteger(id)); });
}

int32_t fb_job_take(double ctx) {
  return guard(-1, [&] {
    const auto job = std::static_pointer_cast<TorchJob>(completionsOf(ctx).take());
    if (!job) return 0;
    addWarnings(job->takeWarnings());
    // Whatever fails, its promise is to hear of it.
    const int32_t count = guard(-1, [&] {
      if (job->error() != nullptr) std::rethrow_exception(job->error());
      Writer out(ctx);
      out.put(static_cast<double>(job->id()));
      out.put(0);
      writeResults(out, job->result().values);
      return out.done();
    });
    if (count >= 0) return count;
    Writer out(ctx);
    out.put(static_cast<double>(job->id()));
    out.put(1);
    return out.done();
  });
}

int32_t fb_jobs_wait(double ctx) {
  return guard(-1, [&] {
    // Held on its own: the context is its thread's, and this runs on another.
    const auto completions = context(ctx).completions;
    // Not forever: the thread that asked may be gone by then.
    return completions ? completions->wait(std::chrono::seconds(1)) : 0;
  });
}

void fb_jobs_rest(double ctx) {
  guard(0, [&] {
    completionsOf(ctx).rest();
    return 0;
  });
}

int32_t fb_jobs_pipe(double ctx) {
  return guard(-1, [&] {
    const int pipe = completionsOf(ctx).pipe();
    TORCH_CHECK(pipe >= 0, "no pipe could be made for the results of runAsync");
    return pipe;
  });
}

int32_t fb_jobs_setting(int32_t what, int32_t value) {
  return guard(-1, [&] {
    jobs().limit(what == 0 ? value : 0, what == 1 ? value : 0);
    const auto [threads, limit, queued, running, abandoned] = jobs().counts();
    return what == 0   ? threads
           : what == 1 ? limit
           : what == 2 ? queued
           : what == 3 ? running
                       : abandoned;
  });
}
