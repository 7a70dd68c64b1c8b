#include "image.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "internal.h"

namespace flambeau {
namespace {

constexpr uint64_t kPage = 16384;

[[noreturn]] void failed(const char* what) {
  throw SerializationError(c10::str("the file could not be ", what, ": ", std::strerror(errno)));
}

}  // namespace

Image::Image(const std::string& path)
    : data_(nullptr), size_(0), file_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
  if (file_ < 0) failed("opened");
  struct stat state{};
  const bool known = ::fstat(file_, &state) == 0 && S_ISREG(state.st_mode);
  if (known && state.st_size > 0) {
    void* reserved = ::mmap(
        nullptr,
        static_cast<size_t>(state.st_size),
        PROT_READ | PROT_WRITE,
        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
        -1,
        0);
    if (reserved != MAP_FAILED) {
      data_ = static_cast<char*>(reserved);
      size_ = static_cast<uint64_t>(state.st_size);
      pages_.resize((size_ + kPage - 1) / kPage);
      return;
    }
  }
  const int reason = errno;
  ::close(file_);
  errno = known ? reason : EINVAL;
  if (!known || state.st_size > 0) failed("read");
  throw SerializationError("the file is empty");
}

Image::~Image() {
  if (file_ < 0) return;
  ::munmap(data_, size_);
  ::close(file_);
}

const char* Image::need(uint64_t at, uint64_t count) {
  if (file_ >= 0 && count > 0) {
    for (uint64_t page = at / kPage; page <= (at + count - 1) / kPage; page++) {
      if (pages_[page]) continue;
      const uint64_t start = page * kPage;
      copy(start, data_ + start, std::min(kPage, size_ - start));
      pages_[page] = true;
    }
  }
  return data_ + at;
}

void Image::copy(uint64_t at, void* out, uint64_t count) const {
  if (file_ < 0) {
    std::memcpy(out, data_ + at, count);
    return;
  }
  uint64_t done = 0;
  while (done < count) {
    const ssize_t got =
        ::pread(file_, static_cast<char*>(out) + done, count - done, static_cast<off_t>(at + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) failed("read");
    if (got == 0) throw SerializationError("the file became shorter while it was read");
    done += static_cast<uint64_t>(got);
  }
}

}  // namespace flambeau
