// Rules for vmap that LibTorch leaves to its Python layer. See batching.cpp.
#pragma once

namespace flambeau {

// Registers them, once.
void registerBatching();

}  // namespace flambeau
