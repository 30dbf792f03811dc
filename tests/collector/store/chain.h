// Chains of records that anyone can make again from an agent's number: made and checked by the
// tests and by the program that they kill.
#ifndef SIGHTLINE_TESTS_COLLECTOR_STORE_CHAIN_H_
#define SIGHTLINE_TESTS_COLLECTOR_STORE_CHAIN_H_

#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "collector/store/store.h"
#include "common/crypto.h"
#include "common/wire.h"

namespace sightline {

// Every byte value, so that whatever a database treats specially is there.
inline std::string EveryByte() {
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes.push_back(static_cast<char>(i));
  return bytes;
}

// `size` bytes with NUL, 0xff, quote, backslash, tab and newline among them.
inline std::string AwkwardBytes(absl::string_view seed, size_t size) {
  std::string bytes("\0\xff\\\t\n'\"%\r\x01", 10);
  while (bytes.size() < size) bytes += Sha256(absl::StrCat(seed, bytes.size()));
  bytes.resize(size);
  // Different seeds differ at the end.
  const std::string tail = Sha256(seed);
  bytes.replace(size - 6, 6, tail.substr(0, 6));
  return bytes;
}

inline absl::Time TestTime() { return absl::FromUnixSeconds(1'713'400'000); }

// One agent of the tests.
class TestAgent {
 public:
  explicit TestAgent(int number) : number_(number) {}

  AgentRecord ToEnroll() const {
    AgentRecord agent;
    agent.agent_id = id();
    agent.public_key = AwkwardBytes(absl::StrCat("key", number_), kPublicKeyBytes);
    agent.region = "CN-BJ";
    agent.enroll_time = TestTime();
    return agent;
  }
  std::string id() const { return AwkwardBytes(absl::StrCat("agent", number_), kHashBytes); }
  std::string token_hash() const {
    return AwkwardBytes(absl::StrCat("token", number_), kHashBytes);
  }

  // What a batch holds; `flavour` tells two batches with one number apart.
  std::string Batch(uint64_t seq, absl::string_view flavour = "") const {
    return absl::StrCat(EveryByte(), "agent ", number_, " batch ", seq, flavour, EveryByte());
  }
  std::string HashOf(uint64_t seq) const { return seq == 0 ? GenesisHash() : Sha256(Batch(seq)); }

  // The record with this number, ten minutes after the one before.
  LogRecord Record(uint64_t seq) const {
    LogRecord record;
    record.agent_id = id();
    record.first_seq = seq;
    record.batch_seq = seq;
    record.prev_hash = HashOf(seq - 1);
    record.chain_hash = HashOf(seq);
    record.round_time = TestTime() + absl::Minutes(10) * static_cast<int64_t>(seq);
    record.receive_time = record.round_time + absl::Milliseconds(2345);
    record.country = "CN";
    record.asn = 4'200'000'000U + static_cast<uint32_t>(number_);
    record.bucket = AwkwardBytes(absl::StrCat("bucket", number_), 16);
    record.batch = Batch(seq);
    record.signature = AwkwardBytes(record.batch, kSignatureBytes);
    return record;
  }

  // Stands for first_seq to last_seq.
  LogRecord Tombstone(uint64_t first_seq, uint64_t last_seq) const {
    LogRecord record = Record(last_seq);
    record.first_seq = first_seq;
    record.prev_hash = HashOf(first_seq - 1);
    return record;
  }

 private:
  int number_;
};

}  // namespace sightline

#endif  // SIGHTLINE_TESTS_COLLECTOR_STORE_CHAIN_H_
