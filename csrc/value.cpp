// TorchScript values, both ways.
//
// JavaScript cannot say whether 2 is an int or a float, an array a list or a tuple, an object a
// dictionary or a named tuple; the type that is asked for can. So reading follows the type, and
// where there is none (tracing, Any) the value is taken for what it looks like.
#include <ATen/core/Dict.h>
#include <ATen/core/List.h>
#include <c10/util/StringUtil.h>
#include <torch/csrc/jit/frontend/script_type_parser.h>

#include <cmath>
#include <algorithm>
#include <cstring>
#include <sstream>

#include "handles.h"
#include "nesting.h"

#include "source_check.h"

namespace flambeau {
namespace {

using c10::IValue;
using c10::TypeKind;
using c10::TypePtr;

void putValue(Writer& out, const IValue& value);

const char* nameOfTag(int tag) {
  switch (tag) {
    case FB_VALUE_NONE:
      return "None";
    case FB_VALUE_TENSOR:
      return "Tensor";
    case FB_VALUE_BOOL:
      return "bool";
    case FB_VALUE_INT:
    case FB_VALUE_INT64:
      return "int";
    case FB_VALUE_FLOAT:
      return "float";
    case FB_VALUE_NUMBER:
      return "number";
    case FB_VALUE_COMPLEX:
      return "complex";
    case FB_VALUE_STRING:
      return "string";
    case FB_VALUE_ARRAY:
    case FB_VALUE_NUMBERS:
      return "array";
    case FB_VALUE_TUPLE:
      return "tuple";
    case FB_VALUE_RECORD:
      return "object";
    case FB_VALUE_MAP:
      return "Map";
    case FB_VALUE_LIST:
      return "list";
    case FB_VALUE_DICT:
      return "dict";
    case FB_VALUE_OBJECT:
      return "script object";
    case FB_VALUE_NAMED_TUPLE:
      return "named tuple";
    case FB_VALUE_DEVICE:
      return "device";
    case FB_VALUE_GENERATOR:
      return "generator";
    default:
      return "value of an unknown kind";
  }
}

[[noreturn]] void refuse(const std::string& path, const TypePtr& type, const std::string& given) {
  throw JitTypeError(
      c10::str("argument '", path, "': expected ", nameOfType(type), ", got ", given));
}

[[noreturn]] void refuse(const std::string& path, const TypePtr& type, int tag) {
  refuse(path, type, std::string(nameOfTag(tag)));
}

std::string inside(const std::string& path, size_t index) {
  return c10::str(path, "[", index, "]");
}

std::string inside(const std::string& path, const std::string& key) {
  return c10::str(path, ".", key);
}

std::string spell(double number) {
  char text[32];
  std::snprintf(text, sizeof text, "%.17g", number);
  return std::strlen(text) > 20 ? c10::str(number) : text;
}

TypePtr parseType(const std::string& text) {
  checkSource(text, "the type");
  return torch::jit::ScriptTypeParser().parseType(text);
}

// An object handle and what it points to: a module or an instance of a script class.
IValue readObject(Reader& in) {
  return IValue(
      c10::intrusive_ptr<c10::ivalue::Object>::reclaim_copy(
          &target<c10::ivalue::Object>(in.next())));
}

IValue readGenerator(Reader& in) {
  return borrowGenerator(in.next());
}

std::optional<IValue> dtypeOf(const std::string& name) {
  const auto& known = c10::getStringToDtypeMap();
  const auto found = known.find(name);
  if (found == known.end()) return std::nullopt;
  return static_cast<int64_t>(found->second);
}

// A dtype is an int in TorchScript, and a string in JavaScript. Of its names, only those that are
// nothing else: not "int" or "long".
std::optional<IValue> dtypeAsInt(const std::string& name) {
  const bool plain = name == "bool" || name.find_first_of("0123456789") != std::string::npos;
  return plain ? dtypeOf(name) : std::nullopt;
}

IValue readInt(Reader& in, int tag, const TypePtr& type, const std::string& path) {
  if (tag == FB_VALUE_STRING && !in.exact) {
    if (const auto dtype = dtypeAsInt(in.nextString())) return *dtype;
  }
  if (tag == FB_VALUE_INT64) return in.nextInt64();
  if (tag == FB_VALUE_INT) return in.nextInt();
  if (tag != FB_VALUE_NUMBER) refuse(path, type, tag);
  const double value = in.next();
  if (std::trunc(value) != value) refuse(path, type, "the number " + spell(value));
  if (std::abs(value) > 9007199254740991.0) {
    refuse(path, type, "the number " + spell(value) + ", which only a bigint holds exactly");
  }
  return static_cast<int64_t>(value);
}

IValue readFloat(Reader& in, int tag, const TypePtr& type, const std::string& path) {
  if (tag == FB_VALUE_NUMBER || tag == FB_VALUE_FLOAT || tag == FB_VALUE_INT) {
    const double value = in.next();
    if (in.exact && tag != FB_VALUE_FLOAT && std::trunc(value) == value) refuse(path, type, "int");
    return value;
  }
  if (tag == FB_VALUE_INT64) return static_cast<double>(in.nextInt64());
  refuse(path, type, tag);
}

// `{ re, im }` of two numbers, as a complex number comes back; nothing else is read as one.
std::optional<c10::complex<double>> readComplexRecord(Reader& in) {
  const double* start = in.mark();
  double parts[2] = {0, 0};
  bool seen[2] = {false, false};
  const size_t count = in.nextCount();
  for (size_t i = 0; count == 2 && i < 2; i++) {
    const std::string key = in.nextString();
    if ((key != "re" && key != "im") || in.next() != FB_VALUE_NUMBER) break;
    parts[key == "im"] = in.next();
    seen[key == "im"] = true;
  }
  if (seen[0] && seen[1]) return c10::complex<double>(parts[0], parts[1]);
  in.reset(start);
  return std::nullopt;
}

IValue readNumber(Reader& in, int tag, const TypePtr& type, const std::string& path) {
  if (tag == FB_VALUE_COMPLEX) {
    const double real = in.next();
    return c10::complex<double>(real, in.next());
  }
  if (tag == FB_VALUE_RECORD) {
    if (const auto complex = readComplexRecord(in)) return *complex;
  }
  if (tag == FB_VALUE_BOOL) return in.next() != 0;
  if (tag == FB_VALUE_FLOAT) return in.next();
  if (tag == FB_VALUE_INT) return in.nextInt();
  if (tag == FB_VALUE_INT64) return in.nextInt64();
  if (tag != FB_VALUE_NUMBER) refuse(path, type, tag);
  const double value = in.next();
  if (std::trunc(value) == value && std::abs(value) <= 9007199254740991.0) {
    return static_cast<int64_t>(value);
  }
  return value;
}

IValue readComplex(Reader& in, int tag, const TypePtr& type, const std::string& path) {
  if (tag == FB_VALUE_RECORD) {
    if (const auto complex = readComplexRecord(in)) return *complex;
    refuse(path, type, tag);
  }
  const double real = in.next();
  if (tag == FB_VALUE_COMPLEX) return c10::complex<double>(real, in.next());
  const bool number = tag == FB_VALUE_NUMBER || tag == FB_VALUE_FLOAT || tag == FB_VALUE_INT;
  if (number && !in.exact) {
    return c10::complex<double>(real, 0);
  }
  refuse(path, type, tag);
}

IValue readTagged(Reader& in, int tag, const TypePtr& type, const std::string& path);

// Passes over the type words of a jit.list or jit.dict: the type that is asked for decides.
void skipDeclaredTypes(Reader& in, int tag) {
  if (tag == FB_VALUE_LIST || tag == FB_VALUE_DICT) in.nextString();
  if (tag == FB_VALUE_DICT) in.nextString();
}

IValue readList(Reader& in, int tag, const TypePtr& type, const std::string& path) {
  const auto element = type->expectRef<c10::ListType>().getElementType();
  c10::impl::GenericList list(element);
  if (tag == FB_VALUE_NUMBERS) {
    const size_t count = in.nextCount();
    list.reserve(count);
    for (size_t i = 0; i < count; i++) {
      list.push_back(readTagged(in, FB_VALUE_NUMBER, element, inside(path, i)));
    }
    return list;
  }
  if (tag != FB_VALUE_ARRAY && tag != FB_VALUE_LIST) refuse(path, type, tag);
  skipDeclaredTypes(in, tag);
  const size_t count = in.nextCount();
  list.reserve(count);
  for (size_t i = 0; i < count; i++) list.push_back(readValue(in, element, inside(path, i)));
  return list;
}

void checkLength(size_t given, const TypePtr& type, const std::string& path) {
  if (given == type->expectRef<c10::TupleType>().elements().size()) return;
  refuse(path, type, c10::str(given, given == 1 ? " element" : " elements"));
}

IValue readTupleFields(Reader& in, const TypePtr& type, const std::string& path) {
  const auto tuple = type->expect<c10::TupleType>();
  const auto& names = tuple->schema()->arguments();
  const size_t count = in.nextCount();
  std::vector<IValue> values(names.size());
  std::vector<bool> seen(names.size(), false);
  for (size_t i = 0; i < count; i++) {
    const std::string key = in.nextString();
    const auto at = tuple->schema()->argumentIndexWithName(key);
    if (!at) refuse(path, type, c10::str("an object with the unknown key '", key, "'"));
    values[*at] = readValue(in, tuple->elements()[*at], inside(path, key));
    seen[*at] = true;
  }
  for (size_t i = 0; i < names.size(); i++) {
    if (!seen[i]) {
      refuse(path, type, c10::str("an object without the key '", names[i].name(), "'"));
    }
  }
  return c10::ivalue::Tuple::createNamed(std::move(values), tuple);
}

IValue readTuple(Reader& in, int tag, const TypePtr& type, const std::string& path) {
  const auto tuple = type->expect<c10::TupleType>();
  if ((tag == FB_VALUE_RECORD || tag == FB_VALUE_NAMED_TUPLE) && tuple->schema()) {
    return readTupleFields(in, type, path);
  }
  const bool plain = tag == FB_VALUE_ARRAY || tag == FB_VALUE_TUPLE;
  if (!plain && tag != FB_VALUE_NUMBERS) refuse(path, type, tag);
  const size_t count = in.nextCount();
  checkLength(count, type, path);
  std::vector<IValue> values;
  values.reserve(count);
  for (size_t i = 0; i < count; i++) {
    values.push_back(
        plain ? readValue(in, tuple->elements()[i], inside(path, i))
              : readTagged(in, FB_VALUE_NUMBER, tuple->elements()[i], inside(path, i)));
  }
  if (!tuple->schema()) return c10::ivalue::Tuple::create(std::move(values));
  return c10::ivalue::Tuple::createNamed(std::move(values), tuple);
}

IValue readDict(Reader& in, int tag, const TypePtr& type, const std::string& path) {
  const auto keyType = type->expectRef<c10::DictType>().getKeyType();
  const auto valueType = type->expectRef<c10::DictType>().getValueType();
  c10::impl::GenericDict dict(keyType, valueType);
  if (tag == FB_VALUE_RECORD || tag == FB_VALUE_NAMED_TUPLE) {
    const size_t count = in.nextCount();
    if (count > 0 && keyType->kind() != TypeKind::StringType) refuse(path, type, tag);
    for (size_t i = 0; i < count; i++) {
      const std::string key = in.nextString();
      dict.insert_or_assign(key, readValue(in, valueType, inside(path, key)));
    }
    return dict;
  }
  if (tag != FB_VALUE_MAP && tag != FB_VALUE_DICT) refuse(path, type, tag);
  skipDeclaredTypes(in, tag);
  const size_t count = in.nextCount();
  for (size_t i = 0; i < count; i++) {
    IValue key = readValue(in, keyType, c10::str(path, ", key ", i));
    const std::string at = key.isString() ? inside(path, key.toStringRef())
                           : key.isInt()  ? c10::str(path, "[", key.toInt(), "]")
                                          : c10::str(path, ", value ", i);
    dict.insert_or_assign(std::move(key), readValue(in, valueType, at));
  }
  return dict;
}

IValue readUnion(Reader& in, int tag, const TypePtr& type, const std::string& path) {
  const double* start = in.mark();
  // A string that could be a dtype's name, too, is a string.
  const auto& members = type->containedTypes();
  const bool strings = std::any_of(members.begin(), members.end(), [](const auto& member) {
    return member->kind() == TypeKind::StringType;
  });
  if (tag == FB_VALUE_STRING && strings) return in.nextString();
  // int before float: a whole number is an int where both are allowed, as in Python.
  for (const bool floats : {false, true}) {
    for (const auto& member : members) {
      if ((member->kind() == TypeKind::FloatType) != floats) continue;
      try {
        return readTagged(in, tag, member, path);
      } catch (const JitTypeError&) {
        in.reset(start);
      }
    }
  }
  refuse(path, type, tag);
}

IValue readEnum(Reader& in, int tag, const TypePtr& type, const std::string& path) {
  const auto enumType = type->expect<c10::EnumType>();
  std::string name;
  if (tag == FB_VALUE_RECORD) {
    const size_t count = in.nextCount();
    for (size_t i = 0; i < count; i++) {
      const std::string key = in.nextString();
      IValue value = readAnyValue(in, inside(path, key));
      if (key == "name" && value.isString()) name = value.toStringRef();
    }
  } else if (tag == FB_VALUE_STRING) {
    name = in.nextString();
  } else {
    refuse(path, type, tag);
  }
  for (const auto& [member, value] : enumType->enumNamesValues()) {
    if (member == name) {
      return IValue(c10::make_intrusive<c10::ivalue::EnumHolder>(enumType, member, value));
    }
  }
  refuse(path, type, c10::str("'", name, "', which is not a member"));
}

IValue readInstance(Reader& in, int tag, const TypePtr& type, const std::string& path) {
  if (tag != FB_VALUE_OBJECT) refuse(path, type, tag);
  IValue object = readObject(in);
  if (!object.type()->isSubtypeOf(*type)) refuse(path, type, nameOfType(object.type()));
  return object;
}

IValue readDevice(Reader& in, int tag, const TypePtr& type, const std::string& path) {
  if (tag != FB_VALUE_DEVICE && tag != FB_VALUE_STRING) refuse(path, type, tag);
  const std::string name = in.nextString();
  try {
    return at::Device(name);
  } catch (const c10::Error&) {
    refuse(path, type, c10::str("the string '", name, "'"));
  }
}

// A value for a type with variables in it ("t[]"): what it looks like, if that fits.
IValue readGeneric(Reader& in, const TypePtr& type, const std::string& path) {
  in.reset(in.mark() - 1);
  IValue value = readAnyValue(in, path);
  c10::TypeEnv bound;
  if (!c10::matchTypeVariables(type, value.type(), bound).success()) {
    refuse(path, type, nameOfType(value.type()));
  }
  return value;
}

// The rest of a value whose tag has been read, as `type`.
IValue readTagged(Reader& in, int tag, const TypePtr& type, const std::string& path) {
  if (type->hasFreeVariables()) return readGeneric(in, type, path);
  switch (type->kind()) {
    case TypeKind::AnyType: {
      if (tag == FB_VALUE_NUMBER) return readNumber(in, tag, type, path);
      in.reset(in.mark() - 1);
      return readAnyValue(in, path);
    }
    case TypeKind::OptionalType:
      if (tag == FB_VALUE_NONE) return IValue();
      return readTagged(in, tag, type->expectRef<c10::OptionalType>().getElementType(), path);
    case TypeKind::NoneType:
      if (tag != FB_VALUE_NONE) refuse(path, type, tag);
      return IValue();
    case TypeKind::TensorType:
      if (tag != FB_VALUE_TENSOR) refuse(path, type, tag);
      return borrowTensor(in.next());
    case TypeKind::IntType:
      return readInt(in, tag, type, path);
    case TypeKind::FloatType:
      return readFloat(in, tag, type, path);
    case TypeKind::NumberType:
      return readNumber(in, tag, type, path);
    case TypeKind::ComplexType:
      return readComplex(in, tag, type, path);
    case TypeKind::BoolType:
      if (tag != FB_VALUE_BOOL) refuse(path, type, tag);
      return in.next() != 0;
    case TypeKind::StringType:
      if (tag != FB_VALUE_STRING) refuse(path, type, tag);
      return in.nextString();
    case TypeKind::DeviceObjType:
      return readDevice(in, tag, type, path);
    case TypeKind::GeneratorType:
      if (tag != FB_VALUE_GENERATOR) refuse(path, type, tag);
      return readGenerator(in);
    case TypeKind::ListType:
      return readList(in, tag, type, path);
    case TypeKind::TupleType:
      return readTuple(in, tag, type, path);
    case TypeKind::DictType:
      return readDict(in, tag, type, path);
    case TypeKind::UnionType:
      return readUnion(in, tag, type, path);
    case TypeKind::EnumType:
      return readEnum(in, tag, type, path);
    case TypeKind::ClassType:
    case TypeKind::InterfaceType:
    case TypeKind::AnyClassType:
      return readInstance(in, tag, type, path);
    default:
      refuse(path, type, tag);
  }
}

// The type of a value for a container that holds it: a tensor's own type has its shape.
TypePtr elementType(const IValue& value) {
  if (value.isTensor()) return c10::TensorType::get();
  if (!value.isTuple() || value.toTupleRef().type()->schema()) return value.type();
  std::vector<TypePtr> types;
  for (const auto& element : value.toTupleRef().elements()) types.push_back(elementType(element));
  return c10::TupleType::create(std::move(types));
}

bool oneType(const std::vector<IValue>& values) {
  if (values.empty()) return true;
  const TypePtr first = elementType(values.front());
  return std::all_of(values.begin(), values.end(), [&](const auto& value) {
    return *elementType(value) == *first;
  });
}

// An array without a type: a list where all elements are of one type, else a tuple.
IValue listOrTuple(std::vector<IValue> values) {
  if (values.empty()) return c10::impl::GenericList(c10::TensorType::get());
  if (!oneType(values)) return c10::ivalue::Tuple::create(std::move(values));
  c10::impl::GenericList list(elementType(values.front()));
  list.reserve(values.size());
  for (auto& value : values) list.push_back(std::move(value));
  return list;
}

IValue namedTuple(std::vector<IValue> values, const std::vector<std::string>& names) {
  std::vector<TypePtr> types;
  for (const auto& value : values) types.push_back(elementType(value));
  auto type = c10::TupleType::createNamed(c10::QualifiedName("__torch__.NamedTuple"), names, types);
  return c10::ivalue::Tuple::createNamed(std::move(values), type);
}

IValue readAnyRecord(Reader& in, int tag, const std::string& path) {
  const size_t count = in.nextCount();
  std::vector<std::string> names;
  std::vector<IValue> values;
  for (size_t i = 0; i < count; i++) {
    names.push_back(in.nextString());
    values.push_back(readAnyValue(in, inside(path, names.back())));
  }
  if (tag == FB_VALUE_NAMED_TUPLE || !oneType(values)) return namedTuple(std::move(values), names);
  const TypePtr type =
      values.empty() ? TypePtr(c10::TensorType::get()) : elementType(values.front());
  c10::impl::GenericDict dict(c10::StringType::get(), type);
  for (size_t i = 0; i < count; i++) dict.insert(names[i], values[i]);
  return dict;
}

IValue readAnyMap(Reader& in, const std::string& path) {
  const size_t count = in.nextCount();
  std::vector<IValue> keys;
  std::vector<IValue> values;
  for (size_t i = 0; i < count; i++) {
    keys.push_back(readAnyValue(in, inside(path, "key " + std::to_string(i))));
    values.push_back(readAnyValue(in, inside(path, i)));
  }
  if (count == 0) return c10::impl::GenericDict(c10::StringType::get(), c10::TensorType::get());
  if (!oneType(keys) || !oneType(values)) {
    throw JitTypeError(
        c10::str(
            "argument '",
            path,
            "': expected a Map with keys of one type and values of one type, got a mixture"));
  }
  c10::impl::GenericDict dict(elementType(keys.front()), elementType(values.front()));
  for (size_t i = 0; i < count; i++) dict.insert(keys[i], values[i]);
  return dict;
}

std::vector<IValue> readAnyElements(Reader& in, const std::string& path) {
  std::vector<IValue> values(in.nextCount());
  for (size_t i = 0; i < values.size(); i++) values[i] = readAnyValue(in, inside(path, i));
  return values;
}

std::vector<IValue> readAnyNumbers(Reader& in, const std::string& path) {
  std::vector<double> numbers(in.nextCount());
  bool whole = true;
  for (auto& number : numbers) {
    number = in.next();
    whole = whole && std::trunc(number) == number && std::abs(number) <= 9007199254740991.0;
  }
  std::vector<IValue> values;
  for (const double number : numbers) {
    values.push_back(whole ? IValue(static_cast<int64_t>(number)) : IValue(number));
  }
  return values;
}

void writeNamed(Writer& out, const c10::ivalue::Tuple& tuple, const c10::FunctionSchema& schema) {
  out.put(FB_VALUE_NAMED_TUPLE);
  out.put(static_cast<double>(tuple.size()));
  for (size_t i = 0; i < tuple.size(); i++) {
    out.putString(schema.arguments()[i].name());
    putValue(out, tuple.elements()[i]);
  }
}

void writeTuple(Writer& out, const IValue& value) {
  const auto& tuple = value.toTupleRef();
  const auto type = tuple.type();
  if (type->schema()) return writeNamed(out, tuple, *type->schema());
  out.put(FB_VALUE_TUPLE);
  out.put(static_cast<double>(tuple.size()));
  for (const auto& element : tuple.elements()) putValue(out, element);
}

void writeInt(Writer& out, int64_t value) {
  constexpr int64_t kSafe = int64_t{1} << 53;
  if (value < kSafe && value > -kSafe) {
    out.put(FB_VALUE_INT);
    out.put(static_cast<double>(value));
  } else {
    out.put(FB_VALUE_INT64);
    out.putInt64(value);
  }
}

void writeObject(Writer& out, const IValue& value) {
  auto object = value.toObject();
  const bool isModule = value.isModule();
  const std::string name = nameOfType(object->type());
  out.put(FB_VALUE_OBJECT);
  out.putHandle(FB_HANDLE_OBJECT, object.release());
  out.put(isModule ? 1 : 0);
  out.putString(name);
}

void writeEnum(Writer& out, const IValue& value) {
  const auto holder = value.toEnumHolder();
  out.put(FB_VALUE_ENUM);
  out.putString(holder->type()->qualifiedClassName().name());
  out.putString(holder->name());
  putValue(out, holder->value());
}

void writeText(Writer& out, int tag, const std::string& text) {
  out.put(tag);
  out.putString(text);
}

[[noreturn]] void refuseCall(const c10::FunctionSchema& schema, const std::string& problem) {
  std::ostringstream text;
  text << problem << ". Declaration: " << schema;
  throw JitTypeError(text.str());
}

TypePtr withoutOptional(const TypePtr& type) {
  const auto optional = type->cast<c10::OptionalType>();
  return optional ? optional->getElementType() : type;
}

// An argument may take more than its type says: a dtype by its name, one number for an int[2].
IValue readArgument(Reader& in, const c10::Argument& argument) {
  const double* start = in.mark();
  const int tag = in.nextTag();
  if (tag == FB_VALUE_STRING &&
      withoutOptional(argument.real_type())->kind() == TypeKind::ScalarTypeType) {
    const std::string name = in.nextString();
    if (const auto dtype = dtypeOf(name)) return *dtype;
    throw JitTypeError(
        c10::str(
            "argument '", argument.name(), "': expected a dtype, got the string '", name, "'"));
  }
  if (tag == FB_VALUE_NUMBER && argument.N()) {
    const auto type = withoutOptional(argument.type())->cast<c10::ListType>();
    if (type) {
      const IValue value = readTagged(in, tag, type->getElementType(), argument.name());
      c10::impl::GenericList list(type->getElementType());
      for (int32_t i = 0; i < *argument.N(); i++) list.push_back(value);
      return list;
    }
  }
  in.reset(start);
  return readValue(in, argument.type(), argument.name());
}

void readKeywords(
    Reader& in,
    const c10::FunctionSchema& schema,
    size_t first,
    std::vector<std::optional<IValue>>& given) {
  const size_t keywords = in.nextCount();
  for (size_t i = 0; i < keywords; i++) {
    const std::string name = in.nextString();
    const auto at = schema.argumentIndexWithName(name);
    if (!at || static_cast<size_t>(*at) < first) {
      refuseCall(schema, c10::str("unknown keyword argument '", name, "'"));
    }
    if (given[*at]) refuseCall(schema, c10::str("argument '", name, "' is given twice"));
    given[*at] = readArgument(in, schema.arguments()[*at]);
  }
}

}  // namespace

std::vector<IValue> readArguments(
    Reader& in, const c10::FunctionSchema& schema, const std::optional<IValue>& self) {
  const auto& arguments = schema.arguments();
  const size_t first = self ? 1 : 0;
  std::vector<std::optional<IValue>> given(arguments.size());
  if (self) given[0] = self;
  const auto most = static_cast<size_t>(
      std::count_if(arguments.begin() + first, arguments.end(), [](const auto& one) {
        return !one.kwarg_only();
      }));
  const size_t positional = in.nextCount();
  if (positional > most) {
    refuseCall(schema, c10::str("expected at most ", most, " arguments, got ", positional));
  }
  for (size_t i = 0; i < positional; i++) {
    given[first + i] = readArgument(in, arguments[first + i]);
  }
  readKeywords(in, schema, first, given);
  std::vector<IValue> stack;
  stack.reserve(arguments.size());
  for (size_t i = 0; i < arguments.size(); i++) {
    if (!given[i]) given[i] = arguments[i].default_value();
    if (!given[i]) refuseCall(schema, c10::str("missing argument '", arguments[i].name(), "'"));
    stack.push_back(std::move(*given[i]));
  }
  return stack;
}

std::string nameOfType(const TypePtr& type) {
  // Without the namespace, wherever in the type the name stands.
  return type->annotation_str([](const c10::Type& inner) -> std::optional<std::string> {
    if (inner.kind() == TypeKind::EnumType) {
      return inner.expectRef<c10::EnumType>().qualifiedClassName().name();
    }
    const auto* named = dynamic_cast<const c10::NamedType*>(&inner);
    if (named == nullptr || !named->name()) return std::nullopt;
    return named->name()->name();
  });
}

IValue readValue(Reader& in, const TypePtr& type, const std::string& path) {
  return readTagged(in, in.nextTag(), type, path);
}

IValue readAnyValue(Reader& in, const std::string& path) {
  const int tag = in.nextTag();
  switch (tag) {
    case FB_VALUE_NONE:
      return IValue();
    case FB_VALUE_TENSOR:
      return borrowTensor(in.next());
    case FB_VALUE_STRING:
      return in.nextString();
    case FB_VALUE_ARRAY:
      return listOrTuple(readAnyElements(in, path));
    case FB_VALUE_NUMBERS:
      return listOrTuple(readAnyNumbers(in, path));
    case FB_VALUE_TUPLE:
      return c10::ivalue::Tuple::create(readAnyElements(in, path));
    case FB_VALUE_RECORD:
    case FB_VALUE_NAMED_TUPLE:
      return readAnyRecord(in, tag, path);
    case FB_VALUE_MAP:
      return readAnyMap(in, path);
    case FB_VALUE_LIST: {
      const double* start = in.mark();
      const auto type = c10::ListType::create(parseType(in.nextString()));
      in.reset(start);
      return readList(in, tag, type, path);
    }
    case FB_VALUE_DICT: {
      const double* start = in.mark();
      const auto key = parseType(in.nextString());
      const auto type = c10::DictType::create(key, parseType(in.nextString()));
      in.reset(start);
      return readDict(in, tag, type, path);
    }
    case FB_VALUE_OBJECT:
      return readObject(in);
    case FB_VALUE_DEVICE:
      return at::Device(in.nextString());
    case FB_VALUE_GENERATOR:
      return readGenerator(in);
    default:
      return readNumber(in, tag, c10::NumberType::get(), path);
  }
}

namespace {

void putValue(Writer& out, const IValue& value) {
  if (value.isTensor()) {
    out.put(FB_VALUE_TENSOR);
    out.putTensor(value.toTensor());
  } else if (value.isNone()) {
    out.put(FB_VALUE_NONE);
  } else if (value.isBool()) {
    out.put(FB_VALUE_BOOL);
    out.put(value.toBool() ? 1 : 0);
  } else if (value.isInt()) {
    writeInt(out, value.toInt());
  } else if (value.isDouble()) {
    out.put(FB_VALUE_FLOAT);
    out.put(value.toDouble());
  } else if (value.isComplexDouble()) {
    const auto complex = value.toComplexDouble();
    out.put(FB_VALUE_COMPLEX);
    out.put(complex.real());
    out.put(complex.imag());
  } else if (value.isString()) {
    writeText(out, FB_VALUE_STRING, value.toStringRef());
  } else if (value.isTuple()) {
    writeTuple(out, value);
  } else if (value.isList()) {
    const auto list = value.toListRef();
    out.put(FB_VALUE_ARRAY);
    out.put(static_cast<double>(list.size()));
    for (const auto& element : list) putValue(out, element);
  } else if (value.isGenericDict()) {
    const auto dict = value.toGenericDict();
    // Which of the two an empty one is, only its type says.
    const bool strings = dict.keyType()->kind() == TypeKind::StringType;
    out.put(strings ? FB_VALUE_MAP : FB_VALUE_DICT);
    out.put(static_cast<double>(dict.size()));
    for (const auto& entry : dict) {
      putValue(out, entry.key());
      putValue(out, entry.value());
    }
  } else if (value.isObject()) {
    writeObject(out, value);
  } else if (value.isEnum()) {
    writeEnum(out, value);
  } else if (value.isGenerator()) {
    out.put(FB_VALUE_GENERATOR);
    auto generator = at::Generator(value.toGenerator());
    out.putHandle(FB_HANDLE_GENERATOR, generator.unsafeReleaseGeneratorImpl());
  } else if (value.isFuture()) {
    out.put(FB_VALUE_FUTURE);
    putValue(out, value.toFuture()->value());
  } else if (value.isDevice()) {
    writeText(out, FB_VALUE_DEVICE, value.toDevice().str());
  } else {
    writeText(out, FB_VALUE_OPAQUE, value.tagKind());
  }
}

}  // namespace

void writeValue(Writer& out, const IValue& value) {
  complete(value);
  putValue(out, value);
}

}  // namespace flambeau
