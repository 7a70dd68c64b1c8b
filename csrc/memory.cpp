// Memory: LibTorch's CPU allocator, and the pages through which forgotten tensors come back.
#include <c10/core/Allocator.h>
#include <c10/core/CPUAllocator.h>
#include <malloc.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <mutex>

#include "fences.h"
#include "arena.h"
#include "handles.h"
#include "large_blocks.h"
#include "machine.h"
#include "memory.h"
#include "small_blocks.h"

namespace flambeau {

namespace {

#if defined(__SANITIZE_ADDRESS__)
// It watches freed blocks, which it could not if they served again.
constexpr bool kKeepsSmall = false;
#else
constexpr bool kKeepsSmall = true;
#endif

constexpr size_t kAlignment = 64;
// Smaller ones are kept by small_blocks.cpp.
constexpr size_t kCachedFrom = size_t{1} << 20;
// An allocation of this size, or growth by it, is worth the look at what the machine has left.
constexpr size_t kCheckedFrom = size_t{256} << 20;
constexpr auto kKept = std::chrono::seconds(3);

constexpr std::string_view kBudgetName = "FLAMBEAU_BUDGET";
const c10::DebugInfoKind kBudget(&kBudgetName);

// Of a thread that runs a job. One that does what a job forked has it as debug info only.
thread_local Budget* threadBudget = nullptr;
// Those that live: mostly there is none to look for.
std::atomic<int64_t> budgets{0};

Budget* budgetHere() {
  if (threadBudget != nullptr) return threadBudget;
  if (budgets.load(std::memory_order_relaxed) == 0) return nullptr;
  return static_cast<Budget*>(c10::ThreadLocalDebugInfo::get(kBudget));
}

std::atomic<int64_t> liveBytes{0};
std::atomic<int64_t> peakBytes{0};
// Of buffers that the caller asked for.
std::atomic<int64_t> bufferBytes{0};
std::atomic<int64_t> checkedAt{0};

size_t sizeOfBlock(void* block) {
  const size_t large = largeBlockBytes(block);
  return large > 0 ? large : blockBytes(block);
}

// One that is kept nowhere.
void freeBlock(void* block) {
  if (!freeLargeBlock(block)) std::free(block);
}

// glibc gives a large block back to the kernel at once, and the next one is faulted in page by
// page: a training step of 4 MB tensors spent half its time so. Freed blocks are kept here for a
// while instead.
class BlockCache {
 public:
  void* take(size_t bytes) {
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto found = blocks_.lower_bound(bytes);
    // A block that is much too large would be wasted.
    if (found == blocks_.end() || found->first > bytes + bytes / 4) return nullptr;
    void* block = found->second.first;
    held_ -= static_cast<int64_t>(found->first);
    blocks_.erase(found);
    return block;
  }

  void give(void* block, size_t size) {
    const auto now = std::chrono::steady_clock::now();
    std::vector<void*> dropped;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      // Before others of its size: the block that came last is the one to serve next, as it may
      // still be in the processor's cache.
      blocks_.emplace_hint(blocks_.lower_bound(size), size, std::make_pair(block, now));
      held_ += static_cast<int64_t>(size);
      if (held_ > limit() || now - swept_ > kKept) dropOld(now, dropped);
    }
    for (void* one : dropped) freeBlock(one);
  }

  void clear() {
    std::multimap<size_t, Entry> blocks;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      blocks.swap(blocks_);
      held_ = 0;
    }
    for (const auto& [size, entry] : blocks) freeBlock(entry.first);
  }

  int64_t held() const { return held_.load(std::memory_order_relaxed); }

 private:
  using Entry = std::pair<void*, std::chrono::steady_clock::time_point>;

  static int64_t limit() {
    static const int64_t share = totalMemory() / 8;
    return share;
  }

  // What no one asked for in a while; all that is too much otherwise, the largest first.
  void dropOld(std::chrono::steady_clock::time_point now, std::vector<void*>& dropped) {
    for (auto at = blocks_.begin(); at != blocks_.end();) {
      if (now - at->second.second > kKept) {
        at = drop(at, dropped);
      } else {
        ++at;
      }
    }
    while (held_ > limit() && !blocks_.empty()) drop(std::prev(blocks_.end()), dropped);
    swept_ = now;
  }

  std::multimap<size_t, Entry>::iterator drop(
      std::multimap<size_t, Entry>::iterator at, std::vector<void*>& dropped) {
    held_ -= static_cast<int64_t>(at->first);
    dropped.push_back(at->second.first);
    return blocks_.erase(at);
  }

  std::mutex mutex_;
  std::multimap<size_t, Entry> blocks_;
  std::atomic<int64_t> held_{0};
  std::chrono::steady_clock::time_point swept_{};
};

// Never destroyed: tensors of static storage are freed after this would be.
BlockCache& blockCache() {
  static auto* cache = new BlockCache();
  return *cache;
}

[[noreturn]] void outOfMemory(size_t bytes, int64_t available) {
  TORCH_CHECK_WITH(
      OutOfMemoryError,
      false,
      "can't allocate memory: ",
      bytes,
      " bytes were asked for, and ",
      available,
      " are available; tensors hold ",
      liveBytes.load());
}

// The kernel lends more than it has, and ends the process when it is used: better refused before.
void checkAvailable(size_t bytes) {
  const int64_t live = liveBytes.load(std::memory_order_relaxed);
  const auto asked = static_cast<int64_t>(std::min<size_t>(bytes, size_t{1} << 62));
  if (asked < static_cast<int64_t>(kCheckedFrom) &&
      live - checkedAt.load() < static_cast<int64_t>(kCheckedFrom)) {
    return;
  }
  checkedAt = live;
  if (asked <= availableMemory()) return;
  blockCache().clear();
  const int64_t available = availableMemory();
  if (asked > available) outOfMemory(bytes, available);
}

void spend(size_t bytes) {
  Budget* budget = budgetHere();
  if (budget == nullptr) return;
  TORCH_CHECK(
      !budget->closed.load(std::memory_order_relaxed), "the Worker that made this call has ended");
  const auto asked = static_cast<int64_t>(std::min<size_t>(bytes, size_t{1} << 61));
  const int64_t held = budget->used.fetch_add(asked, std::memory_order_relaxed);
  if (held + asked <= budget->limit) return;
  budget->used.fetch_sub(asked, std::memory_order_relaxed);
  TORCH_CHECK_WITH(
      OutOfMemoryError,
      false,
      "can't allocate memory: the call may hold ",
      budget->limit,
      " bytes at once, holds ",
      held,
      ", and asked for ",
      bytes,
      " more");
}

// What was asked for, of blocks that were made while the profiler watched.
struct Watched {
  std::mutex mutex;
  std::map<void*, int64_t> sizes;
  std::atomic<bool> any{false};
};

Watched& watched() {
  static auto* blocks = new Watched();
  return *blocks;
}

void tellProfiler(void* block, int64_t change) {
  const int64_t live = liveBytes.load(std::memory_order_relaxed);
  c10::reportMemoryUsageToProfiler(
      block,
      change,
      static_cast<size_t>(live),
      static_cast<size_t>(live + blockCache().held()),
      c10::Device(c10::DeviceType::CPU));
}

void tellOfMade(void* block, size_t bytes) {
  if (!c10::memoryProfilingEnabled()) return;
  {
    const std::lock_guard<std::mutex> lock(watched().mutex);
    watched().sizes[block] = static_cast<int64_t>(bytes);
    watched().any = true;
  }
  tellProfiler(block, static_cast<int64_t>(bytes));
}

void tellOfFreed(void* block) {
  if (!watched().any.load(std::memory_order_relaxed)) return;
  int64_t bytes = 0;
  {
    const std::lock_guard<std::mutex> lock(watched().mutex);
    const auto found = watched().sizes.find(block);
    if (found == watched().sizes.end()) return;
    bytes = found->second;
    watched().sizes.erase(found);
    watched().any = !watched().sizes.empty();
  }
  if (c10::memoryProfilingEnabled()) tellProfiler(block, -bytes);
}

// Large pages suit what is walked through again and again. What is written once and read once, as a
// buffer of the caller's is, does better with small ones, which the system has at hand: a large one
// may be memory that a virtual machine has to ask its host for.
enum class LiesOn { LargePages, SmallPages };

void* newBlockOrNull(size_t bytes, LiesOn lies) {
  const bool large = lies == LiesOn::LargePages && bytes >= kLargeFrom;
  void* block = large ? newLargeBlock(bytes) : nullptr;
  if (block != nullptr) return block;
  return posix_memalign(&block, kAlignment, bytes) == 0 ? block : nullptr;
}

void* newBlock(size_t bytes, LiesOn lies) {
  void* block = newBlockOrNull(bytes, lies);
  if (block != nullptr) return block;
  fb_memory_trim();
  block = newBlockOrNull(bytes, lies);
  if (block == nullptr) outOfMemory(bytes, availableMemory());
  return block;
}

void* keptBlock(size_t bytes) {
  const bool cached = keepsFreed.load(std::memory_order_relaxed);
  if (bytes <= kSmallUpTo) return smallBlock(bytes, cached && kKeepsSmall);
  return cached && bytes >= kCachedFrom ? blockCache().take(bytes) : nullptr;
}

void* takeBlock(size_t bytes) {
  spend(bytes);
  checkAvailable(bytes);
  void* block = keptBlock(bytes);
  if (block == nullptr) block = newBlock(bytes, LiesOn::LargePages);
  const auto size = static_cast<int64_t>(sizeOfBlock(block));
  // What giveBlock gives back.
  if (Budget* budget = budgetHere()) budget->used += size - static_cast<int64_t>(bytes);
  const int64_t live = liveBytes.fetch_add(size, std::memory_order_relaxed) + size;
  int64_t peak = peakBytes.load(std::memory_order_relaxed);
  while (live > peak && !peakBytes.compare_exchange_weak(peak, live)) {
  }
  tellOfMade(block, bytes);
  return block;
}

void giveBlock(void* block) {
  if (block == nullptr) return;
  const size_t size = sizeOfBlock(block);
  liveBytes.fetch_sub(static_cast<int64_t>(size), std::memory_order_relaxed);
  tellOfFreed(block);
  if (Budget* budget = budgetHere()) budget->used -= static_cast<int64_t>(size);
  const bool cached = keepsFreed.load(std::memory_order_relaxed);
  if (size < kCachedFrom) {
    giveSmallBlock(block, size, cached && kKeepsSmall);
  } else if (cached) {
    blockCache().give(block, size);
  } else {
    freeBlock(block);
  }
}

class CountingAllocator final : public c10::Allocator {
 public:
  c10::DataPtr allocate(size_t bytes) override {
    if (fenced && bytes > 0) {
      checkAvailable(bytes);
      return fencedMemory(bytes);
    }
    void* block = bytes == 0 ? nullptr : takeBlock(bytes);
    return {block, block, &giveBlock, c10::Device(c10::DeviceType::CPU)};
  }
  c10::DeleterFnPtr raw_deleter() const override { return fenced ? &freeFenced : &giveBlock; }
  void copy_data(void* target, const void* source, size_t count) const override {
    default_copy_data(target, source, count);
  }
};

const bool installed = [] {
  static auto* allocator = new CountingAllocator();
  c10::SetCPUAllocator(allocator, 1);
  return true;
}();

// ---- Pages ----

// Slots for the handles of tensors that are forgotten together. JavaScript writes handles to a page
// through a view of its slab, and holds a buffer (the "ballast") whose collection is the sign that
// no tensor of the page can be reached any more.
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

int64_t leastShared(Owner& owner) {
  return owner.leastShared.exchange(owner.sharedBytes.load(std::memory_order_relaxed));
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

std::atomic<bool> exiting{false};

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

Budget::Budget(int64_t most) : limit(most) {
  budgets.fetch_add(1, std::memory_order_relaxed);
}

Budget::~Budget() {
  budgets.fetch_sub(1, std::memory_order_relaxed);
}

BudgetScope::BudgetScope(std::shared_ptr<Budget> budget) : filed_(kBudget, budget) {
  threadBudget = budget.get();
}

BudgetScope::~BudgetScope() {
  threadBudget = nullptr;
}

bool processEnds() {
  if (getpid() == static_cast<pid_t>(syscall(SYS_gettid))) exiting = true;
  return exiting;
}

void pageCollected(void* handles) noexcept {
  if (exiting) return;
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

void* newBuffer(size_t bytes) noexcept {
  try {
    checkAvailable(bytes);
    void* block = keptBlock(bytes);
    if (block == nullptr) block = newBlock(bytes, LiesOn::SmallPages);
    bufferBytes.fetch_add(static_cast<int64_t>(sizeOfBlock(block)), std::memory_order_relaxed);
    return block;
  } catch (...) {
    return nullptr;
  }
}

void freeBuffer(void* block) noexcept {
  const size_t size = sizeOfBlock(block);
  bufferBytes.fetch_sub(static_cast<int64_t>(size), std::memory_order_relaxed);
  // A thread of the collector's has no use for it.
  if (inArena(block)) return giveSmallBlock(block, size, /*cached=*/false);
  if (size >= kCachedFrom && keepsFreed.load(std::memory_order_relaxed)) {
    try {
      blockCache().give(block, size);
      return;
    } catch (...) {
      // There is no memory to note it with.
    }
  }
  freeBlock(block);
}

// Addresses that can be read but hold nothing: where ballast points, which no one looks at.
void* emptyMemory() {
  static void* const region =
      mmap(nullptr, kEmptyBytes, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  return region;
}

}  // namespace flambeau

using namespace flambeau;

namespace {

// Called by the collector, on any thread: (bytes, the page's first word).
void ballastCollected(void* /*bytes*/, void* handles) {
  pageCollected(handles);
}

void bufferCollected(void* block, void* /*anything*/) {
  freeBuffer(block);
}

}  // namespace

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

double fb_ballast(int32_t what) {
  if (what == 0) return toHandle(emptyMemory());
  const auto deleter = what == 1   ? &ballastCollected
                       : what == 2 ? &bufferCollected
                                   : &sharedBufferCollected;
  return static_cast<double>(reinterpret_cast<uintptr_t>(deleter));
}

double fb_block_new(double bytes) {
  const bool sound = bytes >= 1 && bytes < 9e15;
  return sound ? toHandle(newBuffer(static_cast<size_t>(bytes))) : 0;
}

double fb_memory(int32_t what) {
  switch (what) {
    case 0:
      return static_cast<double>(liveBytes.load(std::memory_order_relaxed));
    case 1:
      return static_cast<double>(blockCache().held() + smallBytesKept());
    case 2:
      return static_cast<double>(peakBytes.load(std::memory_order_relaxed));
    case 4:
      return static_cast<double>(collectedTensors.load(std::memory_order_relaxed));
    case 5:
      return static_cast<double>(forgottenScripts());
    case 6:
      return static_cast<double>(forgottenNodes());
    case 7:
      return static_cast<double>(thisOwner()->sharedBytes.load(std::memory_order_relaxed));
    case 9:
      return static_cast<double>(leastShared(*thisOwner()));
    case 8:
      return static_cast<double>(thisOwner()->singles.load(std::memory_order_relaxed));
    case 10:
      return static_cast<double>(bufferBytes.load(std::memory_order_relaxed));
    default:
      return static_cast<double>(totalMemory());
  }
}

void fb_memory_trim(void) {
  guard(0, [&] {
    freeDuePages();
    blockCache().clear();
    freeSmallBlocks();
    return 0;
  });
}

int32_t fb_memory_cache(int32_t on) {
  const bool before = keepsFreed.load();
  if (on >= 0) {
    keepsFreed = on != 0;
    if (on == 0) fb_memory_trim();
  }
  return before ? 1 : 0;
}
