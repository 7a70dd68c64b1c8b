// The pages through which forgotten tensors come back.
#pragma once

#include <cstddef>
#include <cstdint>

namespace flambeau {

// Slots for the handles of tensors that are forgotten together. JavaScript writes handles to a page
// through a view of its slab, and holds a buffer (the "ballast") whose collection is the sign that
// no tensor of the page can be reached any more.
//
// To be called by the collector, on any thread.
void pageCollected(void* handles) noexcept;
// Frees what this thread's next pages would free, so that what is counted does not change by
// itself: not between reading a handle and using it.
void freeDuePages();

// Ballast must not be longer.
constexpr size_t kEmptyBytes = size_t{1} << 36;
void* emptyMemory();

// Tensors that came back so.
int64_t tensorsCollected();
// Of this thread's pages that were not collected yet: the bytes of those with several slots, the
// least that they were since that was asked, and the number of those that hold one tensor that is
// not large.
int64_t sharedPageBytes();
int64_t leastSharedPageBytes();
int64_t singlePages();

}  // namespace flambeau
