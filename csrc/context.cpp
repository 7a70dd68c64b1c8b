// Contexts: the memory that the caller lends, read and written as words.
#include <c10/util/Exception.h>

#include <cmath>
#include <cstring>

#include "handles.h"
#include "internal.h"
#include "jobs.h"
#include "lent.h"
#include "pages.h"

namespace flambeau {

std::atomic<int64_t> liveTensors{0};
std::atomic<int64_t> liveObjects{0};
std::atomic<int64_t> liveContexts{0};

void Reader::need(size_t words) const {
  TORCH_CHECK(
      words <= static_cast<size_t>(end_ - position_),
      "The argument buffer ends early: ",
      words,
      " more words were announced");
}

size_t Reader::countOf(double count) const {
  TORCH_CHECK(
      count >= 0 && count <= static_cast<double>(end_ - position_),
      "The argument buffer announces ",
      count,
      " elements, more than it holds");
  return static_cast<size_t>(count);
}

int64_t Reader::nextInt64() {
  const auto high = static_cast<uint64_t>(nextInt());
  const auto low = static_cast<uint64_t>(nextInt());
  return static_cast<int64_t>((high << 32) | low);
}

std::string Reader::nextString() {
  const double bytes = next();
  TORCH_CHECK(
      bytes >= 0 && bytes <= static_cast<double>(end_ - position_) * 8,
      "The argument buffer announces a string of ",
      bytes,
      " bytes, more than it holds");
  const auto words = static_cast<size_t>(std::ceil(bytes / 8));
  need(words);
  std::string text(reinterpret_cast<const char*>(position_), static_cast<size_t>(bytes));
  position_ += words;
  return text;
}

void Writer::spill(double word) {
  if (context_.overflow.empty()) {
    context_.overflow.assign(context_.words, context_.words + context_.capacity);
  }
  context_.overflow.push_back(word);
  count_++;
}

void Writer::putHandle(int32_t kind, const void* pointer) {
  given_.push_back({kind, 0});
  put(given_.back().handle = giveHandle(kind, pointer));
}

void Writer::takeBack() noexcept {
  for (const auto& [kind, handle] : given_) {
    if (kind == kTensor) {
      fb_tensor_release(handle);
    } else if (handle != 0) {
      guard(0, [kind = kind, handle = handle] {
        takeHandle(kind, handle);
        return 0;
      });
    }
  }
}

void Writer::putInt64(int64_t value) {
  put(static_cast<double>(value >> 32));
  put(static_cast<double>(static_cast<uint64_t>(value) & 0xffffffffU));
}

void Writer::putString(const std::string& text) {
  put(static_cast<double>(text.size()));
  for (size_t at = 0; at < text.size(); at += 8) {
    double word = 0;
    std::memcpy(&word, text.data() + at, std::min<size_t>(8, text.size() - at));
    put(word);
  }
}

void putScalar(Writer& out, const at::Scalar& value) {
  constexpr int64_t kSafe = int64_t{1} << 53;
  if (value.isComplex()) {
    const auto complex = value.toComplexDouble();
    out.put(FB_SCALAR_COMPLEX);
    out.put(complex.real());
    out.put(complex.imag());
  } else if (value.isFloatingPoint()) {
    out.put(FB_SCALAR_FLOAT);
    out.put(value.toDouble());
  } else if (value.isBoolean()) {
    out.put(FB_SCALAR_BOOL);
    out.put(value.toBool() ? 1 : 0);
  } else if (value.isUnsigned()) {
    // An uint64 beyond int64: its high half is unsigned too.
    const uint64_t integer = value.toUInt64();
    if (integer < static_cast<uint64_t>(kSafe)) {
      out.put(FB_SCALAR_INT);
      out.put(static_cast<double>(integer));
    } else {
      out.put(FB_SCALAR_INT64);
      out.put(static_cast<double>(integer >> 32));
      out.put(static_cast<double>(integer & 0xffffffffU));
    }
  } else if (const int64_t integer = value.toLong(); integer < kSafe && integer > -kSafe) {
    out.put(FB_SCALAR_INT);
    out.put(static_cast<double>(integer));
  } else {
    out.put(FB_SCALAR_INT64);
    out.putInt64(integer);
  }
}

at::Scalar readScalar(Reader& in) {
  switch (in.nextTag()) {
    case FB_SCALAR_INT:
      return in.nextInt();
    case FB_SCALAR_FLOAT:
      return in.next();
    case FB_SCALAR_BOOL:
      return in.next() != 0;
    case FB_SCALAR_COMPLEX: {
      const double real = in.next();
      return c10::complex<double>(real, in.next());
    }
    case FB_SCALAR_INT64:
      return in.nextInt64();
    default:
      TORCH_CHECK(false, "The argument buffer holds a scalar of an unknown kind");
  }
}

}  // namespace flambeau

using namespace flambeau;

double fb_context_new(void* words, uint32_t capacity) {
  return guard(0.0, [&] {
    auto* made = new Context{
        static_cast<double*>(words), capacity, {}, {}, nullptr, std::make_shared<Loans>()};
    liveContexts.fetch_add(1, std::memory_order_relaxed);
    ownContext(made);
    return toHandle(made);
  });
}

int32_t fb_context_resize(double ctx, void* words, uint32_t capacity) {
  return guard(-1, [&] {
    context(ctx).words = static_cast<double*>(words);
    context(ctx).capacity = capacity;
    return 0;
  });
}

int32_t fb_context_overflow(double ctx) {
  return guard(-1, [&] {
    auto& overflow = context(ctx).overflow;
    TORCH_CHECK(
        overflow.size() <= context(ctx).capacity, "The result does not fit the context yet");
    std::copy(overflow.begin(), overflow.end(), context(ctx).words);
    const auto count = static_cast<int32_t>(overflow.size());
    std::vector<double>().swap(overflow);
    return count;
  });
}

void fb_context_free(double ctx) {
  if (ctx == 0) return;
  liveContexts.fetch_sub(1, std::memory_order_relaxed);
  auto* context = fromHandle<Context>(ctx);
  disownContext(context);
  delete context;
}

double fb_text_copy(double ctx, void* out, double size) {
  return guard(-1.0, [&] {
    auto& text = context(ctx).text;
    const auto bytes = static_cast<double>(text.size());
    if (bytes > size) return -1.0;
    if (!text.empty()) std::memcpy(out, text.data(), text.size());
    // A saved model can be large: its bytes are the caller's now.
    std::string().swap(text);
    return bytes;
  });
}

double fb_live(int32_t what) {
  return guard(-1.0, [&] {
    freeDuePages();
    const auto& count = what == 0   ? liveTensors
                        : what == 1 ? liveObjects
                        : what == 2 ? liveContexts
                                    : liveNodes;
    return static_cast<double>(count.load());
  });
}
