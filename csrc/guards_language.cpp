// What TorchScript's own operators leave unchecked, each with its reproduction.
#include "guards_language.h"

#include <cmath>
#include <cstdint>
#include <string_view>

#include "internal.h"
#include "nesting.h"

namespace flambeau::language {
namespace {

// Of characters, and of elements of a list: LibTorch makes them one by one.
constexpr int64_t kMost = int64_t{1} << 28;

bool areInts(Arguments arguments) {
  return arguments.size() == 2 && arguments[0].isInt() && arguments[1].isInt();
}

// The one quotient that has no place among the integers; the processor answers with a signal.
bool overflows(int64_t a, int64_t b) {
  return a == INT64_MIN && b == -1;
}

int64_t lengthOf(const at::IValue& text) {
  return static_cast<int64_t>(text.toStringRef().size());
}

bool isText(Arguments arguments, size_t i) {
  return i < arguments.size() && arguments[i].isString();
}

int64_t product(int64_t a, int64_t b) {
  int64_t result = 0;
  return __builtin_mul_overflow(a, b, &result) ? INT64_MAX : result;
}

void notTooLong(int64_t length) {
  TORCH_CHECK_VALUE(
      length <= kMost,
      "a text or a list of ",
      length,
      " would be longer than the ",
      kMost,
      " that are allowed");
}

bool isNan(const at::IValue& key) {
  if (key.isDouble()) return std::isnan(key.toDouble());
  if (!key.isComplexDouble()) return false;
  const auto number = key.toComplexDouble();
  return std::isnan(number.real()) || std::isnan(number.imag());
}

}  // namespace

// 1 % 0, and -2**63 % -1
void modulo(Arguments arguments) {
  if (!areInts(arguments)) return;
  TORCH_CHECK_VALUE(arguments[1].toInt() != 0, "integer modulo by zero");
  TORCH_CHECK_VALUE(
      !overflows(arguments[0].toInt(), arguments[1].toInt()), "the result is out of range");
}

// aten::__round_to_zero_floordiv(1, 0), -2**63 // -1, divmod(-2**63, -1)
void quotient(Arguments arguments) {
  if (!areInts(arguments)) return;
  TORCH_CHECK_VALUE(arguments[1].toInt() != 0, "integer division by zero");
  TORCH_CHECK_VALUE(
      !overflows(arguments[0].toInt(), arguments[1].toInt()), "the result is out of range");
}

// math.gcd(-2**63, -1) divides one by the other.
void greatestDivisor(Arguments arguments) {
  if (!areInts(arguments)) return;
  TORCH_CHECK_VALUE(
      arguments[0].toInt() != INT64_MIN && arguments[1].toInt() != INT64_MIN,
      "the result is out of range");
}

// math.factorial(2**62) counts that far.
void factorial(Arguments arguments) {
  if (arguments.size() != 1 || !arguments[0].isInt()) return;
  TORCH_CHECK_VALUE(arguments[0].toInt() <= 1'000'000, "the number is too large");
}

// prim::rangelist(2**40)
void rangeList(Arguments arguments) {
  if (arguments.size() == 1 && arguments[0].isInt()) notTooLong(arguments[0].toInt());
}

// [1, 2, 3, 4] * 2**62: the product is 0, for which memory is made, and then it is filled.
void repeat(Arguments arguments) {
  if (arguments.size() != 2) return;
  const bool left = arguments[0].isList();
  if (!left && !arguments[1].isList()) return;
  const auto& list = arguments[left ? 0 : 1];
  const auto& times = arguments[left ? 1 : 0];
  if (!times.isInt()) return;
  TORCH_CHECK_VALUE(times.toInt() >= 0, "a list cannot be repeated ", times.toInt(), " times");
  // Where there is nothing to repeat, it is not repeated either: LibTorch counts.
  const auto length = static_cast<int64_t>(list.toListRef().size());
  notTooLong(product(std::max<int64_t>(length, 1), times.toInt()));
}

// "a".center(-2) looks for the end of what is shorter than nothing; "a".ljust(2**40)
void widen(Arguments arguments) {
  if (arguments.size() < 2 || !arguments[1].isInt()) return;
  TORCH_CHECK_VALUE(arguments[1].toInt() >= 0, "a width of ", arguments[1].toInt());
  notTooLong(arguments[1].toInt());
}

// "a\tb".expandtabs(2**62)
void expandTabs(Arguments arguments) {
  if (arguments.size() != 2 || !arguments[0].isString() || !arguments[1].isInt()) return;
  int64_t tabs = 0;
  for (const char c : arguments[0].toStringRef()) tabs += c == '\t' ? 1 : 0;
  if (tabs > 0) notTooLong(product(tabs, arguments[1].toInt()));
}

// "abc".count(""): finds nothing at the same place without end.
void countText(Arguments arguments) {
  if (!isText(arguments, 0) || !isText(arguments, 1)) return;
  TORCH_CHECK_VALUE(!arguments[1].toStringRef().empty(), "what is counted is empty");
}

// "abc".replace("", "x") finds nothing in front of what it has put there.
void replaceText(Arguments arguments) {
  if (!isText(arguments, 0) || !isText(arguments, 1) || !isText(arguments, 2)) return;
  const std::string_view text = arguments[0].toStringRef();
  const std::string_view old = arguments[1].toStringRef();
  TORCH_CHECK_VALUE(!old.empty(), "what is replaced is empty");
  const int64_t longer = lengthOf(arguments[2]) - lengthOf(arguments[1]);
  if (longer > 0) notTooLong(product(lengthOf(arguments[0]) / lengthOf(arguments[1]), longer));
}

// "abc".rsplit(""): looks for nothing without end.
void splitText(Arguments arguments) {
  if (!isText(arguments, 1)) return;
  TORCH_CHECK_VALUE(!arguments[1].toStringRef().empty(), "empty separator");
}

// d[float("nan")] = 1: no key is like it, so that all share a place, and the table grows for them.
void numberKey(Arguments arguments) {
  if (arguments.size() < 2 || !arguments[0].isGenericDict()) return;
  TORCH_CHECK_VALUE(!isNan(arguments[1]), "NaN cannot be the key of a dictionary");
}

// dict([(float("nan"), 1), ...])
void pairsOfKeys(Arguments arguments) {
  if (arguments.size() != 1 || !arguments[0].isList()) return;
  for (const auto& pair : arguments[0].toListRef()) {
    if (!pair.isTuple() || pair.toTupleRef().elements().empty()) return;
    TORCH_CHECK_VALUE(
        !isNan(pair.toTupleRef().elements()[0]), "NaN cannot be the key of a dictionary");
  }
}

// [float("nan"), 1.0, ...].sort(reverse=True): each is before the other.
void sortNumbers(Arguments arguments) {
  if (arguments.size() != 2 || !arguments[0].isDoubleList() || !arguments[1].toBool()) return;
  for (const double number : arguments[0].toDoubleList()) {
    TORCH_CHECK_VALUE(!std::isnan(number), "NaN cannot be sorted in reverse");
  }
}

// __upsample_bilinear(torch.ones(1, 1, 1, 2), None, []): takes a factor for each dimension. Input,
// size, scale_factor.
void upsample(Arguments arguments) {
  if (arguments.size() < 3 || !arguments[0].isTensor() || !arguments[2].isList()) return;
  const auto factors = static_cast<int64_t>(arguments[2].toListRef().size());
  const int64_t dims = arguments[0].toTensor().dim() - 2;
  TORCH_CHECK_VALUE(
      factors == dims,
      "scale_factor must have ",
      dims,
      " elements, one for each dimension after the second, but has ",
      factors);
}

// l: List[Any] = []; l.append(l); print(l)
void shown(Arguments arguments) {
  for (const auto& value : arguments) checkNesting(value);
}

}  // namespace flambeau::language
