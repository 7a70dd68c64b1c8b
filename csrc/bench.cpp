// Loops in C++ that benchmarks hold JavaScript against, in the same process and run.
#include <ATen/ATen.h>

#include <chrono>

#include "internal.h"

using namespace flambeau;

double fb_bench(int32_t what, double tensor, int32_t iterations) {
  return guard(-1.0, [&] {
    const at::Tensor x = borrowTensor(tensor);
    const auto start = std::chrono::steady_clock::now();
    for (int32_t i = 0; i < iterations; i++) {
      switch (what) {
        case 0:
          at::add(x, x);
          break;
        case 1:
          at::matmul(x, x);
          break;
        case 2:
          at::relu(x);
          break;
        case 3:
          x.view(-1);
          break;
        case 4:
          x.item();
          break;
        default:
          TORCH_CHECK(false, "There is no benchmark of that number");
      }
    }
    const std::chrono::duration<double, std::nano> taken = std::chrono::steady_clock::now() - start;
    return taken.count() / iterations;
  });
}
