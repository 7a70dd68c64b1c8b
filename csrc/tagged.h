// Values of JavaScript's that describe something, written word by word.
#pragma once

#include <string>

#include "internal.h"

namespace flambeau {

inline void putText(Writer& out, const std::string& text) {
  out.put(FB_VALUE_STRING);
  out.putString(text);
}

inline void putNumber(Writer& out, double number) {
  out.put(FB_VALUE_FLOAT);
  out.put(number);
}

// The elements are put next.
inline void putArray(Writer& out, size_t count) {
  out.put(FB_VALUE_ARRAY);
  out.put(static_cast<double>(count));
}

template <typename Texts>
void putTexts(Writer& out, const Texts& texts) {
  putArray(out, texts.size());
  for (const auto& text : texts) putText(out, text);
}

}  // namespace flambeau
