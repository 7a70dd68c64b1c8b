// The end of the process, in which LibTorch may be half torn down; the system frees the memory
// anyway.
#pragma once

namespace flambeau {

// For the end of a thread: whether it is the main thread's, or that one has ended.
bool processEnds();

// Whether an earlier call said so.
bool processEnded();

}  // namespace flambeau
