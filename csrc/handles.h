// The handles of a thread's JavaScript, tensors aside (their pages free those: pages.cpp): noted
// as they are given out, so that what is left is released when the thread ends. The finalizers of a
// Worker that was terminated never run.
#pragma once

#include "internal.h"

namespace flambeau {

extern std::atomic<int64_t> liveNodes;

// Counts a reference that goes to the caller. FB_HANDLE_*, and the address.
double giveHandle(int32_t kind, const void* pointer);
// Gives it back.
void takeHandle(int32_t kind, double handle);

// A context that has a thread: its jobs end with it.
void ownContext(Context* context);
void disownContext(Context* context);

// How many were released because they were forgotten: script objects and the like, and nodes.
int64_t forgottenScripts();
int64_t forgottenNodes();

}  // namespace flambeau
