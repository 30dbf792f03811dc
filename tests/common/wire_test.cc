#include "common/wire.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

namespace sightline {
namespace {

using ::testing::HasSubstr;

v1::Batch TestBatch() {
  v1::Batch batch;
  batch.set_agent_id(std::string(32, 'a'));
  batch.set_batch_seq(1);
  batch.set_prev_hash(GenesisHash());
  batch.set_boot_id(std::string(16, 'b'));
  batch.set_plan_version(1);
  batch.set_round_time_ms(1'000);
  batch.set_seal_time_ms(2'000);
  batch.mutable_vantage()->set_region("CN-BJ");
  batch.add_observations()->set_check_id("whatsapp-web");
  return batch;
}

TEST(WireTest, TheDomainsEndInNulAndDiffer) {
  for (const absl::string_view domain :
       {kPlanDomain, kBatchDomain, kHelloDomain, kEnrollDomain, kRotateDomain, kLeaveDomain}) {
    EXPECT_EQ(domain.back(), '\0') << domain;
    EXPECT_EQ(domain.find('\0'), domain.size() - 1) << domain;
  }
}

TEST(WireTest, ASealedBatchVerifies) {
  const SigningKey key = SigningKey::Generate();
  const v1::SignedBatch sealed = SealBatch(TestBatch(), key);
  EXPECT_TRUE(key.public_key().Verify(kBatchDomain, sealed.batch(), sealed.signature()));
  EXPECT_FALSE(key.public_key().Verify(kPlanDomain, sealed.batch(), sealed.signature()));
}

TEST(WireTest, TheChainContinuesThroughATombstone) {
  const SigningKey key = SigningKey::Generate();
  v1::Batch batch = TestBatch();
  const v1::SignedBatch sealed = SealBatch(batch, key);
  EXPECT_EQ(ChainHash(sealed, batch), Sha256(sealed.batch()));
  EXPECT_EQ(FirstSeq(batch), 1u);

  batch.clear_observations();
  batch.set_batch_seq(9);
  batch.mutable_tombstone()->set_first_seq(5);
  batch.mutable_tombstone()->set_last_seq(9);
  batch.mutable_tombstone()->set_continues_from(std::string(32, 'h'));
  EXPECT_TRUE(CheckBatchShape(batch).ok());
  EXPECT_EQ(ChainHash(SealBatch(batch, key), batch), std::string(32, 'h'));
  EXPECT_EQ(FirstSeq(batch), 5u);
}

TEST(WireTest, TheHelloSignsTheVersionBigEndian) {
  EXPECT_EQ(HelloPayload("n", "a", 0x0102, "c"), std::string("na\0\0\0\0\0\0\1\2c", 11));
}

TEST(WireTest, EachBrokenFieldIsNamed) {
  const struct {
    const char* field;
    std::function<void(v1::Batch&)> damage;
  } kCases[] = {
      {"agent_id", [](v1::Batch& b) { b.set_agent_id("short"); }},
      {"prev_hash", [](v1::Batch& b) { b.clear_prev_hash(); }},
      {"boot_id", [](v1::Batch& b) { b.set_boot_id(""); }},
      {"batch_seq", [](v1::Batch& b) { b.set_batch_seq(0); }},
      {"batch_seq", [](v1::Batch& b) { b.set_batch_seq(~uint64_t{0}); }},
      {"vantage.region", [](v1::Batch& b) { b.mutable_vantage()->set_region("CN-BEIJING"); }},
      {"vantage.region",
       [](v1::Batch& b) { b.mutable_vantage()->set_region(std::string("CN\0BJ", 5)); }},
      {"round_time_ms", [](v1::Batch& b) { b.clear_round_time_ms(); }},
      {"check_id",
       [](v1::Batch& b) { b.mutable_observations(0)->set_check_id(std::string(65, 'x')); }},
      {"causes",
       [](v1::Batch& b) {
         for (int i = 0; i <= kCausesPerObservationMax; ++i)
           b.mutable_observations(0)->add_causes();
       }},
      {"causes.failure",
       [](v1::Batch& b) {
         b.mutable_observations(0)->add_causes()->set_failure(std::string(257, 'x'));
       }},
      {"failed_operation",
       [](v1::Batch& b) { b.mutable_observations(0)->set_failed_operation(std::string(65, 'x')); }},
      {"clock_offset_ms",
       [](v1::Batch& b) { b.mutable_vantage()->set_clock_offset_ms(kClockOffsetMaxMs + 1); }},
      {"clock_offset_ms",
       [](v1::Batch& b) { b.mutable_vantage()->set_clock_offset_ms(-kClockOffsetMaxMs - 1); }},
      {"detail_batch_seq",
       [](v1::Batch& b) { b.mutable_observations(0)->set_detail_unchanged(true); }},
      {"detail_batch_seq",
       [](v1::Batch& b) {
         b.mutable_observations(0)->set_detail_unchanged(true);
         b.mutable_observations(0)->set_detail_batch_seq(b.batch_seq());
       }},
      {"detail_batch_seq",
       [](v1::Batch& b) { b.mutable_observations(0)->set_detail_batch_seq(1); }},
      {"detail_unchanged",
       [](v1::Batch& b) {
         b.set_batch_seq(2);
         b.mutable_observations(0)->set_detail_unchanged(true);
         b.mutable_observations(0)->set_detail_batch_seq(1);
         b.mutable_observations(0)->add_other_lookups();
       }},
      {"observations", [](v1::Batch& b) { b.mutable_tombstone()->set_first_seq(1); }},
      {"tombstone",
       [](v1::Batch& b) {
         b.clear_observations();
         b.mutable_tombstone()->set_first_seq(2);
         b.mutable_tombstone()->set_last_seq(1);
       }},
  };
  EXPECT_TRUE(CheckBatchShape(TestBatch()).ok());
  for (const auto& test : kCases) {
    v1::Batch batch = TestBatch();
    test.damage(batch);
    const absl::Status status = CheckBatchShape(batch);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << test.field;
    EXPECT_THAT(std::string(status.message()), HasSubstr(test.field));
  }
}

TEST(WireTest, DetailMayReferToAnEarlierBatchAndCodesMayBeNewer) {
  v1::Batch batch = TestBatch();
  batch.set_batch_seq(2);
  batch.mutable_observations(0)->set_detail_unchanged(true);
  batch.mutable_observations(0)->set_detail_batch_seq(1);
  batch.mutable_observations(0)->add_causes()->set_mechanism(static_cast<v1::Mechanism>(999));
  batch.mutable_vantage()->set_egress(static_cast<v1::Egress>(999));
  EXPECT_TRUE(CheckBatchShape(batch).ok()) << CheckBatchShape(batch);
}

}  // namespace
}  // namespace sightline
