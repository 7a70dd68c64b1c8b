// The ABI's errors and ownership.
#include <atomic>

#include "../../csrc/hot_code.h"
#include "harness.h"

namespace {

double compiled(const char* source) {
  return fb_compile(source, static_cast<double>(std::strlen(source)), false);
}

double opNamed(const char* name) {
  return fb_op_find(name, sizeOf(name));
}

int32_t callNamed(Words& words, const char* name) {
  return fb_registry_call(words.ctx, name, sizeOf(name));
}

const double kNaN = std::nan("");
const double kHuge = 1e300;

// ---- Errors ----

void errorsBelongToTheirThread() {
  Words words;
  EXPECT(opNamed("aten::no_such_op") == 0);
  EXPECT(fb_error_kind() == FB_ERROR_NOT_IMPLEMENTED);
  EXPECT(words.error().find("no_such_op") != std::string::npos);
  const double id = fb_error_id();
  std::thread([] {
    Words other;
    EXPECT(fb_error_kind() == FB_ERROR_NONE);
    EXPECT(other.error().empty());
  }).join();
  EXPECT(fb_error_id() == id);
}

void backtracesAreKeptForEightFailures() {
  Words words;
  const double x = ones(words, 3);
  const double y = ones(words, 4);
  words.write({x, y});
  EXPECT(fb_op_call(opNamed("aten::matmul"), words.ctx) == -1);
  const double id = fb_error_id();
  words.text(fb_error_backtrace(words.ctx, id));
  for (int i = 0; i < 8; i++) EXPECT(opNamed("none::such") == 0);
  EXPECT(fb_error_backtrace(words.ctx, id) == 0);
  for (const double odd : {kNaN, -1.0, kHuge, -kHuge, kInfinity, 0.5}) {
    EXPECT(fb_error_backtrace(words.ctx, odd) == 0);
  }
  fb_tensor_release(x);
  fb_tensor_release(y);
}

void kindsTellFailuresApart() {
  Words words;
  const double x = ones(words, 3);
  words.write({x, 0, 9});
  EXPECT(fb_op_call(opNamed("aten::select.int"), words.ctx) == -1);
  EXPECT(fb_error_kind() == FB_ERROR_INDEX);
  words.write({1, 3});
  EXPECT(fb_tensor_from_data(words.ctx, nullptr, 99, 6) == 0);
  EXPECT(fb_error_kind() == FB_ERROR_VALUE);
  EXPECT(compiled("def f(x:\n") == 0);
  EXPECT(fb_error_kind() == FB_ERROR_TORCHSCRIPT);
  words.write({1, FB_VALUE_NONE, 0});
  EXPECT(callNamed(words, "aten::relu") == -1);
  EXPECT(fb_error_kind() == FB_ERROR_JIT_TYPE);
  // As much as no machine has.
  words.write({1, 1e15, 1, 6, 0, 0, 0});
  EXPECT(fb_op_call(opNamed("aten::empty.memory_format"), words.ctx) == -1);
  EXPECT(fb_error_kind() == FB_ERROR_OUT_OF_MEMORY || fb_error_kind() == FB_ERROR_VALUE);
  fb_tensor_release(x);
}

// ---- Handles that are none ----

void handlesOfZeroAreErrors() {
  Words words;
  const double ctx = words.ctx;
  EXPECT(fb_op_call(0, ctx) == -1);
  EXPECT(fb_callable_call(0, ctx) == -1);
  EXPECT(fb_callable_text(0, ctx, 0) == -1);
  EXPECT(fb_callable_schema(0, ctx) == -1);
  EXPECT(fb_callable_optimized(0) == -1 && fb_callable_forget(0) == -1);
  EXPECT(fb_unit_names(0, ctx) == -1 && fb_unit_function(0, "f", 1) == 0);
  EXPECT(fb_object_retain(0) == 0 && fb_object_method(0, "f", 1) == 0);
  EXPECT(fb_object_get(0, ctx, "x", 1) == -1 && fb_object_set(0, ctx, "x", 1) == -1);
  EXPECT(fb_object_list(0, ctx, 0, true) == -1);
  EXPECT(fb_module_train(0, true) == -1 && fb_module_training(0) == -1);
  EXPECT(fb_module_define(0, "x", 1) == -1 && fb_module_clone(0) == 0);
  EXPECT(fb_generator_state(0) == 0 && fb_generator_set_seed(0, 0, 0) == -1);
  EXPECT(fb_job_call(0, ctx, 0) == 0);
  EXPECT(fb_op_call(opNamed("aten::relu"), 0) == -1);
  EXPECT(fb_context_resize(0, nullptr, 0) == -1 && fb_context_overflow(0) == -1);
  EXPECT(fb_text_copy(0, nullptr, 0) == -1 && fb_error_text(0, 0) == -1);
  EXPECT(fb_memory_released(0) == -1);
  EXPECT(fb_job_take(0) == -1 && fb_jobs_wait(0) == -1 && fb_jobs_pipe(0) == -1);
  EXPECT(fb_transfer_take(0, 1) == -1);
}

void releasingNothingDoesNothing() {
  const double none[3] = {0, 0, 0};
  fb_tensor_release(0);
  fb_object_release(0);
  fb_callable_release(0);
  fb_unit_release(0);
  fb_generator_release(0);
  fb_context_free(0);
  fb_tensor_release_many(none, 3);
  fb_tensor_release_many(nullptr, 0);
}

void theUndefinedTensorIsNoCrash() {
  Words words;
  float out = 0;
  EXPECT(fb_tensor_retain(0) == 0);
  fb_tensor_meta(0, words.ctx);
  EXPECT(fb_tensor_item(0, words.ctx) == -1);
  EXPECT(fb_tensor_read(0, &out, 4) == -1);
  fb_tensor_set_requires_grad(0, true);
  fb_tensor_grad(0);
  fb_tensor_set_grad(0, 0);
  fb_tensor_grad_fn(0, words.ctx);
  fb_tensor_set_data(0, 0);
  fb_tensor_shares_storage(0, 0);
  fb_storage_info(0, words.ctx);
  EXPECT(fb_storage_read(0, 0, &out, 4) == -1);
  EXPECT(fb_set_rng_state(0) == -1);
  words.write({0, 0, 0, 0, 0, 0});
  EXPECT(fb_op_call(opNamed("aten::relu"), words.ctx) == -1);
  EXPECT(fb_op_call(opNamed("aten::matmul"), words.ctx) == -1);
  EXPECT(fb_op_call(opNamed("aten::add.Tensor"), words.ctx) == -1);
}

// ---- Tensors ----

void tensorsAreCounted() {
  Words words;
  const double x = ones(words, 4);
  EXPECT(fb_tensor_retain(x) == x && fb_live(0) == 2);
  const double handles[3] = {x, 0, x};
  fb_tensor_release_many(handles, 3);
  EXPECT(fb_live(0) == 0);
}

void sizesAreChecked() {
  Words words;
  const float data[4] = {};
  const auto made = [&](std::initializer_list<double> shape, double bytes, int32_t dtype) {
    words.write(shape);
    const double tensor = fb_tensor_from_data(words.ctx, data, bytes, dtype);
    fb_tensor_release(tensor);
    return tensor != 0;
  };
  EXPECT(made({2, 2, 2}, 16, 6) && made({0}, 4, 6) && made({1, 0}, 0, 6));
  EXPECT(!made({2, -2, -2}, 16, 6) && !made({1, 4}, 15, 6) && !made({1, 4}, kNaN, 6));
  EXPECT(!made({1e9}, 16, 6) && !made({-1}, 4, 6) && !made({kNaN}, 4, 6));
  EXPECT(!made({1, kNaN}, 16, 6) && !made({1, kHuge}, 16, 6) && !made({1, 4}, 16, 127));
  EXPECT(!made({1, 4}, 16, -1) && !made({1, 4}, 16, 1 << 20));
  EXPECT(!made({2, 4294967296.0, 4294967296.0}, 0, 6));
  const double x = ones(words, 4);
  float out[4];
  EXPECT(fb_tensor_read(x, out, 15) == -1 && fb_tensor_read(x, out, kNaN) == -1);
  EXPECT(fb_tensor_read(x, out, 16) == 0 && out[3] == 1);
  EXPECT(fb_storage_read(x, 8, out, 8) == 0 && fb_storage_read(x, 8, out, 9) == -1);
  EXPECT(fb_storage_read(x, -1, out, 1) == -1 && fb_storage_read(x, kNaN, out, 1) == -1);
  EXPECT(fb_storage_write(x, kHuge, out, 1) == -1 && fb_storage_write(x, 0, out, -1) == -1);
  fb_tensor_release(x);
}

void lentMemoryIsListedOnce() {
  Words words(4);
  std::vector<float> lent(4);
  for (int id = 1; id <= 6; id++) {
    words.write({1, 4});
    const double x = fb_tensor_from_memory(words.ctx, lent.data(), 16, 6, id);
    words.write({x});
    EXPECT(fb_op_call(opNamed("aten::detach"), words.ctx) == 2);
    const double view = words[0];
    fb_tensor_release(x);
    EXPECT(fb_memory_released(words.ctx) == 0);
    std::thread([view] { fb_tensor_release(view); }).join();
    EXPECT(fb_memory_released(words.ctx) == 1 && words[0] == id);
  }
  // What was refused was never lent.
  words.write({1, 5});
  EXPECT(fb_tensor_from_memory(words.ctx, lent.data(), 16, 6, 9) == 0);
  EXPECT(fb_memory_released(words.ctx) == 0);
}

void lentMemoryOutlivesItsContext() {
  std::vector<float> lent(4);
  double x = 0;
  {
    Words words;
    words.write({1, 4});
    x = fb_tensor_from_memory(words.ctx, lent.data(), 16, 6, 1);
  }
  fb_tensor_release(x);
}

void gradientsAreOwned() {
  Words words;
  const double x = ones(words, 4);
  EXPECT(fb_tensor_grad(x) == 0);
  EXPECT(fb_tensor_set_requires_grad(x, true) == 0);
  words.write({x, 0});
  EXPECT(fb_op_call(opNamed("aten::sum"), words.ctx) == 2);
  const double sum = words[0];
  EXPECT(words.text(fb_tensor_grad_fn(sum, words.ctx)) == "SumBackward0");
  const double y = ones(words, 5);
  EXPECT(fb_tensor_set_grad(x, y) == -1 && fb_tensor_set_grad(x, x) == 0);
  const double grad = fb_tensor_grad(x);
  EXPECT(grad == x);
  EXPECT(fb_tensor_set_grad(x, 0) == 0);
  for (const double handle : {x, sum, y, grad}) fb_tensor_release(handle);
}

void stepsGoDownGradients() {
  Words words;
  const double x = ones(words, 3);
  const double y = ones(words, 2);
  const double grad = ones(words, 3);
  EXPECT(fb_tensor_set_grad(x, grad) == 0);
  words.write({3, x, y, 0});
  EXPECT(fb_step_descend(words.ctx, 0.25, 0, false) == -1);
  words.write({2, x, y});
  EXPECT(fb_step_descend(words.ctx, 0.25, 0, false) == 0);
  EXPECT(fb_step_descend(words.ctx, 0.5, 1, true) == 0);
  float out[3] = {0, 0, 0};
  // 1 - 0.25, and then up by half of the gradient less what the weight decay takes.
  EXPECT(fb_tensor_read(x, out, 12) == 0 && out[0] == 0.875F && out[2] == 0.875F);
  EXPECT(fb_tensor_read(y, out, 8) == 0 && out[0] == 1.0F);
  words.write({1e9, x});
  EXPECT(fb_step_descend(words.ctx, 1, 0, false) == -1);
  EXPECT(fb_step_descend(0, 1, 0, false) == -1);
  fb_tensor_release(grad);
  fb_tensor_release(y);
  fb_tensor_release(x);
}

// ---- Contexts ----

void resultsOverflowTheContext() {
  Words words(4);
  const double x = ones(words, 4);
  words.write({x});
  const double meta = fb_tensor_meta(x, words.ctx);
  EXPECT(meta > 4);
  EXPECT(fb_context_overflow(words.ctx) == -1);
  std::vector<double> larger(64);
  EXPECT(fb_context_resize(words.ctx, larger.data(), 64) == 0);
  EXPECT(fb_context_overflow(words.ctx) == meta && larger[0] == 6);
  EXPECT(fb_context_overflow(words.ctx) == 0);
  EXPECT(fb_context_resize(words.ctx, words.memory.data(), 4) == 0);
  fb_tensor_release(x);
}

void emptyContextsHoldNothing() {
  const double ctx = fb_context_new(nullptr, 0);
  EXPECT(fb_tensor_from_data(ctx, nullptr, 0, 6) == 0);
  EXPECT(fb_op_call(opNamed("aten::relu"), ctx) == -1);
  EXPECT(fb_registry_call(ctx, "aten::relu", 10) == -1);
  EXPECT(fb_memory_released(ctx) == 0 && fb_context_overflow(ctx) == 0);
  fb_context_free(ctx);
}

void textsNeedTheirRoom() {
  Words words;
  EXPECT(opNamed("none::such") == 0);
  const double bytes = fb_error_text(words.ctx, 0);
  char little[4];
  EXPECT(bytes > 4 && fb_text_copy(words.ctx, little, 4) == -1);
  EXPECT(!words.text(bytes).empty());
  EXPECT(fb_text_copy(words.ctx, little, 4) == 0);
}

// ---- Ops with bad words ----

void opsRefuseShortWords() {
  Words words(6);
  const double x = ones(words, 4);
  const double cat = opNamed("aten::cat");
  for (const double count : {-1.0, 5.0, 6.0, 1e9, 4294967295.0, kHuge, kNaN, -kInfinity}) {
    words.write({count, x, x, x, x, x});
    EXPECT(fb_op_call(cat, words.ctx) == -1);
  }
  words.write({4, x, x, x, x, 0});
  EXPECT(fb_op_call(cat, words.ctx) == 2);
  fb_tensor_release(words[0]);
  // Strings.
  const double einsum = opNamed("aten::einsum");
  for (const double bytes : {-1.0, 41.0, 1e9, kHuge, kNaN, kInfinity}) {
    words.write({bytes, spelled("i->i"), 1, x, 0, 0});
    EXPECT(fb_op_call(einsum, words.ctx) == -1);
  }
  words.write({4, spelled("i->"), 1, x, -1, 0});
  if (fb_op_call(einsum, words.ctx) > 0) fb_tensor_release(words[0]);
  fb_tensor_release(x);
}

void opsRefuseNonsense() {
  Words words;
  const double x = ones(words, 4);
  const double add = opNamed("aten::add.Tensor");
  for (const double tag : {-1.0, 5.0, 99.0, kNaN, kHuge}) {
    words.write({x, x, tag, 1, 1});
    EXPECT(fb_op_call(add, words.ctx) == -1);
  }
  for (const double high : {kNaN, kHuge, -kHuge, -1.0, 0.0}) {
    words.write({x, x, FB_SCALAR_INT64, high, kHuge});
    if (fb_op_call(add, words.ctx) > 0) fb_tensor_release(words[0]);
  }
  const double to = opNamed("aten::to.dtype");
  for (const double dtype : {-1.0, 46.0, 127.0, 1e9, kNaN, kHuge}) {
    words.write({x, dtype, 0, 0, 0});
    EXPECT(fb_op_call(to, words.ctx) == -1);
  }
  const double empty = opNamed("aten::empty.memory_format");
  for (const double device : {-1.0, 999999.0, 1e9, 20001.0, kNaN, kHuge}) {
    words.write({1, 2, 0, 0, 1, device, 0, 0});
    EXPECT(fb_op_call(empty, words.ctx) == -1);
  }
  const double transpose = opNamed("aten::transpose.int");
  for (const double dim : {5.0, kNaN, kHuge, -kHuge, kInfinity}) {
    words.write({x, dim, 0});
    EXPECT(fb_op_call(transpose, words.ctx) == -1);
  }
  fb_tensor_release(x);
}

void namesOfOpsMayBeAnything() {
  Words words;
  for (const char* name : {"", ".", "::", "a", "aten::", "aten::add.", "aten::add.Nope", "\xff"}) {
    EXPECT(opNamed(name) == 0 || std::string(name).empty());
    words.write({0, 0});
    EXPECT(callNamed(words, name) == -1);
    fb_registry_schemas(words.ctx, name, sizeOf(name));
  }
  const std::string zeros(100, '\0');
  EXPECT(fb_op_find(zeros.data(), 100) == 0);
  EXPECT(fb_load_library("/no/such/file.so", 16) == -1);
  EXPECT(fb_device_parse("nonsense:9", 10) == -1);
}

// ---- Values ----

void registryCallsRefuseNonsense() {
  Words words(16);
  const double x = ones(words, 4);
  for (const double count : {-1.0, 17.0, 1e9, kNaN, kHuge}) {
    words.write({count, FB_VALUE_TENSOR, x});
    EXPECT(callNamed(words, "aten::relu") == -1);
    words.write({1, FB_VALUE_TENSOR, x, count});
    EXPECT(callNamed(words, "aten::relu") == -1);
    words.write({1, FB_VALUE_ARRAY, count});
    EXPECT(callNamed(words, "aten::stack") == -1);
    words.write({1, FB_VALUE_STRING, count});
    EXPECT(callNamed(words, "aten::ord") == -1);
  }
  for (const double tag : {-1.0, 23.0, 255.0, 256.0, 1e10, kNaN, kHuge}) {
    words.write({1, tag, x, 0});
    EXPECT(callNamed(words, "aten::relu") == -1);
    EXPECT(callNamed(words, "aten::len") == -1);
  }
  words.write({1, FB_VALUE_OBJECT, 0, 0});
  EXPECT(callNamed(words, "aten::relu") == -1);
  words.write({1, FB_VALUE_GENERATOR, 0, 0});
  EXPECT(callNamed(words, "aten::relu") == -1);
  fb_tensor_release(x);
}

// Nested values, of which the last fails after tensors have been read.
void valuesThatFailHalfwayHoldNothing() {
  Words words(32);
  const double x = ones(words, 4);
  words.write(
      {1, FB_VALUE_ARRAY, 3, FB_VALUE_TENSOR, x, FB_VALUE_ARRAY, 1, FB_VALUE_TENSOR, x, 99});
  EXPECT(callNamed(words, "aten::stack") == -1);
  words.write({1, FB_VALUE_RECORD, 2, 1, spelled("a"), FB_VALUE_TENSOR, x, 1, spelled("b"), 77});
  EXPECT(callNamed(words, "aten::len") == -1);
  words.write({1, FB_VALUE_MAP, 2, FB_VALUE_TENSOR, x, FB_VALUE_NONE, FB_VALUE_INT, 1, 88});
  EXPECT(callNamed(words, "aten::len") == -1);
  words.write({1, FB_VALUE_LIST, 3, spelled("](["), 0});
  EXPECT(callNamed(words, "aten::len") == -1);
  words.write({1, FB_VALUE_DEVICE, 5, spelled("nowhe"), 0});
  EXPECT(callNamed(words, "aten::relu") == -1);
  words.write({1, FB_VALUE_TENSOR, x, 1, 4, spelled("self"), FB_VALUE_TENSOR, x});
  EXPECT(callNamed(words, "aten::relu") == -1);
  fb_tensor_release(x);
  EXPECT(fb_memory(0) == 0);
}

void valuesGoBothWays() {
  Words words(8);
  const double unit = compiled(
      "def f(x: Dict[str, Tuple[int, List[float]]], y: Optional[Tensor]):\n"
      "    return x, y, 1 << 60, 'a text longer than a word', complex(1, 2), [[True]]\n");
  EXPECT(unit != 0);
  const double f = fb_unit_function(unit, "f", 1);
  std::vector<double> larger(128);
  fb_context_resize(words.ctx, larger.data(), 128);
  const std::vector<double> call = {
      2,
      FB_VALUE_RECORD,
      1,
      1,
      spelled("k"),
      FB_VALUE_ARRAY,
      2,
      FB_VALUE_NUMBER,
      1,
      FB_VALUE_NUMBERS,
      2,
      0.5,
      2,
      FB_VALUE_NONE,
      0};
  std::copy(call.begin(), call.end(), larger.begin());
  EXPECT(fb_callable_call(f, words.ctx) > 20);
  EXPECT(larger[0] == FB_VALUE_TUPLE && larger[1] == 6);
  // The same words cut off anywhere, and each word spoilt.
  for (size_t cut = 0; cut + 1 < call.size(); cut++) {
    std::vector<double> part(call.begin(), call.begin() + static_cast<ptrdiff_t>(cut));
    fb_context_resize(words.ctx, part.data(), static_cast<uint32_t>(cut));
    EXPECT(fb_callable_call(f, words.ctx) == -1);
  }
  std::vector<double> spoilt(128);
  fb_context_resize(words.ctx, spoilt.data(), 128);
  for (size_t at = 0; at < call.size(); at++) {
    for (const double word : {-1.0, 3.0, 100.0, kNaN, kHuge, -kHuge}) {
      std::fill(spoilt.begin(), spoilt.end(), 0);
      std::copy(call.begin(), call.end(), spoilt.begin());
      spoilt[at] = word;
      fb_callable_call(f, words.ctx);
    }
  }
  fb_context_resize(words.ctx, words.memory.data(), 8);
  fb_callable_release(f);
  fb_unit_release(unit);
}

// ---- Programs ----

void programsThatDoNotCompileLeaveNothing() {
  Words words;
  for (const char* source :
       {"def f(x: Nope):\n    return x\n",
        "def",
        "\xff\xfe",
        "def f(x):\n    return y\n",
        "def f(x):\n  return x\ndef f(x):\n  return x\n",
        "class A:\n  pass\n",
        "(((((((((("}) {
    const double unit = compiled(source);
    if (unit != 0) fb_unit_release(unit);
  }
  const std::string deep = "def f(x):\n    return " + std::string(100000, '(');
  EXPECT(compiled(deep.c_str()) == 0);
  EXPECT(!words.error().empty());
}

void callablesHoldTheirUnit() {
  Words words;
  const double unit = compiled("def f(x):\n    return x + 1\n");
  EXPECT(fb_unit_function(unit, "g", 1) == 0);
  const double f = fb_unit_function(unit, "f", 1);
  EXPECT(fb_unit_names(unit, words.ctx) > 0);
  fb_unit_release(unit);
  const double x = ones(words, 2);
  words.write({1, FB_VALUE_TENSOR, x, 0});
  EXPECT(fb_callable_call(f, words.ctx) == 3);
  fb_tensor_release(words[1]);
  EXPECT(fb_callable_schema(f, words.ctx) > 0);
  for (int what = -1; what < 8; what++) fb_callable_text(f, words.ctx, what);
  // A job holds the function and its arguments by itself.
  words.write({1, FB_VALUE_TENSOR, x, 0});
  EXPECT(fb_job_call(f, words.ctx, 0) > 0);
  fb_callable_release(f);
  fb_tensor_release(x);
  while (fb_job_take(words.ctx) == 0) fb_jobs_wait(words.ctx);
  EXPECT(words[1] == 0 && words[2] == FB_VALUE_TENSOR);
  fb_tensor_release(words[3]);
}

void raisedExceptionsCarryTheirClass() {
  Words words;
  const double unit =
      compiled("def f(x: int):\n    if x > 0:\n        raise ValueError('no')\n    return x\n");
  const double f = fb_unit_function(unit, "f", 1);
  words.write({1, FB_VALUE_NUMBER, 1, 0});
  EXPECT(fb_callable_call(f, words.ctx) == -1);
  EXPECT(fb_error_kind() == FB_ERROR_TORCHSCRIPT);
  EXPECT(words.error().find("no") != std::string::npos);
  words.text(fb_error_text(words.ctx, 1));
  words.text(fb_error_text(words.ctx, 2));
  words.write({1, FB_VALUE_NUMBER, 1, 0});
  EXPECT(fb_job_call(f, words.ctx, 0) > 0);
  while (fb_job_take(words.ctx) == 0) fb_jobs_wait(words.ctx);
  EXPECT(words[1] == 1 && fb_error_kind() == FB_ERROR_TORCHSCRIPT);
  fb_callable_release(f);
  fb_unit_release(unit);
}

void modulesOwnWhatIsAdded() {
  Words words;
  const double module = fb_module_new(0, "M", 1);
  const double child = fb_module_new(module, "C", 1);
  const double x = ones(words, 4);
  EXPECT(fb_module_add_tensor(module, "w", 1, x, true) == 0);
  EXPECT(fb_module_add_tensor(module, "n", 1, 0, true) == 0);
  EXPECT(fb_module_add_module(module, "c", 1, child) == 0);
  EXPECT(fb_module_add_module(module, "d", 1, 0) == -1);
  words.write({FB_VALUE_STRING, 1, spelled("s")});
  EXPECT(fb_module_add_attribute(module, words.ctx, "t", 1, "int", 3) == -1);
  EXPECT(fb_module_add_attribute(module, words.ctx, "t", 1, "no[", 3) == -1);
  EXPECT(fb_module_add_attribute(module, words.ctx, "t", 1, "str", 3) == 0);
  words.write({FB_VALUE_NUMBER, 1});
  EXPECT(fb_object_set(module, words.ctx, "t", 1) == -1);
  EXPECT(fb_object_get(module, words.ctx, "nope", 4) == -1);
  EXPECT(fb_module_define(module, "def f(self, x):\n  return x +\n", 29) == -1);
  const std::string source = "def f(self, x):\n    return x + self.w\n";
  EXPECT(fb_module_define(module, source.data(), static_cast<double>(source.size())) == 0);
  fb_tensor_release(x);
  const double method = fb_object_method(module, "f", 1);
  const double copy = fb_module_clone(module);
  EXPECT(method != 0 && copy != 0 && fb_object_method(module, "g", 1) == 0);
  const double ticket = fb_transfer_put(1, module);
  fb_object_release(module);
  fb_object_release(child);
  fb_object_release(copy);
  const double y = ones(words, 4);
  words.write({1, FB_VALUE_TENSOR, y, 0});
  EXPECT(fb_callable_call(method, words.ctx) == 3);
  fb_tensor_release(words[1]);
  fb_callable_release(method);
  fb_tensor_release(y);
  EXPECT(fb_transfer_take(words.ctx, ticket) > 0 && words[1] == FB_VALUE_OBJECT);
  fb_object_release(words[2]);
}

void generatorsAreCounted() {
  Words words;
  const double generator = fb_generator_new();
  EXPECT(fb_generator_set_seed(generator, 1, 2) == 0);
  EXPECT(fb_generator_seed(generator, words.ctx, false) == 3 && words[1] == 1 && words[2] == 2);
  const double state = fb_generator_state(generator);
  EXPECT(fb_generator_set_state(generator, state) == 0);
  EXPECT(fb_generator_set_state(generator, 0) == -1);
  const double x = ones(words, 1);
  EXPECT(fb_generator_set_state(generator, x) == -1);
  fb_tensor_release(x);
  fb_tensor_release(state);
  fb_generator_release(generator);
}

// While another thread runs it; what was moved before stays, which would be forgotten otherwise.
void hotCodeIsMoved() {
  std::atomic<bool> ends{false};
  std::thread other([&] {
    Words words;
    while (!ends) {
      const double x = ones(words, 4);
      words.write({x});
      EXPECT(fb_op_call(opNamed("aten::detach"), words.ctx) == 2);
      fb_tensor_release(words[0]);
      fb_tensor_release(x);
    }
  });
  const size_t moved = flambeau::moveHotCode(20);
  std::printf("%zu pages of code were moved\n", moved);
  EXPECT(flambeau::moveHotCode(20) < 8);
  ends = true;
  other.join();
}

}  // namespace

int main() {
  // A block that is freed is to be seen as freed.
  fb_memory_cache(0);
  return runTests({
      {"errors belong to their thread", errorsBelongToTheirThread},
      {"backtraces are kept for eight failures", backtracesAreKeptForEightFailures},
      {"kinds tell failures apart", kindsTellFailuresApart},
      {"handles of zero are errors", handlesOfZeroAreErrors},
      {"releasing nothing does nothing", releasingNothingDoesNothing},
      {"the undefined tensor is no crash", theUndefinedTensorIsNoCrash},
      {"tensors are counted", tensorsAreCounted},
      {"sizes are checked", sizesAreChecked},
      {"lent memory is listed once", lentMemoryIsListedOnce},
      {"lent memory outlives its context", lentMemoryOutlivesItsContext},
      {"gradients are owned", gradientsAreOwned},
      {"steps go down gradients", stepsGoDownGradients},
      {"results overflow the context", resultsOverflowTheContext},
      {"empty contexts hold nothing", emptyContextsHoldNothing},
      {"texts need their room", textsNeedTheirRoom},
      {"ops refuse short words", opsRefuseShortWords},
      {"ops refuse nonsense", opsRefuseNonsense},
      {"names of ops may be anything", namesOfOpsMayBeAnything},
      {"registry calls refuse nonsense", registryCallsRefuseNonsense},
      {"values that fail halfway hold nothing", valuesThatFailHalfwayHoldNothing},
      {"values go both ways", valuesGoBothWays},
      {"programs that do not compile leave nothing", programsThatDoNotCompileLeaveNothing},
      {"callables hold their unit", callablesHoldTheirUnit},
      {"raised exceptions carry their class", raisedExceptionsCarryTheirClass},
      {"modules own what is added", modulesOwnWhatIsAdded},
      {"generators are counted", generatorsAreCounted},
      {"hot code is moved", hotCodeIsMoved},
  });
}
