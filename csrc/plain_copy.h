// `copy_` between plain tensors, past LibTorch's dispatcher.
//
// Two arrays of a megabyte fill a processor's second cache: the copy has put the code of whatever
// runs before the next one out of it, and LibTorch's way to its kernel then takes a third as long
// as the copy.
#pragma once

#include <c10/core/TensorImpl.h>

namespace flambeau {

// Copies, if it is no more than a memcpy; false, with nothing done, where it is or may be.
bool copyPlain(at::TensorImpl* to, at::TensorImpl* from);

}  // namespace flambeau
