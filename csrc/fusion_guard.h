// What oneDNN's graph compiler is given in programs.
#pragma once

namespace flambeau {

// Has programs run unfused where LibTorch would run a kernel of oneDNN's on what it was not made
// for; once a process, before any runs.
void guardFusion();

}  // namespace flambeau
