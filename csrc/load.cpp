// Loading, and looking into files without running them.
#include <ATen/EmptyTensor.h>
#include <caffe2/serialize/read_adapter_interface.h>
#include <torch/csrc/jit/api/function_impl.h>
#include <torch/csrc/jit/serialization/import.h>

#include <algorithm>
#include <cstring>
#include <sstream>

#include "archive.h"
#include "deep_stack.h"
#include "guards.h"
#include "handles.h"
#include "inspect.h"
#include "jobs.h"
#include "script.h"
#include "tagged.h"

namespace flambeau {
namespace {

using c10::IValue;

// Larger records are checked while they are read for LibTorch, smaller ones before, and kept.
constexpr uint64_t kSmall = 64 << 10;

// The archive as LibTorch's reader asks for it. With an archive that was read before, it gives out
// nothing that has not been held against its checksum.
class Adapter final : public caffe2::serialize::ReadAdapterInterface {
 public:
  Adapter(Image& image, const Archive* archive) : image_(image), archive_(archive) {
    if (archive == nullptr) return;
    checked_.resize(archive->records().size());
    for (size_t i = 0; i < checked_.size(); i++) {
      const auto& record = archive->records()[i];
      if (!record.deflated && record.stored > kSmall) continue;
      archive->read(record, /*check=*/true);
      checked_[i] = true;
    }
    archive->checkFingerprint();
  }

  size_t size() const override { return image_.size(); }

  // An exception would leave through the C code that asks: what is wrong is kept, and thrown by
  // `rethrow`.
  size_t read(uint64_t position, void* out, size_t wanted, const char*) const override {
    if (position >= image_.size() || failure_) return 0;
    const size_t count = std::min<uint64_t>(wanted, image_.size() - position);
    try {
      give(position, out, count);
      return count;
    } catch (...) {
      failure_ = std::current_exception();
      return 0;
    }
  }

  void rethrow() const {
    if (failure_) std::rethrow_exception(failure_);
  }

  // What LibTorch did not ask for.
  void checkRest() const {
    for (size_t i = 0; i < checked_.size(); i++) {
      if (!checked_[i]) archive_->verify(archive_->records()[i]);
    }
  }

 private:
  void give(uint64_t position, void* out, size_t count) const {
    if (archive_ == nullptr) return image_.copy(position, out, count);
    const auto& records = archive_->records();
    for (size_t i = 0; i < records.size(); i++) {
      const auto& record = records[i];
      if (checked_[i] || position + count <= record.offset ||
          position >= record.offset + record.stored)
        continue;
      if (position == record.offset && count == record.stored) {
        archive_->copyChecked(record, out);
        checked_[i] = true;
        return;
      }
      archive_->read(record, /*check=*/true);
      checked_[i] = true;
    }
    std::memcpy(out, image_.need(position, count), count);
  }

  Image& image_;
  const Archive* archive_;
  mutable std::vector<bool> checked_;
  mutable std::exception_ptr failure_;
};

struct Opened {
  template <class... Source>
  explicit Opened(Source&&... source) : image(std::forward<Source>(source)...) {}

  const Archive& archive() {
    if (!read) read = std::make_unique<Archive>(image);
    return *read;
  }

  Image image;
  std::unique_ptr<Archive> read;
};

// A job that looks into it holds it too: its caller may end before the job.
template <class... Source>
double giveOpened(Source&&... source) {
  std::shared_ptr<void> opened = std::make_shared<Opened>(std::forward<Source>(source)...);
  return giveHandle(FB_HANDLE_ARCHIVE, new std::shared_ptr<void>(std::move(opened)));
}

std::shared_ptr<Opened> opened(double archive) {
  return std::static_pointer_cast<Opened>(flambeau::target<std::shared_ptr<void>>(archive));
}

Module loadModule(
    Opened& opened,
    std::optional<at::Device> device,
    torch::jit::ExtraFilesMap& files,
    bool verify) {
  const auto adapter =
      std::make_shared<Adapter>(opened.image, verify ? &opened.archive() : nullptr);
  const auto load = [&] {
    try {
      return torch::jit::load(adapter, device, files);
    } catch (...) {
      adapter->rethrow();
      throw;
    }
  };
  Module module = load();
  adapter->checkRest();
  return module;
}

// ---- Descriptions ----

struct Described {
  std::string name;
  at::Tensor tensor;
  std::string type;
};

struct Contents {
  std::vector<Described> parameters, buffers, attributes;
};

void gather(
    const torch::jit::ObjectPtr& object, const std::string& prefix, Contents& found, size_t depth) {
  const auto type = object->type();
  for (size_t slot = 0; slot < type->numAttributes(); slot++) {
    const auto name = prefix + type->getAttributeName(slot);
    const IValue value = object->getSlot(slot);
    if (value.isModule()) {
      if (depth < 1000) gather(value.toObject(), name + ".", found, depth + 1);
    } else if (value.isTensor() && value.toTensor().defined()) {
      auto& list = type->is_parameter(slot) ? found.parameters : found.buffers;
      list.push_back({name, value.toTensor(), ""});
    } else {
      found.attributes.push_back({name, {}, type->getAttribute(slot)->annotation_str()});
    }
  }
}

// [name, shape, dtype, requires grad] each
void putTensors(Writer& out, const std::vector<Described>& tensors) {
  putArray(out, tensors.size());
  for (const auto& [name, tensor, type] : tensors) {
    putArray(out, 4);
    putText(out, name);
    const bool strided = tensor.layout() == at::kStrided || tensor.is_sparse();
    putArray(out, strided ? static_cast<size_t>(tensor.dim()) : 0);
    for (int64_t i = 0; strided && i < tensor.dim(); i++)
      putNumber(out, static_cast<double>(tensor.size(i)));
    putNumber(out, static_cast<double>(tensor.scalar_type()));
    out.put(FB_VALUE_BOOL);
    out.put(tensor.requires_grad() ? 1 : 0);
  }
}

void putMethods(Writer& out, const c10::ClassType& type) {
  putArray(out, type.methods().size());
  for (const auto* method : type.methods()) {
    std::ostringstream schema;
    schema << method->getSchema();
    putArray(out, 2);
    putText(out, method->name());
    putText(out, schema.str());
  }
}

// [name, bytes in the file, bytes, deflated] each
void putRecords(Writer& out, const Archive& archive) {
  putArray(out, archive.records().size());
  for (const auto& record : archive.records()) {
    putArray(out, 4);
    putText(out, std::string(archive.nameOf(record)));
    putNumber(out, static_cast<double>(record.stored));
    putNumber(out, static_cast<double>(record.size));
    out.put(FB_VALUE_BOOL);
    out.put(record.deflated ? 1 : 0);
  }
}

// [version, bytes, class, methods, parameters, buffers, attributes, ops, records, setstate]
void describe(Writer& out, const Archive& archive, const Inspection& inspection) {
  const auto root = inspection.root.toObject();
  Contents contents;
  gather(root, "", contents, 0);
  putArray(out, 9);
  putNumber(out, static_cast<double>(inspection.version));
  putNumber(out, static_cast<double>(archive.image().size()));
  putText(out, nameOfType(root->type()));
  putMethods(out, *root->type());
  putTensors(out, contents.parameters);
  putTensors(out, contents.buffers);
  putArray(out, contents.attributes.size());
  for (const auto& [name, tensor, type] : contents.attributes) {
    putArray(out, 2);
    putText(out, name);
    putText(out, type);
  }
  putTexts(out, reachableOps(inspection));
  putRecords(out, archive);
}

}  // namespace
}  // namespace flambeau

using namespace flambeau;

double fb_archive_open(const void* data, double bytes) {
  return guard(0.0, [&] {
    guardOperators();
    return giveOpened(static_cast<const char*>(data), static_cast<uint64_t>(bytes));
  });
}

double fb_archive_open_copy(const void* data, double bytes) {
  return guard(0.0, [&] {
    guardOperators();
    const auto* begin = static_cast<const char*>(data);
    return giveOpened(std::vector<char>(begin, begin + static_cast<size_t>(bytes)));
  });
}

double fb_archive_open_file(const char* path, uint32_t bytes) {
  return guard(0.0, [&] {
    guardOperators();
    return giveOpened(std::string(path, bytes));
  });
}

void fb_archive_close(double archive) {
  if (archive == 0) return;
  guard(0, [&] {
    takeHandle(FB_HANDLE_ARCHIVE, archive);
    return 0;
  });
}

int32_t fb_archive_ops(double archive, double ctx, bool verify) {
  return guard(-1, [&] {
    const auto file = opened(archive);
    std::set<std::string> ops;
    onDeepStack([&] { ops = reachableOps(inspectArchive(file->archive(), verify)); });
    Writer out(ctx);
    putTexts(out, ops);
    return out.done();
  });
}

double fb_job_archive_ops(double archive, double ctx, bool verify) {
  return guard(0.0, [&] {
    const auto work = [target = opened(archive), verify] {
      std::set<std::string> ops;
      onDeepStack([&] { ops = reachableOps(inspectArchive(target->archive(), verify)); });
      c10::List<std::string> names;
      for (const auto& op : ops) names.push_back(op);
      return JobResult{{IValue(std::move(names))}};
    };
    return submitJob(ctx, work, 0);
  });
}

int32_t fb_archive_describe(double archive, double ctx, bool verify) {
  return guard(-1, [&] {
    const auto file = opened(archive);
    const auto& contents = file->archive();
    Writer out(ctx);
    onDeepStack([&] {
      if (verify) {
        for (const auto& record : contents.records()) contents.verify(record);
        contents.checkFingerprint();
      }
      describe(out, contents, inspectArchive(contents, verify));
    });
    return out.done();
  });
}

namespace {

torch::jit::ExtraFilesMap readExtraNames(double ctx) {
  Reader in(ctx);
  torch::jit::ExtraFilesMap files;
  const IValue names = readValue(in, c10::ListType::ofStrings(), "extraFiles");
  for (const auto& name : names.toListRef()) files[name.toStringRef()] = "";
  return files;
}

// An extra file may hold anything, so its bytes travel as they are.
IValue bytesOf(const std::string& content) {
  at::Tensor bytes = at::detail::empty_cpu(
      {static_cast<int64_t>(content.size())}, at::kByte, {}, {}, {}, std::nullopt);
  if (!content.empty()) std::memcpy(bytes.mutable_data_ptr(), content.data(), content.size());
  return bytes;
}

std::optional<at::Device> deviceOrNone(int32_t device) {
  if (device < 0) return std::nullopt;
  return deviceFromCode(device);
}

}  // namespace

double fb_job_load(double archive, double ctx, int32_t device, bool verify) {
  return guard(0.0, [&] {
    const auto work = [file = opened(archive),
                       target = deviceOrNone(device),
                       files = readExtraNames(ctx),
                       verify]() mutable {
      std::optional<Module> module;
      onDeepStack([&] { module = loadModule(*file, target, files, verify); });
      c10::Dict<std::string, at::Tensor> contents;
      for (const auto& [name, content] : files) contents.insert(name, bytesOf(content).toTensor());
      return JobResult{{IValue(std::move(contents)), IValue(module->_ivalue())}};
    };
    return submitJob(ctx, work, 0);
  });
}

int32_t fb_load(double archive, double ctx, int32_t device, bool verify) {
  return guard(-1, [&] {
    auto files = readExtraNames(ctx);
    const auto target = deviceOrNone(device);
    std::optional<Module> module;
    onDeepStack([&] { module = loadModule(*opened(archive), target, files, verify); });
    Writer out(ctx);
    out.put(FB_VALUE_MAP);
    out.put(static_cast<double>(files.size()));
    for (const auto& [name, content] : files) {
      writeValue(out, IValue(name));
      writeValue(out, bytesOf(content));
    }
    out.put(exportObject(module->_ivalue()));
    return out.done();
  });
}
