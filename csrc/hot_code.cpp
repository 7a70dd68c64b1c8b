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

constexpr uintptr_t kLarge = uintptr_t{2} << 20;
// A system that has pages of another size than this moves nothing.
constexpr uintptr_t kSmall = 4096;
constexpr size_t kSmallInLarge = kLarge / kSmall;

// By then a loop has gone round often enough that it will go on.
constexpr int kPasses = 500;
constexpr int kWatchMs = 250;
// Where fewer small pages were run, a large one spares few searches. The system brings sixteen at
// once.
constexpr size_t kLeastRun = 64;
constexpr size_t kMostMoved = 32;
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
              (begin + kLarge - 1) / kLarge * kLarge, end / kLarge * kLarge};
          return 1;
        }
        return 0;
      },
      &found);
  return found;
}

// Whether `code` lies in one mapping of a file. Another, such as this moves code to, is lost for
// good when the system forgets its pages.
bool isOfFile(const Range& code) {
  FILE* maps = std::fopen("/proc/self/maps", "re");
  if (maps == nullptr) return false;
  char line[8192];
  bool found = false;
  while (!found && std::fgets(line, sizeof line, maps) != nullptr) {
    uintptr_t begin = 0;
    uintptr_t end = 0;
    char access[5] = "";
    uint64_t inode = 0;
    if (std::sscanf(line, "%lx-%lx %4s %*s %*s %lu", &begin, &end, access, &inode) != 4) continue;
    found =
        begin <= code.begin && code.end <= end && inode != 0 && std::string_view(access) == "r-xp";
  }
  std::fclose(maps);
  return found;
}

// Of each large page of `code`, how many small ones this process has in its page table.
std::vector<size_t> countPresent(const Range& code) {
  constexpr uint64_t kPresent = uint64_t{1} << 63;
  std::vector<size_t> counts;
  const int file = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
  if (file < 0) return counts;
  std::vector<uint64_t> entries(kSmallInLarge);
  const auto bytes = static_cast<ssize_t>(entries.size() * sizeof(uint64_t));
  for (uintptr_t page = code.begin; page < code.end; page += kLarge) {
    const auto place = static_cast<off_t>(page / kSmall * sizeof(uint64_t));
    if (pread(file, entries.data(), static_cast<size_t>(bytes), place) != bytes) break;
    counts.push_back(
        static_cast<size_t>(std::count_if(entries.begin(), entries.end(), [](uint64_t entry) {
          return (entry & kPresent) != 0;
        })));
  }
  close(file);
  return counts;
}

// The large pages of `code` that most is run of.
std::vector<uintptr_t> mostRun(const Range& code) {
  const auto counts = countPresent(code);
  std::vector<std::pair<size_t, uintptr_t>> run;
  for (size_t i = 0; i < counts.size(); i++) {
    // One that is there as a whole is a large page already: some systems have them of files too.
    if (counts[i] < kLeastRun || counts[i] == kSmallInLarge) continue;
    run.emplace_back(counts[i], code.begin + i * kLarge);
  }
  std::sort(run.rbegin(), run.rend());
  run.resize(std::min(run.size(), kMostMoved));
  std::vector<uintptr_t> pages;
  for (const auto& [count, page] : run) pages.push_back(page);
  return pages;
}

// A large page of memory, or null where the system has none to give.
void* newLargePage() {
  void* memory =
      mmap(nullptr, 2 * kLarge, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return nullptr;
  const auto begin = reinterpret_cast<uintptr_t>(memory);
  const uintptr_t page = (begin + kLarge - 1) / kLarge * kLarge;
  if (page > begin) munmap(memory, page - begin);
  if (page < begin + kLarge) {
    munmap(reinterpret_cast<void*>(page + kLarge), begin + kLarge - page);
  }
  auto* bytes = reinterpret_cast<char*>(page);
  madvise(bytes, kLarge, MADV_HUGEPAGE);
  *bytes = 0;
  // Whoever touched its first bytes has its last ones too.
  unsigned char isThere = 0;
  if (mincore(bytes + kLarge - kSmall, kSmall, &isThere) == 0 && (isThere & 1) != 0) return bytes;
  munmap(bytes, kLarge);
  return nullptr;
}

// Whether the code at `page` is on a large page now. Those that run it wait, if at all, in the
// system: it puts one page in the place of the other within one call.
bool move(uintptr_t page) {
  void* copy = newLargePage();
  if (copy == nullptr) return false;
  auto* code = reinterpret_cast<void*>(page);
  std::memcpy(copy, code, kLarge);
  if (mprotect(copy, kLarge, PROT_READ | PROT_EXEC) != 0 ||
      mremap(copy, kLarge, kLarge, MREMAP_MAYMOVE | MREMAP_FIXED, code) != code) {
    munmap(copy, kLarge);
    return false;
  }
#ifdef PR_SET_VMA
  prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, page, kLarge, "libtorch_cpu.so");
#endif
  return true;
}

bool isWanted() {
  const char* setting = std::getenv("FLAMBEAU_HOT_CODE");
  return setting == nullptr || std::string_view(setting) != "0";
}

void start() {
  // What comes for the process is for the runtime's threads.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  try {
    std::thread([] { moveHotCode(kWatchMs); }).detach();
  } catch (const std::exception&) {
    // Without a thread it stays where it is.
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

}  // namespace

void noteBackwardPass() {
  static std::atomic<int> passes{0};
  if (passes.load(std::memory_order_relaxed) > kPasses) return;
  if (passes.fetch_add(1, std::memory_order_relaxed) == kPasses && isWanted()) start();
}

size_t moveHotCode(int watchMs) {
  if (sysconf(_SC_PAGESIZE) != static_cast<int64_t>(kSmall) || availableMemory() < kLeastAvailable)
    return 0;
  const auto code = libraryCode();
  if (code.begin >= code.end || !isOfFile(code)) return 0;
  // The system forgets which pages this process had of the file, and has them in its own cache
  // still: those that it has afterwards were run in the meantime.
  if (madvise(reinterpret_cast<void*>(code.begin), code.end - code.begin, MADV_DONTNEED) != 0) {
    return 0;
  }
  std::this_thread::sleep_for(std::chrono::milliseconds(watchMs));
  size_t moved = 0;
  for (const uintptr_t page : mostRun(code)) {
    if (!move(page)) break;
    moved++;
    std::this_thread::sleep_for(kPause);
  }
  return moved;
}

}  // namespace flambeau
