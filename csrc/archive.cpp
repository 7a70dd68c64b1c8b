// Zip archives that others made. LibTorch's reader checks neither checksums nor whether the
// directory and the headers before the records say the same, so this does, before it sees the
// archive.
//
// Covered is: each byte of each record (its CRC-32); each field of the headers that a reader could
// act on, in that header, directory and data descriptor must say the same; and the order of all
// records (the fingerprint .data/serialization_id, in files since PyTorch 2.1). What is left cannot
// change what loads: the padding in front of a record, dates, and attributes other than the one of
// directories.
#include "archive.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <cstring>
#include <future>
#include <system_error>

#include "crc32.h"
#include "internal.h"

// miniz, in LibTorch.
extern "C" size_t tinfl_decompress_mem_to_mem(
    void* out, size_t outSize, const void* in, size_t inSize, int flags);

namespace flambeau {
namespace {

constexpr uint32_t kLocal = 0x04034b50;
constexpr uint32_t kCentral = 0x02014b50;
constexpr uint32_t kDescriptor = 0x08074b50;
constexpr uint32_t kEnd = 0x06054b50;
constexpr uint32_t kEnd64 = 0x06064b50;
constexpr uint32_t kLocator64 = 0x07064b50;
constexpr size_t kCentralSize = 46, kEndSize = 22, kEnd64Size = 56, kLocatorSize = 20;
constexpr uint32_t kWide = 0xffffffff;

// Deflate options (1, 2), sizes that follow the data (3), and names in UTF-8 (11).
constexpr uint16_t kFlagsKnown = 0x0806 | 8;
constexpr uint16_t kFlagDescriptor = 8;
// The external attribute of a directory.
constexpr uint32_t kFolder = 0x10;

// Longer names do not fit the buffers of LibTorch's reader.
constexpr size_t kLongestName = 511;
// What all deflated records together may inflate to, and above it how many times their bytes:
// source text is deflated to a tenth or so, a bomb to a thousandth.
constexpr uint64_t kInflateFreely = 64u << 20;
constexpr uint64_t kInflateTimes = 100;

template <class... Parts>
[[noreturn]] void refuse(const Parts&... parts) {
  throw SerializationError(c10::str(parts...));
}

// A name for a message: any bytes may stand in it.
std::string shown(std::string_view name) {
  std::string text;
  for (const char c : name.substr(0, 200)) text += c < ' ' || c == '\'' || c == 127 ? '?' : c;
  return "'" + text + "'";
}

// Reads little-endian fields of a part of the archive, and never past its end.
class Fields {
 public:
  Fields(Image& image, uint64_t at, uint64_t end, std::string what)
      : image_(image), at_(at), end_(end), what_(std::move(what)) {}

  template <class T>
  T next() {
    T value;
    std::memcpy(&value, bytes(sizeof(T)), sizeof(T));
    return value;
  }
  uint16_t u16() { return next<uint16_t>(); }
  uint32_t u32() { return next<uint32_t>(); }
  uint64_t u64() { return next<uint64_t>(); }
  const char* bytes(uint64_t count) {
    const char* start = image_.address(skip(count));
    image_.need(at_ - count, count);
    return start;
  }
  // Passes over a part, and gives its place.
  uint64_t skip(uint64_t count) {
    if (count > end_ - at_) refuse("the archive is cut off in ", what_, ", at byte ", at_);
    at_ += count;
    return at_ - count;
  }
  Fields part(uint64_t count, std::string what) {
    const uint64_t start = skip(count);
    return Fields(image_, start, start + count, std::move(what));
  }
  void expect(uint32_t signature) {
    const auto at = at_;
    if (u32() != signature) refuse(what_, " is not where it should be, at byte ", at);
  }
  uint64_t at() const { return at_; }
  uint64_t left() const { return end_ - at_; }

 private:
  Image& image_;
  uint64_t at_, end_;
  std::string what_;
};

struct Entry {
  uint16_t flags, method;
  uint32_t crc, time;
  uint64_t stored, size, offset;
  std::string name;
};

// The wide numbers of the extra field 1, in the order of those that did not fit.
void readWide(Fields extra, Entry& entry) {
  const bool wide = entry.size == kWide || entry.stored == kWide || entry.offset == kWide;
  bool seen = false;
  while (extra.left() > 0) {
    const auto id = extra.u16();
    const auto size = extra.u16();
    Fields body = extra.part(size, "an extra field of " + shown(entry.name));
    if (id != 1) continue;
    if (seen) refuse("record ", shown(entry.name), " has two fields of wide sizes");
    seen = true;
    if (entry.size == kWide) entry.size = body.u64();
    if (entry.stored == kWide) entry.stored = body.u64();
    if (entry.offset == kWide) entry.offset = body.u64();
  }
  if (wide && !seen) refuse("record ", shown(entry.name), " lacks its wide sizes");
}

Entry readCentral(Fields& in) {
  in.expect(kCentral);
  Entry entry;
  in.u16();  // version made by
  in.u16();  // version needed
  entry.flags = in.u16();
  entry.method = in.u16();
  entry.time = in.u32();
  entry.crc = in.u32();
  entry.stored = in.u32();
  entry.size = in.u32();
  const auto nameSize = in.u16(), extraSize = in.u16(), commentSize = in.u16();
  const auto disk = in.u16();
  in.u16();  // internal attributes
  const auto external = in.u32();
  entry.offset = in.u32();
  entry.name.assign(in.bytes(nameSize), nameSize);
  readWide(in.part(extraSize, "the directory's extra fields"), entry);
  in.skip(commentSize);
  if (disk != 0) refuse("record ", shown(entry.name), " is on another disk");
  // miniz takes it for a directory then, and leaves the memory for its data as it was.
  const bool folder = (external & kFolder) != 0 || (nameSize > 0 && entry.name.back() == '/');
  if (folder && (entry.size != 0 || entry.stored != 0)) {
    refuse("record ", shown(entry.name), " says that it is a directory, but has data");
  }
  return entry;
}

void checkName(const std::string& name) {
  const auto wrong = [&](const char* why) { refuse("record ", shown(name), " ", why); };
  if (name.empty() || name.size() > kLongestName) wrong("has an empty or overlong name");
  for (const char c : name) {
    if (static_cast<unsigned char>(c) < ' ' || c == '\\' || c == 127) {
      wrong("has a character in its name that no name may have");
    }
  }
  size_t start = 0;
  while (start <= name.size()) {
    const size_t end = std::min(name.find('/', start), name.size());
    const auto part = name.substr(start, end - start);
    if (part == ".." || part == "." || (part.empty() && end != name.size())) {
      wrong("has a name that leads out of the archive");
    }
    start = end + 1;
  }
}

void checkEntry(const Entry& entry) {
  checkName(entry.name);
  if ((entry.flags & ~kFlagsKnown) != 0) {
    refuse("record ", shown(entry.name), " is encrypted or of an unknown form");
  }
  if (entry.method != 0 && entry.method != 8) {
    refuse(
        "record ",
        shown(entry.name),
        " is compressed by method ",
        entry.method,
        ", which LibTorch does not read");
  }
  if (entry.method == 0 && entry.stored != entry.size) {
    refuse(
        "record ",
        shown(entry.name),
        " is not compressed, but has ",
        entry.stored,
        " bytes and says ",
        entry.size);
  }
}

// The header in front of the data: LibTorch finds the data by it, but takes the rest from the
// directory.
uint64_t checkLocal(Image& image, uint64_t end, const Entry& entry) {
  const auto name = shown(entry.name);
  if (entry.offset >= end)
    refuse("record ", name, " begins at byte ", entry.offset, ", past the end of the records");
  Fields in(image, entry.offset, end, "the header of record " + name);
  const auto same = [&](uint64_t here, uint64_t there, const char* what) {
    if (here != there) {
      refuse(
          "record ",
          name,
          " has ",
          what,
          " ",
          here,
          " in its header, but ",
          there,
          " in the directory");
    }
  };
  in.expect(kLocal);
  in.u16();  // version needed
  same(in.u16(), entry.flags, "flags");
  same(in.u16(), entry.method, "method");
  same(in.u32(), entry.time, "time");
  Entry local = entry;
  local.crc = in.u32();
  local.stored = in.u32();
  local.size = in.u32();
  local.offset = 0;
  const auto nameSize = in.u16(), extraSize = in.u16();
  if (std::string_view(in.bytes(nameSize), nameSize) != entry.name) {
    refuse("record ", name, " has another name in its header");
  }
  readWide(in.part(extraSize, "the extra fields of record " + name), local);
  const bool later = (entry.flags & kFlagDescriptor) != 0;
  // Where the numbers follow the data, the header has zeros, or already the numbers.
  if (!later || local.crc != 0) same(local.crc, entry.crc, "checksum");
  if (!later || local.stored != 0) same(local.stored, entry.stored, "stored size");
  if (!later || local.size != 0) same(local.size, entry.size, "size");
  return in.at();
}

// The numbers after the data. Their end.
uint64_t checkDescriptor(
    Image& image, uint64_t at, uint64_t end, const Entry& entry, uint64_t next) {
  if ((entry.flags & kFlagDescriptor) == 0) return at;
  const auto name = shown(entry.name);
  // Whether the sizes have 4 or 8 bytes, only the place of what follows says.
  const bool wide = next - at >= 24;
  Fields in(image, at, end, "the numbers after record " + name);
  in.expect(kDescriptor);
  const bool agree = in.u32() == entry.crc && (wide ? in.u64() : in.u32()) == entry.stored &&
                     (wide ? in.u64() : in.u32()) == entry.size;
  if (!agree) refuse("record ", name, " has other numbers after its data than in the directory");
  return in.at();
}

std::string lowered(std::string name) {
  for (char& c : name) {
    if (c >= 'A' && c <= 'Z') c += 'a' - 'A';
  }
  return name;
}

}  // namespace

Archive::Archive(Image& image) : image_(image) {
  if (image.size() < kEndSize) refuse("the ", image.size(), " bytes are too few for a zip archive");
  readDirectory(readEnd());
}

Archive::Directory Archive::readEnd() const {
  const uint64_t at = image_.size() - kEndSize;
  Fields end(image_, at, image_.size(), "the archive's end");
  if (end.u32() != kEnd)
    refuse("the archive does not end as one: it was cut off, or something follows it");
  const auto disk = end.u32();  // two numbers of 16 bits
  const auto here = end.u16(), entries = end.u16();
  const auto size = end.u32(), offset = end.u32();
  const auto comment = end.u16();
  if (disk != 0 || here != entries || comment != 0)
    refuse("the archive's end is damaged, or has a comment");

  Directory found{entries, offset, at};
  uint64_t length = size;
  const bool wide =
      at >= kLocatorSize && Fields(image_, at - kLocatorSize, at, "").u32() == kLocator64;
  if (wide) {
    Fields locator(image_, at - kLocatorSize, at, "the archive's end");
    locator.u32();
    const auto locatorDisk = locator.u32();
    const auto end64 = locator.u64();
    const auto disks = locator.u32();
    if (locatorDisk != 0 || disks != 1 || at < kLocatorSize + kEnd64Size ||
        end64 != at - kLocatorSize - kEnd64Size) {
      refuse("the archive's wide end is not where it should be");
    }
    Fields big(image_, end64, at, "the archive's wide end");
    big.expect(kEnd64);
    const auto rest = big.u64();
    big.u32();  // versions
    const auto disks64 = big.u64();
    const auto here64 = big.u64();
    found = {big.u64(), 0, end64};
    length = big.u64();
    found.offset = big.u64();
    const auto agrees = [](uint64_t narrow, uint64_t full, uint64_t limit) {
      return narrow == full || narrow == limit;
    };
    if (rest != kEnd64Size - 12 || disks64 != 0 || here64 != found.entries ||
        !agrees(entries, found.entries, 0xffff) || !agrees(size, length, kWide) ||
        !agrees(offset, found.offset, kWide)) {
      refuse("the archive's two ends do not say the same");
    }
  }
  if (found.offset > found.end || length != found.end - found.offset) {
    refuse("the directory is not where the archive's end says");
  }
  return found;
}

void Archive::readDirectory(const Directory& directory) {
  if (directory.entries == 0) refuse("the archive has no records");
  if (directory.entries > (directory.end - directory.offset) / kCentralSize) {
    refuse(
        "the directory cannot hold the ",
        directory.entries,
        " records that the archive's end counts");
  }
  Fields in(image_, directory.offset, directory.end, "the directory");
  std::vector<Entry> entries;
  for (uint64_t i = 0; i < directory.entries; i++) {
    entries.push_back(readCentral(in));
    checkEntry(entries.back());
  }
  if (in.left() != 0) refuse("the directory has bytes that belong to no record");

  std::vector<uint64_t> starts;
  for (const auto& entry : entries) starts.push_back(entry.offset);
  std::sort(starts.begin(), starts.end());
  starts.push_back(directory.offset);

  folder_ = entries[0].name.substr(0, entries[0].name.find('/'));
  uint64_t inflated = 0, deflated = 0;
  for (const auto& entry : entries) {
    const auto name = shown(entry.name);
    if (entry.name.size() <= folder_.size() ||
        entry.name.compare(0, folder_.size() + 1, folder_ + "/") != 0) {
      refuse("record ", name, " is not in the archive's folder ", shown(folder_));
    }
    // LibTorch's reader finds records without regard to case.
    if (!byName_.emplace(lowered(entry.name), records_.size()).second) {
      refuse(
          "record ",
          name,
          " is there twice (names that differ only in case are the same for LibTorch)");
    }
    const uint64_t start = checkLocal(image_, directory.offset, entry);
    if (entry.stored > directory.offset - start) {
      refuse("record ", name, " says that it has ", entry.stored, " bytes, more than the archive");
    }
    const uint64_t next = *std::upper_bound(starts.begin(), starts.end(), entry.offset);
    const uint64_t end = start + entry.stored;
    if (end > next) refuse("record ", name, " overlaps the record after it");
    const uint64_t last = checkDescriptor(image_, end, directory.offset, entry, next);
    if (entry.method == 8) {
      inflated += entry.size;
      deflated += entry.stored;
      if (inflated > kInflateFreely && inflated / kInflateTimes > deflated) {
        refuse(
            "record ",
            name,
            " is a zip bomb: ",
            entry.stored,
            " bytes that say they inflate to ",
            entry.size);
      }
    }
    byOffset_.emplace(start, records_.size());
    records_.push_back(
        {entry.name,
         start,
         entry.stored,
         entry.size,
         entry.crc,
         entry.method == 8,
         (entry.flags & kFlagDescriptor) != 0});
    spans_.emplace_back(entry.offset, last);
  }
  checkLayout(directory.offset);
}

// The records follow one another without a gap, and the directory follows them.
void Archive::checkLayout(uint64_t directory) const {
  auto spans = spans_;
  std::sort(spans.begin(), spans.end());
  uint64_t at = 0;
  for (const auto& [start, end] : spans) {
    if (start < at) refuse("two records overlap at byte ", start);
    if (start > at) refuse("the bytes ", at, " to ", start, " belong to no record");
    at = end;
  }
  if (at != directory) refuse("the bytes ", at, " to ", directory, " belong to no record");
}

const Record* Archive::find(const std::string& name) const {
  const auto found = byName_.find(lowered(folder_ + "/" + name));
  return found == byName_.end() ? nullptr : &records_[found->second];
}

std::string_view Archive::nameOf(const Record& record) const {
  return std::string_view(record.name).substr(folder_.size() + 1);
}

const Record* Archive::at(uint64_t offset) const {
  const auto found = byOffset_.find(offset);
  return found == byOffset_.end() ? nullptr : &records_[found->second];
}

namespace {

[[noreturn]] void damaged(const Record& record) {
  refuse("record ", shown(record.name), " is damaged: its bytes do not have its checksum");
}

// A part at a time, which the processor's cache still holds when the checksum reads it.
constexpr uint64_t kPart = 128 << 10;
// What is worth a thread: it takes some ten microseconds to start, and a millisecond for this.
constexpr uint64_t kShare = 4 << 20;

uint32_t checksumOfShare(const Image& image, uint64_t from, uint64_t size, char* out) {
  std::vector<char> scratch(out == nullptr ? std::min(kPart, size) : 0);
  uint32_t crc = 0;
  for (uint64_t at = 0; at < size; at += kPart) {
    const uint64_t count = std::min(kPart, size - at);
    char* part = out == nullptr ? scratch.data() : out + at;
    image.copy(from + at, part, count);
    crc = crc32Of(part, count, crc);
  }
  return crc;
}

// Of a part of the archive, which is copied to `out` where that is not null. Large parts are read
// by as many threads as LibTorch may take.
uint32_t checksumOf(const Image& image, uint64_t from, uint64_t size, char* out) {
  const uint64_t threads =
      std::max<uint64_t>(1, std::min(static_cast<uint64_t>(at::get_num_threads()), size / kShare));
  const uint64_t share = (size / threads + kPart - 1) / kPart * kPart;
  std::vector<std::pair<std::future<uint32_t>, uint64_t>> others;
  for (uint64_t at = share; threads > 1 && at < size; at += share) {
    const uint64_t count = std::min(share, size - at);
    char* part = out == nullptr ? nullptr : out + at;
    const auto work = [&image, at = from + at, count, part] {
      return checksumOfShare(image, at, count, part);
    };
    // Where no thread can be started, the part is read when it is asked for.
    std::future<uint32_t> one;
    try {
      one = std::async(std::launch::async, work);
    } catch (const std::system_error&) {
      one = std::async(std::launch::deferred, work);
    }
    others.emplace_back(std::move(one), count);
  }
  uint32_t crc = checksumOfShare(image, from, threads > 1 ? share : size, out);
  for (auto& [other, count] : others) crc = crc32Joined(crc, other.get(), count);
  return crc;
}

}  // namespace

std::string Archive::read(const Record& record, bool check) const {
  const char* stored = image_.need(record.offset, record.stored);
  std::string bytes;
  if (record.deflated) {
    bytes.resize(record.size);
    const size_t written =
        tinfl_decompress_mem_to_mem(bytes.data(), bytes.size(), stored, record.stored, /*flags=*/0);
    if (written != record.size) {
      refuse(
          "record ",
          shown(record.name),
          " does not inflate to the ",
          record.size,
          " bytes that it should have");
    }
  } else {
    bytes.assign(stored, record.stored);
  }
  if (check && crc32Of(bytes.data(), bytes.size()) != record.crc) damaged(record);
  return bytes;
}

void Archive::copyChecked(const Record& record, void* out) const {
  if (checksumOf(image_, record.offset, record.stored, static_cast<char*>(out)) != record.crc) {
    damaged(record);
  }
}

void Archive::verify(const Record& record) const {
  if (record.deflated) {
    read(record, /*check=*/true);
  } else if (checksumOf(image_, record.offset, record.stored, nullptr) != record.crc) {
    damaged(record);
  }
}

// PyTorch's writer folds the checksums of all records that it has written so far into the second
// half of this record, so that a record of another file is noticed.
void Archive::checkFingerprint() const {
  const Record* id = find(".data/serialization_id");
  if (id == nullptr) return;
  const auto text = read(*id, /*check=*/true);
  if (text.size() != 40) refuse("record ", shown(id->name), " is not a fingerprint of 40 digits");
  std::vector<std::pair<uint64_t, uint64_t>> order;
  for (const auto& record : records_) {
    if (record.described || record.size > 0) order.emplace_back(record.offset, record.crc);
  }
  std::sort(order.begin(), order.end());
  uint64_t combined = 0;
  for (const auto& [at, crc] : order) {
    if (at == id->offset) break;
    combined ^= crc + 0x9e3779b9 + (combined << 6) + (combined >> 2);
  }
  auto digits = std::to_string(combined);
  digits.insert(0, 20 - digits.size(), '0');
  if (text.substr(20) != digits) {
    refuse(
        "record ",
        shown(id->name),
        " is not the fingerprint of these records: some are from another file, or were changed");
  }
}

}  // namespace flambeau
