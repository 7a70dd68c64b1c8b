// The bytes of an archive: the caller's memory, or a file of which only what is asked for is read.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace flambeau {

class Image {
 public:
  // Borrows memory.
  Image(const char* data, uint64_t size) : data_(const_cast<char*>(data)), size_(size) {}
  // Keeps a copy.
  explicit Image(std::vector<char> bytes)
      : owned_(std::move(bytes)), data_(owned_.data()), size_(owned_.size()) {}
  // Reserves addresses for a file. It is read, not mapped: a mapped file that another process cuts
  // short ends ours.
  explicit Image(const std::string& path);
  ~Image();
  Image(const Image&) = delete;
  Image& operator=(const Image&) = delete;

  uint64_t size() const { return size_; }
  // The address of byte `at`. What a file has there is zeros until `need` asks for it.
  const char* address(uint64_t at) const { return data_ + at; }
  // `count` bytes from `at`, which must lie within: read once, so that what was checked stays what
  // it was.
  const char* need(uint64_t at, uint64_t count);
  // Copies bytes past what was kept. Throws SerializationError when the file is shorter by now.
  void copy(uint64_t at, void* out, uint64_t count) const;

 private:
  std::vector<char> owned_;
  char* data_;
  uint64_t size_;
  int file_ = -1;
  std::vector<bool> pages_;
};

}  // namespace flambeau
