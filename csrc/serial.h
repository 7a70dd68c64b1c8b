// Work that is too small to share among threads.
#pragma once

// OpenMP's, which LibTorch brings along; absent where LibTorch was built with other threads. The
// header would need a compiler flag that links another OpenMP beside LibTorch's.
extern "C" {
int omp_get_max_threads(void) __attribute__((weak));
void omp_set_num_threads(int threads) __attribute__((weak));
}

namespace flambeau {

// While it lives, at::parallel_for on this thread uses no other. Nanoseconds, unlike
// at::set_num_threads.
class SerialScope {
 public:
  explicit SerialScope(bool on) {
    if (!on || omp_get_max_threads == nullptr || omp_set_num_threads == nullptr) return;
    before_ = omp_get_max_threads();
    if (before_ > 1) omp_set_num_threads(1);
  }
  ~SerialScope() {
    if (before_ > 1) omp_set_num_threads(before_);
  }
  SerialScope(const SerialScope&) = delete;
  SerialScope& operator=(const SerialScope&) = delete;

 private:
  int before_ = 1;
};

}  // namespace flambeau
