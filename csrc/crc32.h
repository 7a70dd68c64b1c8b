// CRC-32 as zip archives have it, at the speed of memory where the processor can multiply without
// carries.
#pragma once

#include <cstddef>
#include <cstdint>

namespace flambeau {

// `before` is the checksum of what comes before the data.
uint32_t crc32Of(const void* data, size_t size, uint32_t before = 0);

// The checksum of two parts that follow one another, from those of each.
uint32_t crc32Joined(uint32_t first, uint32_t second, uint64_t secondSize);

}  // namespace flambeau
