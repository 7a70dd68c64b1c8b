// Archives, as bytes: the caller reads and writes the files.
#include <caffe2/serialize/read_adapter_interface.h>
#include <torch/csrc/jit/api/function_impl.h>
#include <torch/csrc/jit/serialization/import.h>

#include <cstring>
#include <sstream>

#include "script.h"

namespace flambeau {
namespace {

using c10::IValue;

// Bytes of the caller's, borrowed for the call.
class MemoryAdapter final : public caffe2::serialize::ReadAdapterInterface {
 public:
  MemoryAdapter(const char* data, size_t size) : data_(data), size_(size) {}

  size_t size() const override { return size_; }

  size_t read(uint64_t position, void* buffer, size_t count, const char* what) const override {
    if (position >= size_) return 0;
    const size_t copied = std::min(count, size_ - static_cast<size_t>(position));
    std::memcpy(buffer, data_ + position, copied);
    return copied;
  }

 private:
  const char* data_;
  size_t size_;
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

std::string archive(const Module& module, const torch::jit::ExtraFilesMap& files, bool mobile) {
  std::ostringstream out;
  if (mobile) {
    module._save_for_mobile(out, files);
  } else {
    module.save(out, files);
  }
  return std::move(out).str();
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

int32_t fb_load(double ctx, const void* data, double bytes, int32_t device) {
  return guard(-1, [&] {
    Reader in(ctx);
    torch::jit::ExtraFilesMap files;
    const IValue names = readValue(in, c10::ListType::ofStrings(), "extraFiles");
    for (const auto& name : names.toListRef()) files[name.toStringRef()] = "";
    std::optional<at::Device> target;
    if (device >= 0) target = deviceFromCode(device);
    const Module module = torch::jit::load(
        std::make_shared<MemoryAdapter>(static_cast<const char*>(data), static_cast<size_t>(bytes)),
        target,
        files);
    Writer out(ctx);
    out.put(FB_VALUE_MAP);
    out.put(static_cast<double>(files.size()));
    for (const auto& [name, content] : files) {
      writeValue(out, IValue(name));
      writeValue(out, IValue(content));
    }
    out.put(exportObject(module._ivalue()));
    return out.count();
  });
}

double fb_module_save(double module, double ctx, bool mobile) {
  return guard(-1.0, [&] {
    Reader in(ctx);
    const auto files = readExtraFiles(in);
    return setText(ctx, archive(borrowModule(module), files, mobile));
  });
}

double fb_callable_save(double callable, double ctx, bool mobile) {
  return guard(-1.0, [&] {
    Reader in(ctx);
    const auto files = readExtraFiles(in);
    return setText(ctx, archive(moduleAround(*fromHandle<Callable>(callable)), files, mobile));
  });
}
