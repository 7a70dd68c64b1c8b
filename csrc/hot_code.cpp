// LibTorch's code that a loop runs, on large pages.
//
// A step of training runs through some ten megabytes of LibTorch's code, here and there in 330, and
// through the runtime's own between any two ops. That is on more pages of 4 kB than the processor
// keeps addresses of, and on a virtual machine to find one takes two searches. On pages of 2 MB it
// is on thirty: a step of a small model takes 5 to 10 % less. The system makes large pages of
// memory of one's own, but not (or by chance) of files', so the code is copied; and since a copy is
// memory that no other process shares, only what is run is, and only in a process that trains.
#include "hot_code.h"

#include <fcntl.h>
#include <link.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "machine.h"

namespace flambeau {
namespace {

// Of pages. A system that has pages of another size moves nothing.
constexpr size_t kSmallInLarge = kLargePage / kSmallPage;

// By then a loop has gone round often enough that it will go on.
constexpr int64_t kPasses = 500;
constexpr int kWatchMs = 250;
// Looking costs a loop some two milliseconds. What it runs changes with the model: it is looked for
// again, sooner where something was found.
constexpr auto kSoon = std::chrono::seconds(1);
constexpr auto kLate = std::chrono::seconds(4);
constexpr int64_t kPassesToAsk = 32;
// Where fewer small pages were run, a large one spares few searches. The system brings sixteen at
// once.
constexpr size_t kLeastRun = 64;
constexpr size_t kMostMoved = 64;
constexpr size_t kMostMappings = 30'000;
// A process that has not so much left keeps it for its tensors.
constexpr int64_t kLeastAvailable = int64_t{2} << 30;
// Other threads wait for memory only while one page is moved.
constexpr auto kPause = std::chrono::milliseconds(5);

struct Range {
  uintptr_t begin = 0;
  uintptr_t end = 0;
};

// Where the code of libtorch_cpu.so is.
Range libraryCode() {
  Range found;
  dl_iterate_phdr(
      [](dl_phdr_info* object, size_t, void* result) {
        if (std::string_view(object->dlpi_name).find("libtorch_cpu.so") == std::string_view::npos) {
          return 0;
        }
        for (int i = 0; i < object->dlpi_phnum; i++) {
          const auto& segment = object->dlpi_phdr[i];
          // What could be written to may differ from the file, and change while it is copied.
          if (segment.p_type != PT_LOAD || segment.p_flags != (PF_R | PF_X)) continue;
          const uintptr_t begin = object->dlpi_addr + segment.p_vaddr;
          const uintptr_t end = begin + segment.p_memsz;
          *static_cast<Range*>(result) = {
              (begin + kLargePage - 1) / kLargePage * kLargePage, end / kLargePage * kLargePage};
          return 1;
        }
        return 0;
      },
      &found);
  return found;
}

// The parts of `code` that the system has from the file. What was moved it would forget for good.
std::vector<Range> ofFile(const Range& code) {
  std::vector<Range> parts;
  FILE* maps = std::fopen("/proc/self/maps", "re");
  if (maps == nullptr) return parts;
  char line[8192];
  size_t mappings = 0;
  while (std::fgets(line, sizeof line, maps) != nullptr) {
    mappings++;
    Range part;
    char access[5] = "";
    uint64_t inode = 0;
    if (std::sscanf(line, "%lx-%lx %4s %*s %*s %lu", &part.begin, &part.end, access, &inode) != 4) {
      continue;
    }
    part = {std::max(part.begin, code.begin), std::min(part.end, code.end)};
    if (part.begin < part.end && inode != 0 && std::string_view(access) == "r-xp") {
      parts.push_back(part);
    }
  }
  std::fclose(maps);
  // Each page that is moved makes two more, of which the system allows a number.
  if (mappings > kMostMappings) parts.clear();
  return parts;
}

// Has the system forget which pages this process has of the file; it has them in its own cache
// still. Those that it has afterwards were run in the meantime.
bool forget(const std::vector<Range>& parts) {
  return std::all_of(parts.begin(), parts.end(), [](const Range& part) {
    auto* begin = reinterpret_cast<void*>(part.begin);
    return madvise(begin, part.end - part.begin, MADV_DONTNEED) == 0;
  });
}

// How many small pages of the large one at `page` this process has in its page table.
size_t countPresent(int pagemap, uintptr_t page) {
  constexpr uint64_t kPresent = uint64_t{1} << 63;
  std::array<uint64_t, kSmallInLarge> entries{};
  const auto place = static_cast<off_t>(page / kSmallPage * sizeof(uint64_t));
  const auto got = pread(pagemap, entries.data(), sizeof entries, place);
  if (got != static_cast<ssize_t>(sizeof entries)) return 0;
  return static_cast<size_t>(std::count_if(
      entries.begin(), entries.end(), [](uint64_t entry) { return (entry & kPresent) != 0; }));
}

// The large pages of `parts` that most is run of, these first.
std::vector<uintptr_t> mostRun(int pagemap, const std::vector<Range>& parts) {
  std::vector<std::pair<size_t, uintptr_t>> run;
  for (const auto& part : parts) {
    for (uintptr_t page = part.begin; page + kLargePage <= part.end; page += kLargePage) {
      const size_t count = countPresent(pagemap, page);
      // One that is there as a whole is a large page already: some systems have them of files too.
      if (count >= kLeastRun && count < kSmallInLarge) run.emplace_back(count, page);
    }
  }
  std::sort(run.rbegin(), run.rend());
  std::vector<uintptr_t> pages;
  for (const auto& [count, page] : run) pages.push_back(page);
  return pages;
}

// A large page of memory, or null where the system has none to give.
void* newLargePage() {
  void* memory =
      mmap(nullptr, 2 * kLargePage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return nullptr;
  const auto begin = reinterpret_cast<uintptr_t>(memory);
  const uintptr_t page = (begin + kLargePage - 1) / kLargePage * kLargePage;
  if (page > begin) munmap(memory, page - begin);
  if (page < begin + kLargePage) {
    munmap(reinterpret_cast<void*>(page + kLargePage), begin + kLargePage - page);
  }
  auto* bytes = reinterpret_cast<char*>(page);
  madvise(bytes, kLargePage, MADV_HUGEPAGE);
  *bytes = 0;
  // Whoever touched its first bytes has its last ones too.
  unsigned char isThere = 0;
  if (mincore(bytes + kLargePage - kSmallPage, kSmallPage, &isThere) == 0 && (isThere & 1) != 0)
    return bytes;
  munmap(bytes, kLargePage);
  return nullptr;
}

// Whether the code at `page` is on a large page now. Those that run it wait, if at all, in the
// system: it puts one page in the place of the other within one call.
bool move(uintptr_t page) {
  void* copy = newLargePage();
  if (copy == nullptr) return false;
  auto* code = reinterpret_cast<void*>(page);
  std::memcpy(copy, code, kLargePage);
  if (mprotect(copy, kLargePage, PROT_READ | PROT_EXEC) != 0 ||
      mremap(copy, kLargePage, kLargePage, MREMAP_MAYMOVE | MREMAP_FIXED, code) != code) {
    munmap(copy, kLargePage);
    return false;
  }
#ifdef PR_SET_VMA
  prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, page, kLargePage, "libtorch_cpu.so");
#endif
  return true;
}

bool isWanted() {
  const char* setting = std::getenv("FLAMBEAU_HOT_CODE");
  return setting == nullptr || std::string_view(setting) != "0";
}

std::atomic<int64_t> passes{0};
std::atomic<bool> isLooking{false};
// In the clock's own units.
std::atomic<int64_t> nextLook{0};
std::atomic<size_t> allMoved{0};
// Nothing is left to move, or the system does not allow it.
std::atomic<bool> isOver{false};

int64_t now() {
  return std::chrono::steady_clock::now().time_since_epoch().count();
}

// How many were moved.
size_t moveAll(const std::vector<uintptr_t>& pages) {
  size_t moved = 0;
  for (const uintptr_t page : pages) {
    if (allMoved.load() >= kMostMoved || !move(page)) {
      isOver = true;
      break;
    }
    allMoved++;
    moved++;
    std::this_thread::sleep_for(kPause);
  }
  return moved;
}

void look() noexcept {
  try {
    const size_t moved = moveHotCode(kWatchMs);
    const auto pause = std::chrono::steady_clock::duration(moved > 0 ? kSoon : kLate);
    nextLook = now() + pause.count();
    isLooking = isOver.load();
  } catch (...) {
    // There is no memory to look with: it stays as it is, and nobody looks again.
  }
}

void startToLook() {
  // What comes for the process is for the runtime's threads.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  try {
    std::thread(look).detach();
  } catch (const std::exception&) {
    // Without a thread the code stays where it is, and nobody looks again.
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

}  // namespace

void noteBackwardPass() {
  const int64_t count = passes.fetch_add(1, std::memory_order_relaxed) + 1;
  if (count <= kPasses || count % kPassesToAsk != 0) return;
  if (now() < nextLook.load(std::memory_order_relaxed) || isLooking.exchange(true)) return;
  if (isWanted()) startToLook();
}

size_t moveHotCode(int watchMs) {
  if (availableMemory() < kLeastAvailable) return 0;
  const auto parts = ofFile(libraryCode());
  const int pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
  const bool has = sysconf(_SC_PAGESIZE) == static_cast<int64_t>(kSmallPage) && pagemap >= 0;
  size_t moved = 0;
  if (has && !parts.empty() && forget(parts)) {
    std::this_thread::sleep_for(std::chrono::milliseconds(watchMs));
    moved = moveAll(mostRun(pagemap, parts));
  } else {
    isOver = true;
  }
  if (pagemap >= 0) close(pagemap);
  return moved;
}

}  // namespace flambeau
