// A Node-API entry beside the C ABI, for what FFI lacks. In Deno, an ArrayBuffer with a native
// deleter, by which V8 counts a tensor's bytes and tells when it was forgotten. In both runtimes, a
// call at the end of a Worker, however it comes, while the memory of its JavaScript is still there.
// The functions are weak, so that the library also opens where there are none.
#include <cstdint>
#include <cstring>

#include "internal.h"
#include "memory.h"
#include "pages.h"

extern "C" {

using napi_env = struct NapiEnv*;
using napi_value = struct NapiValue*;
using napi_callback_info = struct NapiCallbackInfo*;
using napi_callback = napi_value (*)(napi_env, napi_callback_info);
using napi_finalize = void (*)(napi_env, void* data, void* hint);

#define FB_NODE_API __attribute__((weak)) int32_t
FB_NODE_API napi_create_external_arraybuffer(
    napi_env, void*, size_t, napi_finalize, void*, napi_value*);
FB_NODE_API napi_create_function(napi_env, const char*, size_t, napi_callback, void*, napi_value*);
FB_NODE_API napi_set_named_property(napi_env, napi_value, const char*, napi_value);
FB_NODE_API napi_get_cb_info(
    napi_env, napi_callback_info, size_t*, napi_value*, napi_value*, void**);
FB_NODE_API napi_get_value_double(napi_env, napi_value, double*);
FB_NODE_API napi_add_env_cleanup_hook(napi_env, void (*)(void*), void*);

FB_API napi_value napi_register_module_v1(napi_env env, napi_value exports);
}

namespace flambeau {
namespace {

void collected(napi_env /*env*/, void* /*data*/, void* page) {
  pageCollected(page);
}

// ballast(page, bytes): the buffer, or undefined where it could not be made.
napi_value ballast(napi_env env, napi_callback_info info) {
  size_t count = 2;
  napi_value given[2];
  double page = 0;
  double bytes = 0;
  napi_value made = nullptr;
  if (napi_get_cb_info(env, info, &count, given, nullptr, nullptr) != 0 || count < 2 ||
      napi_get_value_double(env, given[0], &page) != 0 ||
      napi_get_value_double(env, given[1], &bytes) != 0) {
    return nullptr;
  }
  const auto length =
      static_cast<size_t>(bytes) < kEmptyBytes ? static_cast<size_t>(bytes) : kEmptyBytes;
  napi_create_external_arraybuffer(
      env, emptyMemory(), length, collected, fromHandle<void>(page), &made);
  return made;
}

void freed(napi_env /*env*/, void* block, void* /*hint*/) {
  freeBuffer(block);
}

// block(bytes): a buffer over memory that was used before, or undefined where it could not be made.
napi_value block(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value given[1];
  double bytes = 0;
  napi_value made = nullptr;
  if (napi_get_cb_info(env, info, &count, given, nullptr, nullptr) != 0 || count < 1 ||
      napi_get_value_double(env, given[0], &bytes) != 0) {
    return nullptr;
  }
  void* memory = fromHandle<void>(fb_block_new(bytes));
  if (memory == nullptr) return nullptr;
  const auto size = static_cast<size_t>(bytes);
  if (napi_create_external_arraybuffer(env, memory, size, freed, nullptr, &made) != 0) {
    freeBuffer(memory);
    return nullptr;
  }
  return made;
}

void unshared(napi_env /*env*/, void* bytes, void* block) {
  sharedBufferCollected(bytes, block);
}

// share(address, bytes, block): the memory of fb_memory_share as an ArrayBuffer, or undefined where
// it could not be made.
napi_value share(napi_env env, napi_callback_info info) {
  size_t count = 3;
  napi_value given[3];
  double address = 0;
  double bytes = 0;
  double block = 0;
  napi_value made = nullptr;
  if (napi_get_cb_info(env, info, &count, given, nullptr, nullptr) != 0 || count < 3 ||
      napi_get_value_double(env, given[0], &address) != 0 ||
      napi_get_value_double(env, given[1], &bytes) != 0 ||
      napi_get_value_double(env, given[2], &block) != 0) {
    return nullptr;
  }
  napi_create_external_arraybuffer(
      env,
      fromHandle<void>(address),
      static_cast<size_t>(bytes),
      unshared,
      fromHandle<void>(block),
      &made);
  return made;
}

void keptForGood(napi_env /*env*/, void* /*data*/, void* /*hint*/) {}

// view(address, bytes): native memory that stays, as an ArrayBuffer. Deno's own way asks for the
// permission to use any pointer.
napi_value view(napi_env env, napi_callback_info info) {
  size_t count = 2;
  napi_value given[2];
  double address = 0;
  double bytes = 0;
  napi_value made = nullptr;
  if (napi_get_cb_info(env, info, &count, given, nullptr, nullptr) != 0 || count < 2 ||
      napi_get_value_double(env, given[0], &address) != 0 ||
      napi_get_value_double(env, given[1], &bytes) != 0) {
    return nullptr;
  }
  napi_create_external_arraybuffer(
      env, fromHandle<void>(address), static_cast<size_t>(bytes), keptForGood, nullptr, &made);
  return made;
}

void ends(void* /*nothing*/) {
  fb_thread_ends();
}

}  // namespace
}  // namespace flambeau

napi_value napi_register_module_v1(napi_env env, napi_value exports) {
  const auto add = [&](const char* name, napi_callback body) {
    napi_value function = nullptr;
    if (napi_create_function(env, name, std::strlen(name), body, nullptr, &function) == 0) {
      napi_set_named_property(env, exports, name, function);
    }
  };
  add("ballast", flambeau::ballast);
  add("block", flambeau::block);
  add("share", flambeau::share);
  add("view", flambeau::view);
  napi_add_env_cleanup_hook(env, flambeau::ends, nullptr);
  return exports;
}
