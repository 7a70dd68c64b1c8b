// Tests of the C ABI in C++, for the sanitizers: no JavaScript, so that what they report is the
// shim's.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <initializer_list>
#include <limits>
#include <string>
#include <thread>
#include <vector>

#include "../../csrc/flambeau.h"

const double kInfinity = std::numeric_limits<double>::infinity();

// A context and its memory, as a thread of the caller's has them.
struct Words {
  explicit Words(uint32_t capacity = 256)
      : memory(capacity), ctx(fb_context_new(memory.data(), capacity)) {}
  ~Words() { fb_context_free(ctx); }
  Words(const Words&) = delete;
  Words& operator=(const Words&) = delete;

  double& operator[](size_t at) { return memory[at]; }
  // The rest stays as it was: what an earlier call left, as in use.
  Words& write(std::initializer_list<double> words) {
    std::copy(words.begin(), words.end(), memory.begin());
    return *this;
  }
  std::string text(double bytes) {
    std::string copied(bytes > 0 ? static_cast<size_t>(bytes) : 0, ' ');
    fb_text_copy(ctx, copied.data(), bytes);
    return copied;
  }
  std::string error() { return text(fb_error_text(ctx, 0)); }

  std::vector<double> memory;
  double ctx;
};

// One word of text in the form of string words: at most eight bytes.
inline double spelled(const char* text) {
  double word = 0;
  std::memcpy(&word, text, std::min<size_t>(8, std::strlen(text)));
  return word;
}

inline uint32_t sizeOf(const char* text) {
  return static_cast<uint32_t>(std::strlen(text));
}

// A float32 tensor of `count` ones.
inline double ones(Words& words, int64_t count) {
  const std::vector<float> data(static_cast<size_t>(count), 1.0F);
  words.write({1, static_cast<double>(count)});
  return fb_tensor_from_data(words.ctx, data.data(), static_cast<double>(4 * count), 6);
}

void expect(bool holds, const char* what, const char* file, int line);
#define EXPECT(condition) expect((condition), #condition, __FILE__, __LINE__)

struct Test {
  const char* name;
  void (*run)();
};

// Runs them, each of which must leave as many live handles as it found; the process's exit code.
int runTests(std::initializer_list<Test> tests);
