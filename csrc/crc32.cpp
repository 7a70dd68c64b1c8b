// CRC-32 by folding: V. Gopal et al., "Fast CRC Computation for Generic Polynomials Using PCLMULQDQ
// Instruction", Intel 2009, for the reflected polynomial.
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

// A product of two polynomials of the checksum's field. Adler's method, from zlib's crc32.c.
constexpr uint32_t product(uint32_t a, uint32_t b) {
  uint32_t result = 0;
  for (uint32_t bit = uint32_t{1} << 31; bit != 0; bit >>= 1) {
    if ((a & bit) != 0) result ^= b;
    b = (b >> 1) ^ ((b & 1) != 0 ? kPolynomial : 0);
  }
  return result;
}

// x to a power, in the field.
constexpr uint32_t power(uint64_t exponent) {
  uint32_t result = uint32_t{1} << 31, square = uint32_t{1} << 30;
  for (; exponent != 0; exponent >>= 1) {
    if ((exponent & 1) != 0) result = product(result, square);
    square = product(square, square);
  }
  return result;
}

#if defined(__x86_64__)

#define FOLDING __attribute__((target("sse4.1,pclmul")))
#define FOLDING_INLINE __attribute__((target("sse4.1,pclmul"), always_inline)) inline
#define WIDE __attribute__((target("avx512f,avx512vl,vpclmulqdq,sse4.1,pclmul")))
#define WIDE_INLINE \
  __attribute__((target("avx512f,avx512vl,vpclmulqdq,sse4.1,pclmul"), always_inline)) inline

// What moves the low and the high half of 16 bytes to where the bytes lie that come so much later.
constexpr uint64_t lowBy(uint64_t bytes) {
  return uint64_t{power(8 * bytes + 32)} << 1;
}
constexpr uint64_t highBy(uint64_t bytes) {
  return uint64_t{power(8 * bytes - 32)} << 1;
}
// Of the paper's appendix.
static_assert(lowBy(64) == 0x0154442bd4 && highBy(64) == 0x01c6e41596);
static_assert(lowBy(16) == 0x01751997d0 && highBy(16) == 0x00ccaa009e);

template <uint64_t bytes>
FOLDING_INLINE __m128i foldBy() {
  constexpr auto low = static_cast<int64_t>(lowBy(bytes));
  constexpr auto high = static_cast<int64_t>(highBy(bytes));
  return _mm_set_epi64x(high, low);
}

FOLDING_INLINE __m128i load(const uint8_t* data) {
  return _mm_loadu_si128(reinterpret_cast<const __m128i*>(data));
}

FOLDING_INLINE __m128i fold(__m128i value, __m128i constants, __m128i next) {
  const __m128i low = _mm_clmulepi64_si128(value, constants, 0x00);
  const __m128i high = _mm_clmulepi64_si128(value, constants, 0x11);
  return _mm_xor_si128(_mm_xor_si128(low, high), next);
}

// 16 bytes and what follows them, to a checksum. `size` is a multiple of 16.
FOLDING_INLINE uint32_t foldLast(__m128i value, const uint8_t* data, size_t size) {
  const __m128i by16 = foldBy<16>();
  const __m128i by4 = _mm_set_epi64x(0, 0x0163cd6124);
  const __m128i barrett = _mm_set_epi64x(0x01f7011641, 0x01db710641);
  const __m128i halves = _mm_setr_epi32(-1, 0, -1, 0);
  for (; size >= 16; data += 16, size -= 16) value = fold(value, by16, load(data));

  // 128 bits to 64, to 32.
  value = _mm_xor_si128(_mm_srli_si128(value, 8), _mm_clmulepi64_si128(value, by16, 0x10));
  value = _mm_xor_si128(
      _mm_srli_si128(value, 4), _mm_clmulepi64_si128(_mm_and_si128(value, halves), by4, 0x00));
  __m128i quotient = _mm_clmulepi64_si128(_mm_and_si128(value, halves), barrett, 0x10);
  quotient = _mm_clmulepi64_si128(_mm_and_si128(quotient, halves), barrett, 0x00);
  return static_cast<uint32_t>(_mm_extract_epi32(_mm_xor_si128(value, quotient), 1));
}

// `size` is at least 64, and a multiple of 16.
FOLDING uint32_t folded(const uint8_t* data, size_t size, uint32_t crc) {
  const __m128i by64 = foldBy<64>(), by16 = foldBy<16>();
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
  return foldLast(fold(fold(fold(a, by16, b), by16, c), by16, d), data, size);
}

WIDE_INLINE __m512i loadWide(const uint8_t* data) {
  return _mm512_loadu_si512(data);
}

WIDE_INLINE __m512i foldWide(__m512i value, __m512i constants, __m512i next) {
  const __m512i low = _mm512_clmulepi64_epi128(value, constants, 0x00);
  const __m512i high = _mm512_clmulepi64_epi128(value, constants, 0x11);
  return _mm512_ternarylogic_epi64(low, high, next, /*a ^ b ^ c=*/0x96);
}

// The same with four products an instruction. `size` is at least 256, and a multiple of 16.
WIDE uint32_t foldedWide(const uint8_t* data, size_t size, uint32_t crc) {
  const __m512i by256 = _mm512_broadcast_i32x4(foldBy<256>());
  const __m512i by64 = _mm512_broadcast_i32x4(foldBy<64>());
  const __m128i by16 = foldBy<16>();
  const __m512i before = _mm512_zextsi128_si512(_mm_cvtsi32_si128(static_cast<int>(crc)));
  __m512i a = _mm512_xor_si512(loadWide(data), before);
  __m512i b = loadWide(data + 64);
  __m512i c = loadWide(data + 128);
  __m512i d = loadWide(data + 192);
  for (data += 256, size -= 256; size >= 256; data += 256, size -= 256) {
    a = foldWide(a, by256, loadWide(data));
    b = foldWide(b, by256, loadWide(data + 64));
    c = foldWide(c, by256, loadWide(data + 128));
    d = foldWide(d, by256, loadWide(data + 192));
  }
  __m512i value = foldWide(foldWide(foldWide(a, by64, b), by64, c), by64, d);
  for (; size >= 64; data += 64, size -= 64) value = foldWide(value, by64, loadWide(data));
  __m128i last = _mm512_castsi512_si128(value);
  last = fold(last, by16, _mm512_extracti32x4_epi32(value, 1));
  last = fold(last, by16, _mm512_extracti32x4_epi32(value, 2));
  last = fold(last, by16, _mm512_extracti32x4_epi32(value, 3));
  return foldLast(last, data, size);
}

// Asked of the processor: Zig's own runtime leaves what __builtin_cpu_supports reads at zero.
bool canFold() {
  static const bool can = [] {
    unsigned a = 0, b = 0, c = 0, d = 0;
    return __get_cpuid(1, &a, &b, &c, &d) != 0 && (c & bit_PCLMUL) != 0 && (c & bit_SSE4_1) != 0;
  }();
  return can;
}

// Of the processor, and of the system: it must keep the wide registers of threads.
bool canFoldWide() {
  static const bool can = [] {
    unsigned a = 0, b = 0, c = 0, d = 0;
    if (!canFold() || __get_cpuid(1, &a, &b, &c, &d) == 0 || (c & bit_OSXSAVE) == 0) return false;
    unsigned kept = 0, rest = 0;
    __asm__("xgetbv" : "=a"(kept), "=d"(rest) : "c"(0));
    constexpr unsigned kWideRegisters = 0xe6;
    if ((kept & kWideRegisters) != kWideRegisters) return false;
    if (__get_cpuid_count(7, 0, &a, &b, &c, &d) == 0) return false;
    return (b & bit_AVX512F) != 0 && (b & bit_AVX512VL) != 0 && (c & bit_VPCLMULQDQ) != 0;
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
    crc = size >= 256 && canFoldWide() ? foldedWide(bytes, whole, crc) : folded(bytes, whole, crc);
    bytes += whole;
    size -= whole;
  }
#endif
  return ~sliced(bytes, size, crc);
}

uint32_t crc32Joined(uint32_t first, uint32_t second, uint64_t secondSize) {
  return product(power(8 * secondSize), first) ^ second;
}

}  // namespace flambeau
