// The prepared load: agents and their signed batches, in one file that is mapped and never copied.
//
//   header | chain | chain | ... | table of agents | table of batches
//
// A chain is the SubmitRequests of one agent, serialised one after the other. All numbers are the
// machine's own. Downside: the format means nothing to another version or byte order; make it anew.
#ifndef SIGHTLINE_TESTS_BENCH_LOAD_DATA_FILE_H_
#define SIGHTLINE_TESTS_BENCH_LOAD_DATA_FILE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace sightline::load {

// What is the same for all agents.
struct DataShape {
  uint32_t agents = 0;
  uint32_t batches_per_agent = 0;
  uint32_t results_per_batch = 0;
  uint64_t plan_version = 0;
};

// One agent as it is kept.
struct DataAgent {
  std::string key_pem;     // PKCS #8, at most 255 bytes
  std::string public_key;  // 32 bytes, raw
  std::string region;      // at most 7 bytes
  std::string address;     // IPv4, where its connections come from; at most 15 bytes
  bool control = false;
};

// Where a batch is in the file: bytes.
struct DataExtent {
  uint64_t offset = 0;
  uint64_t size = 0;
};

// Thread-safe. The file is whole after Finish only.
class DataWriter {
 public:
  static absl::StatusOr<std::unique_ptr<DataWriter>> Create(const std::string& path,
                                                            const DataShape& shape);
  DataWriter(const DataWriter&) = delete;
  DataWriter& operator=(const DataWriter&) = delete;
  ~DataWriter();

  // `index` is below shape.agents; each once. `sizes` are those of the batches in `chain`.
  absl::Status Add(uint32_t index, const DataAgent& agent, absl::string_view chain,
                   const std::vector<uint32_t>& sizes);
  // FAILED_PRECONDITION when an agent is missing.
  absl::Status Finish();

 private:
  DataWriter(int file, std::string path, const DataShape& shape);
  absl::Status WriteAt(uint64_t offset, absl::string_view bytes);

  const int file_;
  const std::string path_;
  const DataShape shape_;
  std::mutex mutex_;
  uint64_t end_;                     // guarded by mutex_
  uint32_t added_ = 0;               // guarded by mutex_
  std::string agents_;               // guarded by mutex_; table of fixed entries
  std::vector<DataExtent> batches_;  // guarded by mutex_
};

// Immutable, so thread-safe.
class DataFile {
 public:
  // FAILED_PRECONDITION when the file is not one of ours, or not whole.
  static absl::StatusOr<std::unique_ptr<DataFile>> Open(const std::string& path);
  DataFile(const DataFile&) = delete;
  DataFile& operator=(const DataFile&) = delete;
  ~DataFile();

  const DataShape& shape() const { return shape_; }
  DataAgent Agent(uint32_t index) const;
  // Serialised SubmitRequest of `batch_seq` (from 1); lives as long as this.
  absl::string_view Request(uint32_t agent, uint64_t batch_seq) const;
  // All requests together.
  uint64_t request_bytes() const;

 private:
  DataFile(const char* data, size_t size, const DataShape& shape, uint64_t tables);

  const char* const data_;
  const size_t size_;
  const DataShape shape_;
  const uint64_t tables_;  // offset of the table of agents
};

}  // namespace sightline::load

#endif  // SIGHTLINE_TESTS_BENCH_LOAD_DATA_FILE_H_
