#include "harness.h"

#include <atomic>

namespace {

std::atomic<int> failures{0};

double liveHandles() {
  return fb_live(0) + fb_live(1) + fb_live(2) + fb_live(3);
}

}  // namespace

void expect(bool holds, const char* what, const char* file, int line) {
  if (holds) return;
  failures++;
  std::printf("  %s:%d: %s does not hold\n", file, line, what);
}

int runTests(std::initializer_list<Test> tests) {
  int passed = 0;
  int failed = 0;
  for (const auto& [name, run] : tests) {
    failures = 0;
    const double live = liveHandles();
    run();
    EXPECT(liveHandles() == live);
    std::printf("%s %s\n", failures == 0 ? "ok    " : "FAILED", name);
    (failures == 0 ? passed : failed)++;
  }
  std::printf("%d passed, %d failed\n", passed, failed);
  std::fflush(stdout);
  return failed == 0 ? 0 : 1;
}
