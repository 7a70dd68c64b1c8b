// See machine.h.
#include "machine.h"

#include <sys/sysinfo.h>

#include <algorithm>
#include <cstdio>
#include <cstring>

namespace flambeau {
namespace {

int64_t readNumber(const char* path, const char* key) {
  FILE* file = std::fopen(path, "re");
  if (file == nullptr) return -1;
  char line[256];
  int64_t found = -1;
  const size_t length = std::strlen(key);
  while (found < 0 && std::fgets(line, sizeof line, file) != nullptr) {
    if (std::strncmp(line, key, length) == 0) std::sscanf(line + length, "%ld", &found);
  }
  std::fclose(file);
  return found;
}

}  // namespace

int64_t totalMemory() {
  static const int64_t total = [] {
    struct sysinfo info{};
    int64_t bytes = sysinfo(&info) == 0
                        ? static_cast<int64_t>(info.totalram) * static_cast<int64_t>(info.mem_unit)
                        : int64_t{1} << 40;
    const int64_t group = readNumber("/sys/fs/cgroup/memory.max", "");
    return group > 0 ? std::min(bytes, group) : bytes;
  }();
  return total;
}

int64_t availableMemory() {
  int64_t available = readNumber("/proc/meminfo", "MemAvailable:") * 1024;
  if (available < 0) return int64_t{1} << 60;
  available += std::max<int64_t>(0, readNumber("/proc/meminfo", "SwapFree:")) * 1024;
  const int64_t limit = readNumber("/sys/fs/cgroup/memory.max", "");
  const int64_t used = readNumber("/sys/fs/cgroup/memory.current", "");
  const int64_t files = readNumber("/sys/fs/cgroup/memory.stat", "inactive_file ");
  if (limit > 0 && used >= 0) {
    available = std::min(available, limit - used + std::max<int64_t>(0, files));
  }
  return available;
}

}  // namespace flambeau
