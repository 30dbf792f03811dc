#include "collector/export/export_blocks.h"

#include <fcntl.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/wire_format_lite.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace sightline {
namespace {

using internal::v1::ExportBlock;

constexpr size_t kLengthBytes = 4;
constexpr absl::string_view kAnyVersion = kExportMagic.substr(0, 26);

static_assert(kExportMagic.size() == kHashBytes, "the magic stands where a hash would");

std::string EncodeLength(size_t length) {
  std::string bytes;
  for (size_t i = 0; i < kLengthBytes; ++i) {
    bytes.push_back(static_cast<char>(static_cast<uint8_t>(length >> (8 * i))));
  }
  return bytes;
}

size_t DecodeLength(absl::string_view bytes) {
  size_t length = 0;
  for (size_t i = 0; i < kLengthBytes; ++i) {
    length |= static_cast<size_t>(static_cast<uint8_t>(bytes[i])) << (8 * i);
  }
  return length;
}

// Whether there are no more rows in it than may be parsed. Of bytes that are no message: true.
bool HasFewRows(absl::string_view message) {
  using google::protobuf::internal::WireFormatLite;
  google::protobuf::io::CodedInputStream input(reinterpret_cast<const uint8_t*>(message.data()),
                                               static_cast<int>(message.size()));
  size_t fields = 0;
  while (const uint32_t tag = input.ReadTag()) {
    if (++fields > kExportRowsMax) return false;
    uint32_t length = 0;
    if (WireFormatLite::GetTagWireType(tag) != WireFormatLite::WIRETYPE_LENGTH_DELIMITED) {
      if (!WireFormatLite::SkipField(&input, tag)) return true;
      continue;
    }
    if (!input.ReadVarint32(&length)) return true;
    const auto limit = input.PushLimit(static_cast<int>(length));
    while (const uint32_t row = input.ReadTag()) {
      if (++fields > kExportRowsMax) return false;
      if (!WireFormatLite::SkipField(&input, row)) return true;
    }
    if (input.BytesUntilLimit() != 0) return true;
    input.PopLimit(limit);
  }
  return true;
}

}  // namespace

absl::Status ExportBlockWriter::Write(const ExportBlock& block) {
  const size_t length = block.ByteSizeLong();
  if (length == 0 || length > kExportBlockBytesMax) {
    return absl::InvalidArgumentError(
        absl::StrCat("a block of ", length, " bytes cannot be written"));
  }
  std::string bytes = bytes_ == 0 ? std::string(kExportMagic) : hash_;
  const size_t start = bytes_ == 0 ? 0 : bytes.size();  // what comes before is in the file already
  absl::StrAppend(&bytes, EncodeLength(length));
  block.AppendToString(&bytes);
  hash_ = Sha256(bytes);
  bytes += hash_;
  const absl::string_view added = absl::string_view(bytes).substr(start);
  bytes_ += added.size();
  return sink_(added);
}

ExportBlockReader::ExportBlockReader(ExportBlockReader&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), name_(other.name_), size_(other.size_) {}

ExportBlockReader::~ExportBlockReader() {
  if (fd_ >= 0) close(fd_);
}

absl::StatusOr<ExportBlockReader> ExportBlockReader::Open(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return absl::ErrnoToStatus(errno, absl::StrCat("cannot open ", path));
  return FromDescriptor(fd, path);
}

absl::StatusOr<ExportBlockReader> ExportBlockReader::FromDescriptor(int fd, std::string name) {
  struct stat info = {};
  if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
    close(fd);
    return absl::InvalidArgumentError(absl::StrCat(name, " is not a file"));
  }
  ExportBlockReader reader(fd, std::move(name), static_cast<uint64_t>(info.st_size));
  const absl::StatusOr<std::string> magic = reader.HashBefore(kFirstBlock);
  if (absl::IsDataLoss(magic.status()) || (magic.ok() && !absl::StartsWith(*magic, kAnyVersion))) {
    return absl::InvalidArgumentError(
        absl::StrCat(reader.name_, " is no export; give a file that \"sightline export\" wrote"));
  }
  if (!magic.ok()) return magic.status();
  if (*magic != kExportMagic) {
    return absl::InvalidArgumentError(
        absl::StrCat(reader.name_,
                     " is an export of a version that this program does not know, or "
                     "its first line was changed"));
  }
  return reader;
}

absl::StatusOr<std::string> ExportBlockReader::Bytes(uint64_t offset, size_t count) const {
  std::string bytes(count, '\0');
  size_t done = 0;
  while (done < count) {
    const ssize_t got =
        pread(fd_, bytes.data() + done, count - done, static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return absl::ErrnoToStatus(errno, absl::StrCat("cannot read ", name_));
    if (got == 0) return Damaged(offset, "the file ends within it");
    done += static_cast<size_t>(got);
  }
  return bytes;
}

absl::StatusOr<std::string> ExportBlockReader::HashBefore(uint64_t offset) const {
  return Bytes(offset - kHashBytes, kHashBytes);
}

absl::Status ExportBlockReader::Damaged(uint64_t offset, absl::string_view how) const {
  return absl::DataLossError(absl::StrCat(name_, ": the block at byte ", offset, ": ", how));
}

absl::StatusOr<uint64_t> ExportBlockReader::Read(uint64_t offset, ExportBlock& block) const {
  if (offset >= size_) return absl::OutOfRangeError(absl::StrCat(name_, " ends here"));
  const uint64_t left = size_ - offset;
  if (left < kLengthBytes + kHashBytes) return Damaged(offset, "the file ends within it");
  const absl::StatusOr<std::string> length_bytes = Bytes(offset, kLengthBytes);
  if (!length_bytes.ok()) return length_bytes.status();
  const size_t length = DecodeLength(*length_bytes);
  if (length == 0 || length > kExportBlockBytesMax) {
    return Damaged(offset, absl::StrCat("its length cannot be ", length));
  }
  if (left < kLengthBytes + length + kHashBytes) {
    return Damaged(offset, "the file ends within it, or its length was changed");
  }
  // With the hash before it, over which its own hash is.
  const absl::StatusOr<std::string> bytes =
      Bytes(offset - kHashBytes, kHashBytes + kLengthBytes + length + kHashBytes);
  if (!bytes.ok()) return bytes.status();
  const absl::string_view hashed = absl::string_view(*bytes).substr(0, bytes->size() - kHashBytes);
  if (Sha256(hashed) != absl::string_view(*bytes).substr(hashed.size())) {
    return Damaged(offset, "its bytes were changed: the checksum does not fit");
  }
  const absl::string_view message = hashed.substr(kHashBytes + kLengthBytes);
  if (!HasFewRows(message)) {
    return Damaged(offset, absl::StrCat("it has more than ", kExportRowsMax, " rows"));
  }
  if (!block.ParseFromArray(message.data(), static_cast<int>(message.size())) ||
      block.content_case() == ExportBlock::CONTENT_NOT_SET) {
    return Damaged(offset, "it holds nothing that this program knows");
  }
  // What is not known would not be compared with anything.
  block.DiscardUnknownFields();
  if (block.SerializeAsString() != message) {
    return Damaged(offset,
                   "it holds something that this program does not know, or writes otherwise");
  }
  return offset + kLengthBytes + length + kHashBytes;
}

}  // namespace sightline
