// The error slot: what the last failure on a thread was, kept apart in message, trace and
// backtrace.
#include <c10/util/Exception.h>
#include <torch/csrc/jit/frontend/error_report.h>
#include <torch/csrc/jit/runtime/jit_exception.h>

#include <array>
#include <exception>

#include "internal.h"

namespace flambeau {
namespace {

struct ErrorRecord {
  int32_t kind = FB_ERROR_NONE;
  double id = 0;
  std::string message;
  std::string scriptTrace;
  std::string pythonClass;
};

constexpr size_t kKeptExceptions = 8;

thread_local ErrorRecord lastError;
// Symbolizing a backtrace takes milliseconds, so the exceptions are kept and asked only on demand.
thread_local std::array<std::pair<double, std::exception_ptr>, kKeptExceptions> keptExceptions;

bool contains(const std::string& text, const char* part) {
  return text.find(part) != std::string::npos;
}

// The interpreter wraps an op's failure into a report; the sentence that matters is its last part.
bool splitInterpreterReport(ErrorRecord& record, const std::string& text) {
  if (!contains(text, "The following operation failed in the TorchScript interpreter"))
    return false;
  record.scriptTrace = text;
  const std::string marker = "\nRuntimeError: ";
  const auto at = text.rfind(marker);
  record.message = at == std::string::npos ? text : text.substr(at + marker.size());
  while (!record.message.empty() && record.message.back() == '\n') record.message.pop_back();
  return true;
}

// The sentence for a person: without the place in C++, and without the list of all kernels.
std::string sentenceOf(const std::string& message) {
  const std::string prefix = "[enforce fail at ";
  if (message.rfind(prefix, 0) == 0) {
    // "[enforce fail at alloc_cpu.cpp:127] err == 0. DefaultCPUAllocator: can't allocate memory..."
    const auto end = message.find(". ");
    if (end != std::string::npos) return message.substr(end + 2);
  }
  if (message.rfind("Could not run '", 0) == 0) return message.substr(0, message.find(". ") + 1);
  return message;
}

int32_t kindOfMessage(const std::string& message) {
  if (contains(message, "INTERNAL ASSERT FAILED")) return FB_ERROR_INTERNAL;
  if (contains(message, "can't allocate memory") || contains(message, "not enough memory")) {
    return FB_ERROR_OUT_OF_MEMORY;
  }
  if (contains(message, "PytorchStreamReader") || contains(message, "istream reader failed")) {
    return FB_ERROR_SERIALIZATION;
  }
  return FB_ERROR_VALUE;
}

int32_t kindOf(const c10::Error& error, const std::string& message) {
  if (dynamic_cast<const c10::IndexError*>(&error)) return FB_ERROR_INDEX;
  if (dynamic_cast<const c10::TypeError*>(&error)) return FB_ERROR_TYPE;
  if (dynamic_cast<const c10::NotImplementedError*>(&error)) return FB_ERROR_NOT_IMPLEMENTED;
  if (dynamic_cast<const c10::OutOfMemoryError*>(&error)) return FB_ERROR_OUT_OF_MEMORY;
  return kindOfMessage(message);
}

void describe(ErrorRecord& record, const std::exception_ptr& exception) {
  try {
    std::rethrow_exception(exception);
  } catch (const JitTypeError& error) {
    record.kind = FB_ERROR_JIT_TYPE;
    record.message = error.what();
  } catch (const SerializationError& error) {
    record.kind = FB_ERROR_SERIALIZATION;
    record.message = error.what();
  } catch (const CompileError& error) {
    record.kind = FB_ERROR_TORCHSCRIPT;
    record.message = error.what();
  } catch (const torch::jit::ErrorReport& error) {
    record.kind = FB_ERROR_TORCHSCRIPT;
    record.message = error.what();
  } catch (const torch::jit::JITException& error) {
    record.kind = FB_ERROR_TORCHSCRIPT;
    record.scriptTrace = error.what();
    record.message = error.getOriginalMsg().value_or(error.what());
    record.pythonClass = error.getPythonClassName().value_or("");
    // A failed assert is raised without a class, but always with these words.
    if (record.pythonClass.empty() && record.message.rfind("AssertionError: ", 0) == 0) {
      record.pythonClass = "builtins.AssertionError";
    }
  } catch (const c10::Error& error) {
    const std::string message = error.what_without_backtrace();
    record.kind = kindOf(error, message);
    // An op that is not implemented keeps its class in the interpreter.
    const bool reported = splitInterpreterReport(record, message);
    record.message = sentenceOf(reported ? record.message : message);
  } catch (const std::bad_alloc&) {
    record.kind = FB_ERROR_OUT_OF_MEMORY;
    record.message = "The native allocator is out of memory";
  } catch (const std::exception& error) {
    record.kind = FB_ERROR_TORCHSCRIPT;
    if (splitInterpreterReport(record, error.what())) {
      if (kindOfMessage(record.message) == FB_ERROR_OUT_OF_MEMORY) {
        record.kind = FB_ERROR_OUT_OF_MEMORY;
      }
      return;
    }
    record.message = error.what();
    record.kind = kindOfMessage(record.message);
  } catch (...) {
    record.kind = FB_ERROR_INTERNAL;
    record.message = "A C++ exception of an unknown type reached the boundary";
  }
}

std::string backtraceOf(const std::exception_ptr& exception) {
  try {
    std::rethrow_exception(exception);
  } catch (const c10::Error& error) {
    return error.backtrace() ? error.backtrace()->get() : std::string();
  } catch (...) {
    return {};
  }
}

}  // namespace

void recordException() noexcept {
  try {
    const double id = lastError.id + 1;
    auto exception = std::current_exception();
    ErrorRecord record;
    record.id = id;
    describe(record, exception);
    lastError = std::move(record);
    keptExceptions[static_cast<size_t>(id) % kKeptExceptions] = {id, std::move(exception)};
  } catch (...) {
    // Even the report could not be allocated: keep the kind, which needs no memory.
    lastError.kind = FB_ERROR_OUT_OF_MEMORY;
    lastError.message.clear();
  }
}

}  // namespace flambeau

using namespace flambeau;

int32_t fb_error_kind(void) {
  return lastError.kind;
}

double fb_error_id(void) {
  return lastError.id;
}

double fb_error_text(double ctx, int32_t part) {
  return guard(-1.0, [&] {
    return setText(
        ctx,
        part == 0   ? lastError.message
        : part == 1 ? lastError.scriptTrace
                    : lastError.pythonClass);
  });
}

double fb_error_backtrace(double ctx, double id) {
  return guard(-1.0, [&] {
    const auto& kept = keptExceptions[static_cast<uint64_t>(toInteger(id)) % kKeptExceptions];
    return setText(ctx, kept.first == id && kept.second ? backtraceOf(kept.second) : std::string());
  });
}
