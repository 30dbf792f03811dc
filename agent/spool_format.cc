#include "agent/spool_format.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/crypto.h"

namespace sightline::agent {
namespace {

constexpr absl::string_view kMagic = "SLSPOOL1";
constexpr size_t kLengthBytes = 4;
constexpr size_t kCheckBytes = 8;
constexpr size_t kHeaderBytes = kLengthBytes + kCheckBytes + 1;
constexpr size_t kPointBytes = 8 + kHashBytes;

std::string LittleEndian(uint64_t value, size_t bytes) {
  std::string text;
  for (size_t i = 0; i < bytes; ++i) text.push_back(static_cast<char>((value >> (8 * i)) & 0xff));
  return text;
}

uint64_t FromLittleEndian(absl::string_view text) {
  uint64_t value = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    value |= uint64_t{static_cast<uint8_t>(text[i])} << (8 * i);
  }
  return value;
}

std::string CheckOf(absl::string_view length, absl::string_view type_and_body) {
  return Sha256(absl::StrCat(length, type_and_body)).substr(0, kCheckBytes);
}

// Size of the whole record that the length at `offset` announces; nullopt when it does not fit.
std::optional<size_t> AnnouncedSize(absl::string_view data, size_t offset) {
  if (offset > data.size() || data.size() - offset < kHeaderBytes) return std::nullopt;
  const size_t size = kHeaderBytes + FromLittleEndian(data.substr(offset, kLengthBytes));
  if (data.size() - offset < size) return std::nullopt;
  return size;
}

}  // namespace

std::string EncodeRecord(RecordType type, absl::string_view body) {
  const std::string length = LittleEndian(body.size(), kLengthBytes);
  const std::string rest = absl::StrCat(std::string(1, static_cast<char>(type)), body);
  return absl::StrCat(length, CheckOf(length, rest), rest);
}

std::string EncodePoint(const ChainPoint& point) {
  return absl::StrCat(LittleEndian(point.seq, 8), point.head);
}

std::string EncodeState(const SpoolState& state) {
  return absl::StrCat(kMagic, EncodePoint(state.acked), EncodePoint(state.tail),
                      LittleEndian(state.previous_bytes, 8));
}

std::optional<Record> ReadRecord(absl::string_view data, size_t offset) {
  const std::optional<size_t> size = AnnouncedSize(data, offset);
  if (!size) return std::nullopt;
  const absl::string_view whole = data.substr(offset, *size);
  const absl::string_view rest = whole.substr(kLengthBytes + kCheckBytes);
  if (whole.substr(kLengthBytes, kCheckBytes) != CheckOf(whole.substr(0, kLengthBytes), rest)) {
    return std::nullopt;
  }
  return Record{static_cast<RecordType>(rest[0]), offset, *size, rest.substr(1)};
}

SegmentContents ReadSegment(absl::string_view data) {
  SegmentContents contents;
  size_t offset = 0;
  size_t skipped = 0;
  size_t good_end = 0;
  while (offset < data.size()) {
    if (std::optional<Record> record = ReadRecord(data, offset)) {
      contents.records_damaged += skipped;
      skipped = 0;
      offset += record->size;
      good_end = offset;
      contents.records.push_back(*record);
      continue;
    }
    const std::optional<size_t> size = AnnouncedSize(data, offset);
    if (!size) break;
    offset += *size;
    ++skipped;
  }
  contents.torn_bytes = data.size() - good_end;
  return contents;
}

std::optional<ChainPoint> DecodePoint(absl::string_view body) {
  if (body.size() != kPointBytes) return std::nullopt;
  return ChainPoint{FromLittleEndian(body.substr(0, 8)), std::string(body.substr(8))};
}

std::optional<SpoolState> DecodeState(absl::string_view body) {
  if (!absl::StartsWith(body, kMagic) || body.size() != kMagic.size() + 2 * kPointBytes + 8) {
    return std::nullopt;
  }
  body.remove_prefix(kMagic.size());
  return SpoolState{*DecodePoint(body.substr(0, kPointBytes)),
                    *DecodePoint(body.substr(kPointBytes, kPointBytes)),
                    FromLittleEndian(body.substr(2 * kPointBytes))};
}

}  // namespace sightline::agent
