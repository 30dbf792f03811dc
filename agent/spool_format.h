// Bytes of a spool segment; SPOOL.md describes them. Pure.
#ifndef SIGHTLINE_AGENT_SPOOL_FORMAT_H_
#define SIGHTLINE_AGENT_SPOOL_FORMAT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "common/seal.h"

namespace sightline::agent {

enum class RecordType : uint8_t {
  kState = 1,  // First in every segment.
  kBatch = 2,  // A serialised SignedBatch.
  kAck = 3,    // A ChainPoint: the collector holds everything up to it.
};

struct Record {
  RecordType type;
  size_t offset = 0;  // Of the whole record in the segment.
  size_t size = 0;    // Of the whole record: bytes.
  absl::string_view body;
};

struct SegmentContents {
  std::vector<Record> records;
  // Records with a wrong checksum that a good record follows: damage, not a crash.
  size_t records_damaged = 0;
  // Bytes after the last good record: what a crash left of an append that never returned.
  size_t torn_bytes = 0;
};

// Where things stood when the segment began.
struct SpoolState {
  ChainPoint acked;
  ChainPoint tail;
  // Bytes of the previous segment that count. What follows them is of a write that was reported as
  // failed, even if all of it reached the disk.
  uint64_t previous_bytes = 0;
};

std::string EncodeRecord(RecordType type, absl::string_view body);
std::string EncodeState(const SpoolState& state);
std::string EncodePoint(const ChainPoint& point);

// The views point into `data`.
SegmentContents ReadSegment(absl::string_view data);
// nullopt when the bytes at `offset` are no undamaged record.
std::optional<Record> ReadRecord(absl::string_view data, size_t offset);
std::optional<SpoolState> DecodeState(absl::string_view body);
std::optional<ChainPoint> DecodePoint(absl::string_view body);

}  // namespace sightline::agent

#endif  // SIGHTLINE_AGENT_SPOOL_FORMAT_H_
