// Pickles as LibTorch's unpickler takes them, read without making anything of them.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace flambeau {

// What a pickle may refer to.
struct PickleContext {
  // The record's name, for messages.
  std::string name;
  // The bytes of a storage's record by its key; none when there is no such record.
  std::function<std::optional<uint64_t>(const std::string& key)> storage;
  // Whether classes may be named; their names are collected.
  bool classes = false;
  // Whether it must have the form of the places of source text.
  bool places = false;
};

// Throws SerializationError where the unpickler would read past an end, build a tensor that is
// larger than its storage, or something too deep. Returns the names of the classes.
std::vector<std::string> checkPickle(const std::string& bytes, const PickleContext& context);

}  // namespace flambeau
