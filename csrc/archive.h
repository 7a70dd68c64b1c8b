// A zip archive as LibTorch's reader takes it, read by a reader that trusts nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "image.h"

namespace flambeau {

// A record: a file of the archive.
struct Record {
  std::string name;  // with the archive's folder
  uint64_t offset;   // of its data
  uint64_t stored;   // its bytes there
  uint64_t size;     // its bytes when inflated
  uint32_t crc;      // of the inflated bytes
  bool deflated;
  bool described;  // its numbers follow it
};

class Archive {
 public:
  // Reads and checks the directory. Throws SerializationError.
  explicit Archive(Image& image);

  const std::vector<Record>& records() const { return records_; }
  // By its name without the archive's folder; null when there is none.
  const Record* find(const std::string& name) const;
  // The record whose data begins at `offset`.
  const Record* at(uint64_t offset) const;
  // A name without the archive's folder.
  std::string_view nameOf(const Record& record) const;

  Image& image() const { return image_; }
  // The bytes of a record, inflated where they must be, and held against its checksum where `check`
  // says so.
  std::string read(const Record& record, bool check) const;
  // Copies the data of a record that is not deflated, and checks it on the way.
  void copyChecked(const Record& record, void* out) const;
  // Holds a record against its checksum.
  void verify(const Record& record) const;
  // Holds the checksums against the fingerprint that PyTorch writes.
  void checkFingerprint() const;

 private:
  struct Directory {
    uint64_t entries, offset, end;
  };
  Directory readEnd() const;
  void readDirectory(const Directory& directory);
  void checkLayout(uint64_t directory) const;

  Image& image_;
  std::string folder_;
  std::vector<Record> records_;
  // Where each record begins and ends, headers included.
  std::vector<std::pair<uint64_t, uint64_t>> spans_;
  std::unordered_map<std::string, size_t> byName_;
  std::unordered_map<uint64_t, size_t> byOffset_;
};

}  // namespace flambeau
