// Guards of ops that read or write memory as it would lie if their tensors were what they expect,
// and do not look whether they are.
#pragma once

#include "guards.h"

namespace flambeau::unchecked {

using Arguments = c10::ArrayRef<at::IValue>;

void contiguous(Arguments arguments);
void withDimensions(Arguments arguments);
void linearCombination(Arguments arguments);
void rowsHave(Arguments arguments, int64_t bytes);
// A row ends with its scale and its zero point.
template <int64_t bytes>
void packedRows(Arguments arguments) {
  rowsHave(arguments, bytes);
}
void finite(Arguments arguments);
void distancesBackward(Arguments arguments);
void smoothUpsample(Arguments arguments);
void smoothUpsampleBackward(Arguments arguments);
void geluBackward(Arguments arguments);
void nestedSizes(Arguments arguments);
void numbersOf(Arguments arguments);
void fromPadded(Arguments arguments);
void medianAlong(Arguments arguments);
void reorderLinear(Arguments arguments);
void sobolState(Arguments arguments);
void sobolScramble(Arguments arguments);
void sobolDraw(Arguments arguments);

}  // namespace flambeau::unchecked
