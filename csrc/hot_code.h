// LibTorch's code that a loop runs, on large pages.
#pragma once

#include <cstddef>

namespace flambeau {

// To be called for each backward pass: after some hundreds, and every few seconds from then on, a
// thread of its own looks where LibTorch's code is run, and moves it.
void noteBackwardPass();

// Moves what was run in the `watchMs` milliseconds that it waits. How many pages of 2 MB were
// moved: none where the system has no such pages, or little memory. By one thread at a time.
size_t moveHotCode(int watchMs);

}  // namespace flambeau
