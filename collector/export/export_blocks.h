// The container of an export: a file of blocks, each of which vouches for all that comes before it.
// The format is described in proto/sightline/internal/v1/export.proto and README.md.
#ifndef SIGHTLINE_COLLECTOR_EXPORT_EXPORT_BLOCKS_H_
#define SIGHTLINE_COLLECTOR_EXPORT_EXPORT_BLOCKS_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/crypto.h"
#include "sightline/internal/v1/export.pb.h"

namespace sightline {

// First bytes of a file. What text editors and transfers change on their way is in it.
inline constexpr absl::string_view kExportMagic("sightline export, version 1\r\n\x1a\n\0", 32);
// A whole block is in memory while it is written or read. Many times what the writer makes, for one
// row that is larger than a block should be.
inline constexpr size_t kExportBlockBytesMax = size_t{16} * 1024 * 1024;
// Of one block. Many times what the writer makes; each takes some hundred bytes of memory, however
// short it is in the file.
inline constexpr size_t kExportRowsMax = size_t{64} * 1024;

// Not thread-safe.
class ExportBlockWriter {
 public:
  // `sink` takes the bytes of the file, in order.
  explicit ExportBlockWriter(std::function<absl::Status(absl::string_view)> sink)
      : sink_(std::move(sink)) {}

  // INVALID_ARGUMENT: the block is empty or too large. Errors of the sink; then no further call.
  absl::Status Write(const internal::v1::ExportBlock& block);

  // SHA-256 (32 bytes) at the end of the last block.
  const std::string& hash() const { return hash_; }
  uint64_t bytes() const { return bytes_; }

 private:
  const std::function<absl::Status(absl::string_view)> sink_;
  std::string hash_;
  uint64_t bytes_ = 0;
};

// Reads blocks anywhere in a file. Thread-safe. Errors name the file and the byte at which the
// block starts.
class ExportBlockReader {
 public:
  static constexpr uint64_t kFirstBlock = kExportMagic.size();

  // NOT_FOUND: no such file. INVALID_ARGUMENT: it is no export, or one of another version.
  static absl::StatusOr<ExportBlockReader> Open(const std::string& path);
  // Takes the descriptor; `name` is for messages.
  static absl::StatusOr<ExportBlockReader> FromDescriptor(int fd, std::string name);
  ExportBlockReader(ExportBlockReader&& other) noexcept;
  ExportBlockReader& operator=(ExportBlockReader&&) = delete;
  ~ExportBlockReader();

  uint64_t size() const { return size_; }

  // The block at `offset`, which is where the block before it ends; returns where this one ends.
  // OUT_OF_RANGE: the file ends there. DATA_LOSS: the file ends within the block, its bytes were
  // changed, it is no ExportBlock, or it is not byte for byte as ExportBlockWriter would write it.
  // Memory: the bytes of a block three times, and kExportRowsMax rows.
  absl::StatusOr<uint64_t> Read(uint64_t offset, internal::v1::ExportBlock& block) const;

  // The hash (32 bytes) that ends at `offset`.
  absl::StatusOr<std::string> HashBefore(uint64_t offset) const;

  // DATA_LOSS that names the file and the block.
  absl::Status Damaged(uint64_t offset, absl::string_view how) const;

 private:
  ExportBlockReader(int fd, std::string name, uint64_t size)
      : fd_(fd), name_(std::move(name)), size_(size) {}
  absl::StatusOr<std::string> Bytes(uint64_t offset, size_t count) const;

  int fd_;
  const std::string name_;
  const uint64_t size_;
};

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_EXPORT_EXPORT_BLOCKS_H_
