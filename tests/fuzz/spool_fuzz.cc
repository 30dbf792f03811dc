// The agent's spool as a thief, a failing disk or a crash may leave it: bytes as they are, and
// records with a checksum that fits, which the fuzzer could not guess.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <utility>

#include "agent/spool.h"
#include "agent/spool_format.h"
#include "common/message.h"
#include "common/seal.h"
#include "common/wire.h"
#include "tests/agent/memory_files.h"
#include "tests/common/test_plan.h"
#include "tests/fuzz/operator_key.h"

namespace sightline::agent {
namespace {

void Require(bool holds) {
  if (!holds) std::abort();
}

const Sealer& FuzzSealer() {
  static const auto& key = *new SigningKey(FuzzOperatorKey());
  static const auto& sealer = *new Sealer(key, {"CN-BJ", "0.1.0", std::string(16, 'b')});
  return sealer;
}

// Segments of whole records: a byte for the type (its highest bit begins a new segment), two for
// the length, the body.
void WriteFramed(absl::string_view input, MemoryFiles& files) {
  int segment = 1;
  std::string data;
  const auto put = [&] {
    files.WriteAtomically("spool/000000000" + std::to_string(segment) + ".seg", data, 0600)
        .IgnoreError();
    data.clear();
  };
  while (input.size() >= 3) {
    const auto head = static_cast<uint8_t>(input[0]);
    const size_t size = static_cast<uint8_t>(input[1]) + 256U * static_cast<uint8_t>(input[2]);
    input.remove_prefix(3);
    if ((head & 0x80) != 0 && segment < 9) {
      put();
      ++segment;
    }
    const absl::string_view body = input.substr(0, size);
    data += EncodeRecord(static_cast<RecordType>(head & 0x7f), body);
    input.remove_prefix(body.size());
  }
  data.append(input.data(), input.size());
  put();
}

// Whatever was there: the spool opens or says why not, and what opened goes on working.
void OpenAndUse(MemoryFiles& files) {
  SpoolOptions options;
  options.folder = "spool";
  options.seal_tombstone = [](const LostRange& lost) {
    return FuzzSealer().SealTombstone(lost, 1, kTestNow);
  };
  SpoolRecovery recovery;
  auto spool = Spool::Open(files, options, &recovery);
  if (!spool.ok()) {
    Require(!spool.status().message().empty());
    return;
  }
  const SpoolTotals before = (*spool)->totals();
  Require(before.acked.seq <= before.tail.seq);
  const auto waiting = (*spool)->ReadAfter(before.acked.seq, 1000);
  if (before.tail.seq > (uint64_t{1} << 61)) return;
  const SealedBatch sealed = FuzzSealer().Seal(before.tail, {1, kTestNow, kTestNow, {}}, {});
  if (!(*spool)->Append(sealed).ok()) return;
  Require((*spool)->totals().tail.seq == before.tail.seq + 1);
  // What was appended is there after another start.
  spool->reset();
  auto again = Spool::Open(files, options, &recovery);
  Require(again.ok());
  Require((*again)->totals().tail.seq == before.tail.seq + 1);
  Require((*again)->Acknowledge(before.tail.seq + 1).ok());
}

}  // namespace
}  // namespace sightline::agent

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  {
    sightline::agent::MemoryFiles files;
    files.WriteAtomically("spool/0000000001.seg", bytes, 0600).IgnoreError();
    sightline::agent::OpenAndUse(files);
  }
  sightline::agent::MemoryFiles files;
  sightline::agent::WriteFramed(bytes, files);
  sightline::agent::OpenAndUse(files);
  return 0;
}
