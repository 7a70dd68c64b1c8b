// CRC-32 by folding: V. Gopal et al., "Fast CRC Computation for Generic Polynomials Using PCLMULQDQ
// Instruction", Intel 2009; the constants are those of its appendix, for the reflected polynomial.
#include "crc32.h"

#include <array>
#include <cstring>

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>
#endif

namespace flambeau {
namespace {

constexpr uint32_t kPolynomial = 0xedb88320;
constexpr size_t kSlices = 8;

using Tables = std::array<std::array<uint32_t, 256>, kSlices>;

constexpr Tables makeTables() {
  Tables tables{};
  for (uint32_t i = 0; i < 256; i++) {
    uint32_t crc = i;
    for (int bit = 0; bit < 8; bit++) crc = (crc >> 1) ^ ((crc & 1) ? kPolynomial : 0);
    tables[0][i] = crc;
  }
  for (size_t slice = 1; slice < kSlices; slice++) {
    for (size_t i = 0; i < 256; i++) {
      const uint32_t before = tables[slice - 1][i];
      tables[slice][i] = (before >> 8) ^ tables[0][before & 0xff];
    }
  }
  return tables;
}

constexpr Tables kTables = makeTables();

// Eight bytes a step: for short records, tails, and processors without the instruction.
uint32_t sliced(const uint8_t* data, size_t size, uint32_t crc) {
  for (; size >= 8; size -= 8, data += 8) {
    uint64_t word;
    std::memcpy(&word, data, sizeof(word));
    word ^= crc;
    crc = 0;
    for (size_t i = 0; i < 8; i++) crc ^= kTables[7 - i][(word >> (8 * i)) & 0xff];
  }
  for (; size > 0; size--, data++) crc = (crc >> 8) ^ kTables[0][(crc ^ *data) & 0xff];
  return crc;
}

#if defined(__x86_64__)

#define FOLDING __attribute__((target("sse4.1,pclmul")))
#define FOLDING_INLINE __attribute__((target("sse4.1,pclmul"), always_inline)) inline

FOLDING_INLINE __m128i load(const uint8_t* data) {
  return _mm_loadu_si128(reinterpret_cast<const __m128i*>(data));
}

FOLDING_INLINE __m128i fold(__m128i value, __m128i constants, __m128i next) {
  const __m128i low = _mm_clmulepi64_si128(value, constants, 0x00);
  const __m128i high = _mm_clmulepi64_si128(value, constants, 0x11);
  return _mm_xor_si128(_mm_xor_si128(low, high), next);
}

// `size` is at least 64, and a multiple of 16.
FOLDING uint32_t folded(const uint8_t* data, size_t size, uint32_t crc) {
  const __m128i by64 = _mm_set_epi64x(0x01c6e41596, 0x0154442bd4);
  const __m128i by16 = _mm_set_epi64x(0x00ccaa009e, 0x01751997d0);
  const __m128i by4 = _mm_set_epi64x(0, 0x0163cd6124);
  const __m128i barrett = _mm_set_epi64x(0x01f7011641, 0x01db710641);
  const __m128i halves = _mm_setr_epi32(-1, 0, -1, 0);

  // Four chains, written out, so that they stay in registers.
  __m128i a = _mm_xor_si128(load(data), _mm_cvtsi32_si128(static_cast<int>(crc)));
  __m128i b = load(data + 16);
  __m128i c = load(data + 32);
  __m128i d = load(data + 48);
  for (data += 64, size -= 64; size >= 64; data += 64, size -= 64) {
    a = fold(a, by64, load(data));
    b = fold(b, by64, load(data + 16));
    c = fold(c, by64, load(data + 32));
    d = fold(d, by64, load(data + 48));
  }
  __m128i value = fold(fold(fold(a, by16, b), by16, c), by16, d);
  for (; size >= 16; data += 16, size -= 16) value = fold(value, by16, load(data));

  // 128 bits to 64, to 32.
  value = _mm_xor_si128(_mm_srli_si128(value, 8), _mm_clmulepi64_si128(value, by16, 0x10));
  value = _mm_xor_si128(
      _mm_srli_si128(value, 4), _mm_clmulepi64_si128(_mm_and_si128(value, halves), by4, 0x00));
  __m128i quotient = _mm_clmulepi64_si128(_mm_and_si128(value, halves), barrett, 0x10);
  quotient = _mm_clmulepi64_si128(_mm_and_si128(quotient, halves), barrett, 0x00);
  return static_cast<uint32_t>(_mm_extract_epi32(_mm_xor_si128(value, quotient), 1));
}

// Asked of the processor: Zig's own runtime leaves what __builtin_cpu_supports reads at zero.
bool canFold() {
  static const bool can = [] {
    unsigned a = 0, b = 0, c = 0, d = 0;
    return __get_cpuid(1, &a, &b, &c, &d) != 0 && (c & bit_PCLMUL) != 0 && (c & bit_SSE4_1) != 0;
  }();
  return can;
}

#endif

}  // namespace

uint32_t crc32Of(const void* data, size_t size, uint32_t before) {
  const auto* bytes = static_cast<const uint8_t*>(data);
  uint32_t crc = ~before;
#if defined(__x86_64__)
  if (size >= 64 && canFold()) {
    const size_t whole = size & ~size_t{15};
    crc = folded(bytes, whole, crc);
    bytes += whole;
    size -= whole;
  }
#endif
  return ~sliced(bytes, size, crc);
}

}  // namespace flambeau
