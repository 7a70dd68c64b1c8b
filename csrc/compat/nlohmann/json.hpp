// LibTorch's wheel lacks this header, which ATen/functorch/Interpreter.h includes to serialize a
// transform. Nothing here does that, so the names suffice.
#pragma once

#include <string>

namespace nlohmann {

class json {
 public:
  json() = default;
  template <class T>
  explicit json(const T&) {}

  std::string dump() const;
  static json parse(const std::string& text);
  template <class T>
  T get() const;
};

}  // namespace nlohmann
