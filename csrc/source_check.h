// How deeply source text nests, before LibTorch's recursive parser and compiler see it.
#pragma once

#include <string>
#include <string_view>

namespace flambeau {

// Throws CompileError where `text` nests so deeply that compiling it could overflow the stack.
// `what` names the text in the message.
void checkSource(std::string_view text, std::string_view what);

// Throws CompileError where a default argument or a constant of a class is more than a literal:
// LibTorch runs those while it compiles.
void checkConstants(const std::string& text, std::string_view what);

}  // namespace flambeau
