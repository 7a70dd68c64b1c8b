// Versions, and the state that belongs to the process (seed, threads, default dtype) or the thread
// (grad mode).
#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <c10/core/GradMode.h>
#include <c10/core/InferenceMode.h>
#include <torch/version.h>

#include <cstdio>

#include "handles.h"

using namespace flambeau;

int32_t fb_abi_version(void) {
  return FB_ABI_VERSION;
}

int32_t fb_libtorch_compiled(void) {
  return TORCH_VERSION_MAJOR * 1000000 + TORCH_VERSION_MINOR * 1000 + TORCH_VERSION_PATCH;
}

int32_t fb_libtorch_loaded(void) {
  return guard(0, [] {
    // The one place where a loaded libtorch_cpu says its own version.
    const std::string config = at::show_config();
    const auto at = config.find("TORCH_VERSION=");
    int major = 0;
    int minor = 0;
    int patch = 0;
    if (at == std::string::npos ||
        std::sscanf(config.c_str() + at, "TORCH_VERSION=%d.%d.%d", &major, &minor, &patch) != 3) {
      return 0;
    }
    return major * 1000000 + minor * 1000 + patch;
  });
}

int32_t fb_grad_enabled(void) {
  return c10::GradMode::is_enabled() ? 1 : 0;
}

int32_t fb_set_grad_enabled(bool on) {
  const bool before = c10::GradMode::is_enabled();
  c10::GradMode::set_enabled(on);
  return before ? 1 : 0;
}

int32_t fb_inference_enabled(void) {
  return c10::InferenceMode::is_enabled() ? 1 : 0;
}

double fb_inference_enter(bool on) {
  return guard(0.0, [&] { return toHandle(new c10::InferenceMode(on)); });
}

void fb_inference_leave(double mode) {
  delete fromHandle<c10::InferenceMode>(mode);
}

int32_t fb_manual_seed(uint32_t high, uint32_t low) {
  return guard(-1, [&] {
    at::manual_seed((static_cast<uint64_t>(high) << 32) | low);
    return 0;
  });
}

double fb_rng_state(void) {
  return guard(0.0, [] {
    auto generator = at::detail::getDefaultCPUGenerator();
    const std::lock_guard<std::mutex> lock(generator.mutex());
    return exportTensor(generator.get_state());
  });
}

int32_t fb_set_rng_state(double tensor) {
  return guard(-1, [&] {
    auto generator = at::detail::getDefaultCPUGenerator();
    const std::lock_guard<std::mutex> lock(generator.mutex());
    generator.set_state(borrowTensor(tensor));
    return 0;
  });
}

int32_t fb_num_threads(void) {
  return guard(-1, [] { return at::get_num_threads(); });
}

int32_t fb_set_num_threads(int32_t n) {
  return guard(-1, [&] {
    at::set_num_threads(n);
    return 0;
  });
}

int32_t fb_default_dtype(void) {
  return guard(-1, [] { return static_cast<int32_t>(at::get_default_dtype_as_scalartype()); });
}

int32_t fb_set_default_dtype(int32_t dtype) {
  return guard(-1, [&] {
    at::set_default_dtype(c10::scalarTypeToTypeMeta(static_cast<at::ScalarType>(dtype)));
    return 0;
  });
}

int32_t fb_deterministic(void) {
  const auto& context = at::globalContext();
  if (!context.deterministicAlgorithms()) return 0;
  return context.deterministicAlgorithmsWarnOnly() ? 1 : 2;
}

int32_t fb_set_deterministic(int32_t mode) {
  return guard(-1, [&] {
    at::globalContext().setDeterministicAlgorithms(mode > 0, mode == 1);
    return 0;
  });
}

int32_t fb_sdp(int32_t backend, int32_t on) {
  return guard(-1, [&] {
    auto& context = at::globalContext();
    const auto flag = [&](bool was, void (at::Context::*set)(bool)) {
      if (on >= 0) (context.*set)(on > 0);
      return was ? 1 : 0;
    };
    switch (static_cast<at::SDPBackend>(backend)) {
      case at::SDPBackend::math:
        return flag(context.userEnabledMathSDP(), &at::Context::setSDPUseMath);
      case at::SDPBackend::flash_attention:
        return flag(context.userEnabledFlashSDP(), &at::Context::setSDPUseFlash);
      case at::SDPBackend::efficient_attention:
        return flag(context.userEnabledMemEfficientSDP(), &at::Context::setSDPUseMemEfficient);
      case at::SDPBackend::cudnn_attention:
        return flag(context.userEnabledCuDNNSDP(), &at::Context::setSDPUseCuDNN);
      case at::SDPBackend::overrideable:
        return flag(context.userEnabledOverrideableSDP(), &at::Context::setSDPUseOverrideable);
      default:
        TORCH_CHECK_VALUE(false, backend, " is no backend of scaled dot product attention");
    }
  });
}

int32_t fb_sdp_priority(double ctx, bool set) {
  return guard(-1, [&] {
    auto& context = at::globalContext();
    if (set) {
      Reader in(ctx);
      std::vector<int64_t> order;
      for (int i = 0; i < at::num_sdp_backends; i++) order.push_back(in.nextInt());
      context.setSDPPriorityOrder(order);
    }
    Writer out(ctx);
    for (const auto backend : context.sDPPriorityOrder()) out.put(static_cast<double>(backend));
    return out.done();
  });
}

double fb_generator_new(void) {
  return guard(0.0, [] {
    return giveHandle(
        FB_HANDLE_GENERATOR, at::detail::createCPUGenerator().unsafeReleaseGeneratorImpl());
  });
}

void fb_generator_release(double generator) {
  if (generator == 0) return;
  guard(0, [&] {
    takeHandle(FB_HANDLE_GENERATOR, generator);
    return 0;
  });
}

int32_t fb_generator_seed(double generator, double ctx, bool fresh) {
  return guard(-1, [&] {
    at::Generator self = borrowGenerator(generator);
    const std::lock_guard<std::mutex> lock(self.mutex());
    const uint64_t seed = fresh ? self.seed() : self.current_seed();
    Writer out(ctx);
    out.put(FB_SCALAR_INT64);
    out.putInt64(static_cast<int64_t>(seed));
    return out.done();
  });
}

int32_t fb_generator_set_seed(double generator, uint32_t high, uint32_t low) {
  return guard(-1, [&] {
    at::Generator self = borrowGenerator(generator);
    const std::lock_guard<std::mutex> lock(self.mutex());
    self.set_current_seed((static_cast<uint64_t>(high) << 32) | low);
    return 0;
  });
}

double fb_generator_state(double generator) {
  return guard(0.0, [&] {
    at::Generator self = borrowGenerator(generator);
    const std::lock_guard<std::mutex> lock(self.mutex());
    return exportTensor(self.get_state());
  });
}

int32_t fb_generator_set_state(double generator, double tensor) {
  return guard(-1, [&] {
    at::Generator self = borrowGenerator(generator);
    const std::lock_guard<std::mutex> lock(self.mutex());
    self.set_state(borrowTensor(tensor));
    return 0;
  });
}

int32_t fb_device_parse(const char* name, uint32_t bytes) {
  return guard(
      -1, [&] { return static_cast<int32_t>(deviceCode(at::Device(std::string(name, bytes)))); });
}
