#include "collector/export/detail_memory.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "common/message.h"

namespace sightline {
namespace {

const std::string kAgent(32, 'a');
const std::string kOther(32, 'b');

v1::Observation Detailed(const std::string& check_id) {
  v1::Observation observation;
  EXPECT_TRUE(ParseText(R"(
    start_offset_ms: 10 duration_ms: 20 failure: "connection_reset"
    dns { resolver: "9.9.9.9:53" responses { delay_us: 3 ttl_s: 4 addresses: "192.0.2.1" } }
    attempts {
      address: "192.0.2.1" port: 443 connect_us: 5 bytes_sent: 6 bytes_received: 7
      tls { server_name: "example.com" handshake_us: 8 }
      http { exchange_us: 9 status: 200 body_bytes: 10 title: "Hello" date_s: 11
             body_sha256_prefix: "x" }
    }
    redirects { location: "https://example.com/" attempts { address: "192.0.2.2" connect_us: 12 } }
    contrasts { attempt { address: "192.0.2.3" connect_us: 13 } }
    other_lookups { resolver: "system" responses { delay_us: 14 } })",
                        &observation)
                  .ok());
  observation.set_check_id(check_id);
  return observation;
}

v1::Observation AsBefore(const std::string& check_id, uint64_t batch_seq) {
  v1::Observation observation;
  observation.set_check_id(check_id);
  observation.set_start_offset_ms(77);
  observation.set_detail_unchanged(true);
  observation.set_detail_batch_seq(batch_seq);
  return observation;
}

TEST(DetailMemoryTest, DetailIsPutInWithoutWhatBelongsToTheEarlierRound) {
  DetailMemory memory(1 << 20);
  v1::Observation told = Detailed("web");
  const std::string before = told.SerializeAsString();
  EXPECT_EQ(memory.Complete(kAgent, 4, told), DetailOrigin::kOwn);
  EXPECT_EQ(told.SerializeAsString(), before);

  v1::Observation later = AsBefore("web", 4);
  EXPECT_EQ(memory.Complete(kAgent, 9, later), DetailOrigin::kRepeated);
  v1::Observation expected = AsBefore("web", 4);
  ASSERT_TRUE(ParseText(R"(
    check_id: "web" start_offset_ms: 77 detail_unchanged: true detail_batch_seq: 4
    dns { resolver: "9.9.9.9:53" responses { addresses: "192.0.2.1" } }
    attempts {
      address: "192.0.2.1" port: 443 tls { server_name: "example.com" }
      http { status: 200 title: "Hello" }
    }
    redirects { location: "https://example.com/" attempts { address: "192.0.2.2" } }
    contrasts { attempt { address: "192.0.2.3" } }
    other_lookups { resolver: "system" responses {} })",
                        &expected)
                  .ok());
  EXPECT_EQ(later.DebugString(), expected.DebugString());
}

TEST(DetailMemoryTest, AnotherAgentCheckOrBatchIsNotMeant) {
  DetailMemory memory(1 << 20);
  v1::Observation told = Detailed("web");
  memory.Complete(kAgent, 4, told);
  for (const auto& [agent, check, seq] :
       {std::tuple(kOther, "web", 4), std::tuple(kAgent, "api", 4), std::tuple(kAgent, "web", 5)}) {
    v1::Observation later = AsBefore(check, static_cast<uint64_t>(seq));
    EXPECT_EQ(memory.Complete(agent, 9, later), DetailOrigin::kMissing);
    EXPECT_FALSE(later.has_dns());
  }
}

TEST(DetailMemoryTest, TheOldestGoesFirstAndTheBoundIsKept) {
  DetailMemory memory(4000);
  for (uint64_t seq = 1; seq <= 100; ++seq) {
    v1::Observation told = Detailed("web");
    memory.Complete(kAgent, seq, told);
    EXPECT_LE(memory.bytes(), 4000u);
  }
  v1::Observation newest = AsBefore("web", 100);
  EXPECT_EQ(memory.Complete(kAgent, 101, newest), DetailOrigin::kRepeated);
  v1::Observation oldest = AsBefore("web", 1);
  EXPECT_EQ(memory.Complete(kAgent, 101, oldest), DetailOrigin::kMissing);
  EXPECT_GT(memory.bytes(), 2000u);
}

TEST(DetailMemoryTest, WhatIsLargerThanTheBoundIsNotKept) {
  DetailMemory memory(100);
  v1::Observation told = Detailed("web");
  EXPECT_EQ(memory.Complete(kAgent, 1, told), DetailOrigin::kOwn);
  EXPECT_EQ(memory.bytes(), 0u);
}

}  // namespace
}  // namespace sightline
