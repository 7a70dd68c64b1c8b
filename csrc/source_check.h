// How deeply source text nests, before LibTorch's recursive parser and compiler see it.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace flambeau {

// Throws CompileError where `text` nests so deeply that compiling it could overflow the stack.
// `what` names the text in the message.
void checkSource(std::string_view text, std::string_view what);

// The names in the attributes of each class, by the class's own: some of them are those of types.
using ClassNames = std::map<std::string, std::vector<std::string>>;

// Throws CompileError where a default argument or a constant of a class is more than a literal:
// LibTorch runs those while it compiles. Adds the text's classes to `classes`, with `prefix` in
// front of their names.
void checkConstants(
    const std::string& text,
    std::string_view what,
    ClassNames* classes = nullptr,
    const std::string& prefix = "");

// Throws CompileError where a class holds itself, or comes to so much when the classes in it are
// written out, as LibTorch does whenever it compares types, that compiling would not end.
void checkClasses(const ClassNames& classes);

}  // namespace flambeau
