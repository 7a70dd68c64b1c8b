// Guards of quantized kernels that other code of LibTorch calls after checks of its own.
#pragma once

#include "guards.h"

namespace flambeau::quantized {

using Arguments = c10::ArrayRef<at::IValue>;

void linearPrepack(Arguments arguments);
void linear(Arguments arguments);
void pointwiseLinear(Arguments arguments);
void halfPrepack(Arguments arguments);
void halfLinear(Arguments arguments);
void convolutionPrepack(Arguments arguments);
void convolution(Arguments arguments);
void batchNorm(Arguments arguments);
void cellParameters(Arguments arguments);
void packedConvolution(Arguments arguments);
template <int64_t dims>
void dynamicConvolution(Arguments arguments);
void bag(Arguments arguments);
void int8Product(Arguments arguments);
void reorderConvolution(Arguments arguments);
void reorderTransposed(Arguments arguments);
void pointwiseConvolution(Arguments arguments);
void plainConvolution(Arguments arguments);
void pointwiseTransposed(Arguments arguments);

}  // namespace flambeau::quantized
