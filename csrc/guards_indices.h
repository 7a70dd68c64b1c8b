// Guards of ops that take indices, offsets or sizes at their word, and read or write wherever these
// point.
#pragma once

#include "guards.h"

namespace flambeau::indices {

void maxPool2dBackward(c10::ArrayRef<at::IValue> arguments);
void maxPool3dBackward(c10::ArrayRef<at::IValue> arguments);
void adaptivePool2dBackward(c10::ArrayRef<at::IValue> arguments);
void adaptivePool3dBackward(c10::ArrayRef<at::IValue> arguments);
void bagBackward(c10::ArrayRef<at::IValue> arguments);
void bagWeightsBackward(c10::ArrayRef<at::IValue> arguments);
void segmentReduce(c10::ArrayRef<at::IValue> arguments);
void segmentReduceBackward(c10::ArrayRef<at::IValue> arguments);
void ctcLoss(c10::ArrayRef<at::IValue> arguments);
void ctcLossBackward(c10::ArrayRef<at::IValue> arguments);
void sparseCoo(c10::ArrayRef<at::IValue> arguments);
void sparseCsr(c10::ArrayRef<at::IValue> arguments);
void sparseCsc(c10::ArrayRef<at::IValue> arguments);
void sparseBsr(c10::ArrayRef<at::IValue> arguments);
void sparseBsc(c10::ArrayRef<at::IValue> arguments);
void sparseOfLayout(c10::ArrayRef<at::IValue> arguments);
void pivots(c10::ArrayRef<at::IValue> arguments);
void unfoldBackward(c10::ArrayRef<at::IValue> arguments);
void sameChannels(c10::ArrayRef<at::IValue> arguments);
void rowsToPointers(c10::ArrayRef<at::IValue> arguments);
void pointersToRows(c10::ArrayRef<at::IValue> arguments);
void bagOffsets(c10::ArrayRef<at::IValue> arguments);
void reshapeAlias(c10::ArrayRef<at::IValue> arguments);
void reinterpret(c10::ArrayRef<at::IValue> arguments);
void fromPool(c10::ArrayRef<at::IValue> arguments);
void batchNormBackward(c10::ArrayRef<at::IValue> arguments);
void flashAttention(c10::ArrayRef<at::IValue> arguments);
void heads(c10::ArrayRef<at::IValue> arguments);
void cumulative(c10::ArrayRef<at::IValue> arguments);
void softmaxBackward(c10::ArrayRef<at::IValue> arguments);
void gridBackward(c10::ArrayRef<at::IValue> arguments);
void distances(c10::ArrayRef<at::IValue> arguments);
void distancesBackward(c10::ArrayRef<at::IValue> arguments);
void weightNormBackward(c10::ArrayRef<at::IValue> arguments);
void rnnLayer(c10::ArrayRef<at::IValue> arguments);
void unpackedPivots(c10::ArrayRef<at::IValue> arguments);
void lstmCell(c10::ArrayRef<at::IValue> arguments);
void recurrentCell(c10::ArrayRef<at::IValue> arguments);

}  // namespace flambeau::indices
