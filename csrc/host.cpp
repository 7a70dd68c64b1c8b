// Calls back into JavaScript. See host.h.
#include "host.h"

namespace flambeau {

namespace {

thread_local std::shared_ptr<Host> threadHost;

}  // namespace

HostError::HostError()
    : std::runtime_error("A JavaScript function that was called from native code threw") {}

HostFunction::HostFunction(double id) : host_(threadHost), id_(static_cast<int64_t>(id)) {
  TORCH_CHECK(host_, "No callback was registered on this thread");
  const std::lock_guard<std::mutex> lock(host_->mutex);
  host_->functions.emplace(id_, this);
  liveNodes.fetch_add(1, std::memory_order_relaxed);
}

HostFunction::~HostFunction() {
  const std::lock_guard<std::mutex> lock(host_->mutex);
  if (removed_) return;
  liveNodes.fetch_sub(1, std::memory_order_relaxed);
  host_->functions.erase(id_);
  host_->released.push_back(id());
}

// Under the host's lock.
void HostFunction::remove() {
  removed_ = true;
  liveNodes.fetch_sub(1, std::memory_order_relaxed);
  host_->functions.erase(id_);
}

void HostFunction::checkThread() const {
  TORCH_CHECK(
      threadHost == host_,
      "A function or hook written in JavaScript was reached on another thread than the one that "
      "made it: run the backward pass there, not in runAsync or a Worker, and at most 60 passes "
      "deep inside of one another");
}

void HostFunction::invoke(int32_t what, int32_t words) const {
  if (host_->callback(what, id(), words) < 0) throw HostError();
}

std::vector<at::Tensor> readTensorList(Reader& in) {
  std::vector<at::Tensor> tensors(in.nextCount());
  for (auto& tensor : tensors) tensor = borrowTensor(in.next());
  return tensors;
}

void writeTensorList(Writer& out, const std::vector<at::Tensor>& tensors) {
  out.put(static_cast<double>(tensors.size()));
  for (const auto& tensor : tensors) out.putTensor(tensor);
}

}  // namespace flambeau

using namespace flambeau;

int32_t fb_host_set(fb_callback callback, double ctx) {
  return guard(-1, [&] {
    threadHost = std::make_shared<Host>();
    threadHost->callback = callback;
    threadHost->ctx = ctx;
    return 0;
  });
}

int32_t fb_host_remove(double id) {
  return guard(-1, [&] {
    if (!threadHost) return 0;
    const std::lock_guard<std::mutex> lock(threadHost->mutex);
    const auto found = threadHost->functions.find(static_cast<int64_t>(id));
    if (found == threadHost->functions.end()) return 0;
    found->second->remove();
    return 1;
  });
}

int32_t fb_host_released(double ctx) {
  return guard(-1, [&] {
    if (!threadHost) return 0;
    std::vector<double> ids;
    {
      const std::lock_guard<std::mutex> lock(threadHost->mutex);
      auto& all = threadHost->released;
      if (all.empty()) return 0;
      // At most what fits: the rest is told at the next call.
      const size_t count = std::min(all.size(), context(ctx).capacity);
      ids.assign(all.end() - static_cast<ptrdiff_t>(count), all.end());
      all.resize(all.size() - count);
    }
    Writer out(ctx);
    for (const double id : ids) out.put(id);
    return out.done();
  });
}
