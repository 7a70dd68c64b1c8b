// Saving: to bytes, or to files that the caller has opened before. load.cpp reads them.
#include <torch/csrc/jit/api/function_impl.h>
#include <fcntl.h>
#include <torch/csrc/jit/serialization/export.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "in_flight.h"
#include "jobs.h"
#include "reach.h"
#include "script.h"
#include "turns.h"

namespace flambeau {
namespace {

using c10::IValue;

[[noreturn]] void failed(const char* what) {
  const int number = errno;
  throw SerializationError(c10::str("The file could not be ", what, ": ", std::strerror(number)));
}

// A file descriptor with an owner.
class File {
 public:
  File(const std::string& path, int flags) : descriptor_(::open(path.c_str(), flags | O_CLOEXEC)) {
    if (descriptor_ < 0) failed("opened");
  }
  ~File() { ::close(descriptor_); }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  int get() const { return descriptor_; }

 private:
  int descriptor_;
};

torch::jit::ExtraFilesMap readExtraFiles(Reader& in) {
  const auto type = c10::DictType::create(c10::StringType::get(), c10::StringType::get());
  torch::jit::ExtraFilesMap files;
  const IValue given = readValue(in, type, "extraFiles");
  for (const auto& entry : given.toGenericDict()) {
    files[entry.key().toStringRef()] = entry.value().toStringRef();
  }
  return files;
}

bool isOfThisMachine(const torch::jit::Block* block) {
  for (const auto* node : block->nodes()) {
    if (node->kind() == c10::prim::ConstantMKLDNNTensor) return true;
    for (const auto* inner : node->blocks()) {
      if (isOfThisMachine(inner)) return true;
    }
  }
  return false;
}

// LibTorch writes such constants as nothing, and the file cannot be loaded.
void checkPortable(const Module& module) {
  for (const auto& part : module.modules()) {
    for (const auto& method : part.get_methods()) {
      TORCH_CHECK_VALUE(
          !isOfThisMachine(method.graph()->block()),
          "This module was optimized for inference on this machine, its weights are in an order "
          "that no file holds: save the module that it was made from, and optimize it where it is "
          "loaded");
    }
  }
}

using Sink = std::function<size_t(const void*, size_t)>;

void archive(
    const Module& module, const torch::jit::ExtraFilesMap& files, bool mobile, const Sink& sink) {
  checkReach(module._ivalue());
  checkPortable(module);
  torch::jit::ExportModule(module, sink, files, /*bytecode_format=*/mobile);
}

std::string archiveText(const Module& module, Reader& in, bool mobile) {
  const auto files = readExtraFiles(in);
  std::string text;
  archive(module, files, mobile, [&](const void* data, size_t size) {
    text.append(static_cast<const char*>(data), size);
    return size;
  });
  return text;
}

void archiveFile(
    const Module& module,
    const torch::jit::ExtraFilesMap& files,
    bool mobile,
    const std::string& path) {
  const File file(path, O_WRONLY | O_TRUNC);
  int failure = 0;
  archive(module, files, mobile, [&](const void* data, size_t size) {
    size_t done = 0;
    // LibTorch goes on after a failure, and destroys its writer by writing more.
    while (failure == 0 && done < size) {
      const ssize_t put = ::write(file.get(), static_cast<const char*>(data) + done, size - done);
      if (put < 0 && errno == EINTR) continue;
      if (put < 0) failure = errno;
      if (put > 0) done += static_cast<size_t>(put);
    }
    return size;
  });
  errno = failure;
  if (failure != 0 || ::fsync(file.get()) != 0) failed("written");
}

// A file holds modules only, so a function is saved as the forward of one, as PyTorch does.
Module moduleAround(const Callable& callable) {
  TORCH_CHECK_VALUE(
      !callable.self,
      "A method is saved with its module: save that, '",
      callable.function->name(),
      "' is in it");
  Module module(c10::QualifiedName("__torch__.PlaceholderModule"));
  module.register_attribute("training", c10::BoolType::get(), true);
  auto graph = torch::jit::toGraphFunction(*callable.function).graph()->copy();
  graph->insertInput(0, "self")->setType(module.type());
  const auto unit = module._ivalue()->compilation_unit();
  auto* method =
      unit->create_function(c10::QualifiedName(*module.type()->name(), "forward"), graph);
  // The graph knows no defaults; the schema does.
  const auto& schema = callable.function->getSchema();
  std::vector<c10::Argument> arguments{c10::Argument("self", module.type())};
  arguments.insert(arguments.end(), schema.arguments().begin(), schema.arguments().end());
  method->setSchema(c10::FunctionSchema("forward", "", std::move(arguments), schema.returns()));
  module.type()->addMethod(method);
  return module;
}

}  // namespace
}  // namespace flambeau

using namespace flambeau;

double fb_module_save(double module, double ctx, bool mobile) {
  return guard(-1.0, [&] {
    Reader in(ctx);
    return setText(ctx, archiveText(borrowModule(module), in, mobile));
  });
}

double fb_callable_save(double callable, double ctx, bool mobile) {
  return guard(-1.0, [&] {
    Reader in(ctx);
    return setText(
        ctx, archiveText(moduleAround(flambeau::target<Callable>(callable)), in, mobile));
  });
}

double fb_job_save(
    double script, double ctx, bool callable, bool mobile, const char* path, uint32_t bytes) {
  return guard(0.0, [&] {
    Reader in(ctx);
    const auto work =
        [module = callable ? moduleAround(target<Callable>(script)) : borrowModule(script),
         running = callable ? nullptr : std::make_shared<InFlight>(borrowObject(script)),
         files = readExtraFiles(in),
         mobile,
         name = std::string(path, bytes)] {
          archiveFile(module, files, mobile, name);
          return JobResult{};
        };
    return submitJob(
        ctx,
        work,
        0,
        turnFor(callable ? lineFor(target<Callable>(script)) : lineFor(borrowObject(script))));
  });
}

int32_t fb_module_save_file(
    double module, double ctx, const char* path, uint32_t bytes, bool mobile) {
  return guard(-1, [&] {
    Reader in(ctx);
    archiveFile(borrowModule(module), readExtraFiles(in), mobile, std::string(path, bytes));
    return 0;
  });
}

int32_t fb_callable_save_file(
    double callable, double ctx, const char* path, uint32_t bytes, bool mobile) {
  return guard(-1, [&] {
    Reader in(ctx);
    const Module module = moduleAround(flambeau::target<Callable>(callable));
    archiveFile(module, readExtraFiles(in), mobile, std::string(path, bytes));
    return 0;
  });
}
