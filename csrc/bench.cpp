// Loops in C++ that benchmarks hold JavaScript against, in the same process and run.
#include <ATen/ATen.h>
#include <c10/core/CPUAllocator.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <vector>

#include "script.h"

namespace {

// While it lasts, LibTorch has its own allocator, as in a C++ program of which Flambeau is no part.
class AsItComes {
 public:
  explicit AsItComes(bool on) : ours_(on ? c10::GetCPUAllocator() : nullptr) {
    if (on) c10::SetCPUAllocator(c10::GetDefaultCPUAllocator(), 1);
  }
  ~AsItComes() {
    if (ours_ != nullptr) c10::SetCPUAllocator(ours_, 1);
  }
  AsItComes(const AsItComes&) = delete;
  AsItComes& operator=(const AsItComes&) = delete;

 private:
  c10::Allocator* ours_;
};

constexpr int32_t kAsItComes = 100;

using Block = std::unique_ptr<void, decltype(&std::free)>;

Block newBlock(size_t bytes) {
  return {std::malloc(bytes), &std::free};
}

// Or the compiler sees that no one looks at it, and leaves all of it out.
void keep(const void* block) {
  asm volatile("" : : "r"(block) : "memory");
}

constexpr size_t kCold = size_t{64} << 20;

// Memory that was used before and lies in no cache: blocks that serve in turns, as those do that a
// collector frees.
class Rounds {
 public:
  Rounds(size_t bytes, size_t count) {
    for (size_t i = 0; i < count; i++) {
      blocks_.push_back(newBlock(bytes));
      std::memset(blocks_.back().get(), 1, bytes);
    }
  }
  void* next() { return blocks_[at_++ % blocks_.size()].get(); }

 private:
  std::vector<Block> blocks_;
  size_t at_ = 0;
};

// Made once: the system would clear their pages anew each time, and the processor's caches with
// that.
Rounds& roundsOf(size_t bytes) {
  static std::map<size_t, Rounds> all;
  const auto [found, _] = all.try_emplace(bytes, bytes, std::max<size_t>(1, kCold / bytes));
  return found->second;
}

}  // namespace

using namespace flambeau;

double fb_bench(int32_t number, double tensor, int32_t iterations) {
  return guard(-1.0, [&] {
    const AsItComes plain(number >= kAsItComes);
    const int32_t what = number % kAsItComes;
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
        case 5: {
          at::Tensor y = at::add(x, x);
          for (int32_t j = 0; j < 9; j++) y = j % 2 == 0 ? at::relu(y) : at::add(y, x);
          break;
        }
        default:
          TORCH_CHECK(false, "There is no benchmark of that number");
      }
    }
    const std::chrono::duration<double, std::nano> taken = std::chrono::steady_clock::now() - start;
    return taken.count() / iterations;
  });
}

double fb_bench_copy(int32_t what, double from, double to, int32_t iterations) {
  return guard(-1.0, [&] {
    const at::Tensor x = borrowTensor(from);
    const at::Tensor y = borrowTensor(to);
    const size_t bytes = x.nbytes();
    TORCH_CHECK_VALUE(bytes > 0 && y.nbytes() == bytes, "Both must have as many bytes");
    Rounds none(0, 0);
    Rounds& rounds = what == 2 ? roundsOf(bytes) : none;
    const auto start = std::chrono::steady_clock::now();
    for (int32_t i = 0; i < iterations; i++) {
      if (what == 0) {
        std::memcpy(y.mutable_data_ptr(), x.const_data_ptr(), bytes);
      } else if (what == 1) {
        const Block fresh = newBlock(bytes);
        std::memcpy(fresh.get(), x.const_data_ptr(), bytes);
        keep(fresh.get());
      } else {
        void* block = rounds.next();
        std::memcpy(block, x.const_data_ptr(), bytes);
        keep(block);
      }
    }
    const std::chrono::duration<double, std::nano> taken = std::chrono::steady_clock::now() - start;
    return taken.count() / iterations;
  });
}

double fb_callable_bench(double callable, double ctx, int32_t iterations) {
  return guard(-1.0, [&] {
    const auto& target = flambeau::target<Callable>(callable);
    Reader in(ctx);
    std::optional<c10::IValue> self;
    if (target.self) self = c10::IValue(*target.self);
    torch::jit::Stack arguments = readArguments(in, target.function->getSchema(), self);
    std::optional<torch::jit::Module> module;
    if (target.self && target.function->name() == "forward") {
      module.emplace(*target.self);
      arguments.erase(arguments.begin());
    }
    const auto start = std::chrono::steady_clock::now();
    for (int32_t i = 0; i < iterations; i++) {
      // As C++ programs call a model, and as they call a function.
      if (module) {
        module->forward(arguments);
      } else {
        (*target.function)(arguments);
      }
    }
    const std::chrono::duration<double, std::nano> taken = std::chrono::steady_clock::now() - start;
    return taken.count() / iterations;
  });
}
