// LSTMs of programs that are optimized for inference, with their weights in the layout of oneDNN's
// kernel.
#pragma once

#include <torch/csrc/jit/api/module.h>

namespace flambeau {

// Packs the weights of every LSTM whose weights are constants, and notes them at its node. What
// the graph says stays LibTorch's: such a module can be saved, and its file runs anywhere.
void packLstms(const torch::jit::Module& module);

// Has executors run those nodes with the packed weights; once a process, before any runs.
void registerPackedLstm();

}  // namespace flambeau
