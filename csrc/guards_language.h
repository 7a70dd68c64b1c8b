// Guards of the operators that are TorchScript's own language: numbers, texts, lists, dictionaries.
#pragma once

#include "guards.h"

namespace flambeau::language {

using Arguments = c10::ArrayRef<at::IValue>;

void modulo(Arguments arguments);
void quotient(Arguments arguments);
void greatestDivisor(Arguments arguments);
void factorial(Arguments arguments);
void rangeList(Arguments arguments);
void repeat(Arguments arguments);
void widen(Arguments arguments);
void expandTabs(Arguments arguments);
void countText(Arguments arguments);
void replaceText(Arguments arguments);
void splitText(Arguments arguments);
void numberKey(Arguments arguments);
void pairsOfKeys(Arguments arguments);
void sortNumbers(Arguments arguments);
void upsample(Arguments arguments);
void shown(Arguments arguments);

}  // namespace flambeau::language
