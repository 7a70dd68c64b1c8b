// Programs in which oneDNN's graph compiler takes part.
#pragma once

#include <cstdint>

namespace flambeau {

// 1 has it take part in programs that are optimized from now on, 0 does not, -1 asks. Returns what
// it was.
int32_t switchFusion(int32_t on);

// Has executors ask it; once a process, before any runs.
void registerFusion();

}  // namespace flambeau
