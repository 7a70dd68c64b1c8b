#include "pages.h"

#include <sys/mman.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <utility>
#include <vector>

#include "internal.h"
#include "process_end.h"

namespace flambeau {
namespace {

constexpr uint32_t kSlabWords = 1 << 16;

struct Owner;

// It lies in the slab, before its handles.
struct Page {
  Owner* owner;
  Page* next;
  double bytes;
  double code;
  size_t slots;

  double* handles() { return reinterpret_cast<double*>(this + 1); }
  const double* handles() const { return reinterpret_cast<const double*>(this + 1); }
};

Page* pageOf(void* handles) {
  return static_cast<Page*>(handles) - 1;
}

constexpr uint32_t kPageWords = sizeof(Page) / sizeof(double);

// A thread that runs JavaScript. Its collector may find a tensor unreachable while the handle is
// already read and the call not yet made, so a page that was collected waits until its own thread
// comes by, which is never between the two.
struct Owner {
  std::mutex mutex;
  Page* collected = nullptr;
  std::atomic<double> collectedBytes{0};
  // Those that are freed one by one, as new ones are made. The thread's own.
  Page* pending = nullptr;
  // Of its pages that were not collected yet: the bytes of those with several slots, the least that
  // they were since that was asked, and the number of those that hold one tensor that is not large.
  std::atomic<int64_t> sharedBytes{0};
  std::atomic<int64_t> leastShared{0};
  std::atomic<int64_t> singles{0};
  bool ended = false;
};

void countShared(Owner& owner, int64_t bytes) {
  const int64_t held = owner.sharedBytes.fetch_add(bytes, std::memory_order_relaxed) + bytes;
  int64_t least = owner.leastShared.load(std::memory_order_relaxed);
  while (held < least && !owner.leastShared.compare_exchange_weak(least, held)) {
  }
}

void countPage(const Page& page, int64_t change) {
  if (page.slots > 1) {
    countShared(*page.owner, change * static_cast<int64_t>(page.bytes));
  } else if (page.bytes < kLarge) {
    page.owner->singles.fetch_add(change, std::memory_order_relaxed);
  }
}

// Less than this waits for the event loop to come round: a count of live tensors then does not
// change in the midst of a function because of what another left behind.
constexpr double kFreedAtOnce = 1 << 22;

struct Pages {
  std::mutex mutex;
  std::vector<double*> slabs;
  uint32_t slabUsed = kSlabWords;
  std::map<size_t, std::vector<Page*>> unused;
};

// Never destroyed: another thread may end, and free its pages, while the process exits.
Pages& allPages() {
  static auto* pages = new Pages();
  return *pages;
}

Page* newPage(uint32_t slots) {
  auto& [mutex, slabs, slabUsed, freePages] = allPages();
  const std::lock_guard<std::mutex> lock(mutex);
  auto& unused = freePages[slots];
  if (!unused.empty()) {
    Page* page = unused.back();
    unused.pop_back();
    return page;
  }
  const uint32_t words = kPageWords + slots;
  if (slabUsed + words > kSlabWords) {
    slabs.push_back(new double[kSlabWords]());
    slabUsed = 0;
  }
  const auto first = static_cast<double>((slabs.size() - 1) * kSlabWords + slabUsed + kPageWords);
  auto* page = new (slabs.back() + slabUsed) Page{nullptr, nullptr, 0, first, slots};
  slabUsed += words;
  return page;
}

std::atomic<int64_t> collectedTensors{0};

void freePage(Page* page) {
  double* handles = page->handles();
  const auto count = static_cast<int32_t>(page->slots);
  collectedTensors.fetch_add(
      count - std::count(handles, handles + count, 0.0), std::memory_order_relaxed);
  fb_tensor_release_many(handles, count);
  std::fill_n(handles, count, 0.0);
  const std::lock_guard<std::mutex> lock(allPages().mutex);
  allPages().unused[page->slots].push_back(page);
}

// What is freed next lies idle since it was made, and is in no cache.
void prefetchObjects(const Page* page) {
  if (page == nullptr) return;
  const double* handles = page->handles();
  for (size_t i = 0; i < page->slots; i++) {
    if (handles[i] == 0) continue;
    const auto* impl = fromHandle<const char>(handles[i]);
    for (size_t line = 0; line < sizeof(at::TensorImpl); line += 64)
      __builtin_prefetch(impl + line, 1);
  }
}

// Those have come by now; what they point to has not.
void prefetchParts(const Page* page) {
  const double* handles = page->handles();
  for (size_t i = 0; i < page->slots; i++) {
    if (handles[i] == 0) continue;
    auto* impl = fromHandle<at::TensorImpl>(handles[i]);
    if (impl->has_storage()) {
      const auto* storage =
          reinterpret_cast<const char*>(impl->unsafe_storage().unsafeGetStorageImpl());
      __builtin_prefetch(storage, 1);
      __builtin_prefetch(storage + 64, 1);
    }
    const auto* meta = reinterpret_cast<const char*>(impl->autograd_meta());
    if (meta != nullptr) {
      __builtin_prefetch(meta, 1);
      __builtin_prefetch(meta + 64, 1);
    }
  }
}

void freeAll(Page* page) {
  while (page != nullptr) {
    Page* next = page->next;
    freePage(page);
    page = next;
  }
}

// Of a thread that has made pages.
thread_local Owner* owning = nullptr;

struct OwnerOfThread {
  // Kept for good: pages may be collected after the thread has ended.
  Owner* owner = new Owner();

  OwnerOfThread() { owning = owner; }
  ~OwnerOfThread() {
    owning = nullptr;
    if (processEnds()) return;
    Page* rest = nullptr;
    {
      const std::lock_guard<std::mutex> lock(owner->mutex);
      owner->ended = true;
      std::swap(rest, owner->collected);
      owner->collectedBytes = 0;
    }
    freeAll(std::exchange(owner->pending, nullptr));
    freeAll(rest);
  }
};

Owner* thisOwner() {
  thread_local OwnerOfThread mine;
  return mine.owner;
}

Page* takeCollected(Owner* owner) {
  Page* pages = nullptr;
  const std::lock_guard<std::mutex> lock(owner->mutex);
  std::swap(pages, owner->collected);
  owner->collectedBytes = 0;
  return pages;
}

void freePending(Owner* owner) {
  freeAll(std::exchange(owner->pending, nullptr));
}

void freeCollected(Owner* owner) {
  freePending(owner);
  freeAll(takeCollected(owner));
}

// Large tensors are freed at once; pages of small ones as new ones are made, so that what freeing
// brings into the cache serves again while it is there.
void beginFreeing(Owner* owner) {
  freePending(owner);
  Page* page = takeCollected(owner);
  while (page != nullptr) {
    Page* next = page->next;
    if (page->slots == 1) {
      freePage(page);
    } else {
      page->next = owner->pending;
      owner->pending = page;
    }
    page = next;
  }
  prefetchObjects(owner->pending);
}

void freeNext(Owner* owner) {
  Page* page = owner->pending;
  if (page == nullptr) return;
  owner->pending = page->next;
  prefetchParts(page);
  prefetchObjects(owner->pending);
  freePage(page);
}

}  // namespace

void pageCollected(void* handles) noexcept {
  if (processEnded()) return;
  Page* collected = pageOf(handles);
  Owner* owner = collected->owner;
  countPage(*collected, -1);
  {
    const std::lock_guard<std::mutex> lock(owner->mutex);
    if (!owner->ended) {
      collected->next = owner->collected;
      owner->collected = collected;
      // Shared pages hold small tensors: a few are little.
      const double weight = collected->slots == 1 ? collected->bytes : kFreedAtOnce / 16;
      owner->collectedBytes = owner->collectedBytes + weight;
      return;
    }
  }
  freePage(collected);
}

void freeDuePages() {
  if (owning == nullptr) return;
  if (owning->collectedBytes >= kFreedAtOnce) {
    freeCollected(owning);
  } else {
    freePending(owning);
  }
}

int64_t tensorsCollected() {
  return collectedTensors.load(std::memory_order_relaxed);
}

int64_t sharedPageBytes() {
  return thisOwner()->sharedBytes.load(std::memory_order_relaxed);
}

int64_t leastSharedPageBytes() {
  Owner& owner = *thisOwner();
  return owner.leastShared.exchange(owner.sharedBytes.load(std::memory_order_relaxed));
}

int64_t singlePages() {
  return thisOwner()->singles.load(std::memory_order_relaxed);
}

// Addresses that can be read but hold nothing: where ballast points, which no one looks at.
void* emptyMemory() {
  static void* const region =
      mmap(nullptr, kEmptyBytes, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  return region;
}

}  // namespace flambeau

using namespace flambeau;

double fb_page_new(uint32_t slots, double bytes) {
  return guard(-1.0, [&] {
    Owner* owner = thisOwner();
    if (owner->collectedBytes >= kFreedAtOnce) beginFreeing(owner);
    if (slots > 1) freeNext(owner);
    Page* page = newPage(slots);
    page->owner = owner;
    page->next = nullptr;
    page->bytes = bytes;
    countPage(*page, 1);
    return page->code;
  });
}

void fb_pages_free(void) {
  guard(0, [&] {
    freeCollected(thisOwner());
    return 0;
  });
}

double fb_slab(uint32_t index) {
  return guard(0.0, [&] {
    const std::lock_guard<std::mutex> lock(allPages().mutex);
    const auto& slabs = allPages().slabs;
    return index < slabs.size() ? toHandle(slabs[index]) : 0.0;
  });
}
