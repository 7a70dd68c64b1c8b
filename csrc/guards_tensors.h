// Guards of ops that few call by name: kernels for other code of LibTorch, which checks what they
// do not.
#pragma once

#include "guards.h"

namespace flambeau::tensors {

using Arguments = c10::ArrayRef<at::IValue>;

void copyTo(Arguments arguments);
void weightNorm(Arguments arguments);
void removeBatchDim(Arguments arguments);
void reorderRnn(Arguments arguments);
void prepack(Arguments arguments);
void quantizedLstmCell(Arguments arguments);
void transformQkv(Arguments arguments);
void gruCellBackward(Arguments arguments);
void lstmCellBackward(Arguments arguments);
void packFourBits(Arguments arguments);
void multiplyFourBits(Arguments arguments);
void polynomial(Arguments arguments);
void choleskySolve(Arguments arguments);

}  // namespace flambeau::tensors
