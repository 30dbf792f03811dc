#include "agent/detail.h"

#include <gtest/gtest.h>

#include <functional>
#include <random>
#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "tests/agent/typical_round.h"
#include "tests/common/test_plan.h"

namespace sightline::agent {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

constexpr absl::Duration kInterval = absl::Minutes(10);

// Fields that say when, how fast or how much, or are random by design.
const std::set<std::string>& Volatile() {
  static const auto* const kNames = new std::set<std::string>{
      "sightline.v1.Observation.start_offset_ms",
      "sightline.v1.Observation.duration_ms",
      "sightline.v1.Observation.detail_unchanged",
      "sightline.v1.Observation.detail_batch_seq",
      "sightline.v1.DnsResponse.delay_us",
      "sightline.v1.DnsResponse.ttl_s",
      "sightline.v1.Attempt.connect_us",
      "sightline.v1.Attempt.bytes_sent",
      "sightline.v1.Attempt.bytes_received",
      "sightline.v1.TlsEvidence.handshake_us",
      "sightline.v1.HttpEvidence.exchange_us",
      "sightline.v1.HttpEvidence.body_sha256_prefix",
      "sightline.v1.HttpEvidence.date_s",
      "sightline.v1.WebSocketEvidence.upgrade_us",
      "sightline.v1.NoiseEvidence.handshake_us",
      "sightline.v1.NoiseEvidence.first_message_bits_set",
  };
  return *kNames;
}

// Sets the field, or adds to it, so that it differs from what it was.
void Change(Message& message, const FieldDescriptor* field) {
  const auto* reflection = message.GetReflection();
  const bool repeated = field->is_repeated();
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      if (repeated) return reflection->AddString(&message, field, "another");
      return reflection->SetString(&message, field,
                                   reflection->GetString(message, field) + "another");
    case FieldDescriptor::CPPTYPE_UINT32:
      // Twice as much, so that it counts for sizes too.
      return reflection->SetUInt32(&message, field, 2 * reflection->GetUInt32(message, field) + 1);
    case FieldDescriptor::CPPTYPE_UINT64:
      return reflection->SetUInt64(&message, field, reflection->GetUInt64(message, field) + 1);
    case FieldDescriptor::CPPTYPE_INT64:
      return reflection->SetInt64(&message, field, reflection->GetInt64(message, field) + 1);
    case FieldDescriptor::CPPTYPE_BOOL:
      return reflection->SetBool(&message, field, !reflection->GetBool(message, field));
    case FieldDescriptor::CPPTYPE_ENUM:
      return reflection->SetEnumValue(&message, field,
                                      reflection->GetEnumValue(message, field) + 1);
    default:
      FAIL() << "no rule for " << field->full_name();
  }
}

using Visit = std::function<void(Message& message, const FieldDescriptor* field)>;

// Visits every field that is no message, of every message within.
void ForEachField(Message& message, const Visit& visit) {
  const auto* descriptor = message.GetDescriptor();
  const auto* reflection = message.GetReflection();
  for (int i = 0; i < descriptor->field_count(); ++i) {
    const FieldDescriptor* field = descriptor->field(i);
    if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) {
      visit(message, field);
    } else if (field->is_repeated()) {
      ASSERT_GT(reflection->FieldSize(message, field), 0) << field->full_name() << " not covered";
      ForEachField(*reflection->MutableRepeatedMessage(&message, field, 0), visit);
    } else {
      ForEachField(*reflection->MutableMessage(&message, field), visit);
    }
  }
}

TEST(DetailFingerprintTest, EveryFieldCountsButTimesAndAmounts) {
  const v1::Observation original = ObservationWithEverything();
  v1::Observation changed = original;
  std::set<std::string> seen;
  ForEachField(changed, [&](Message& message, const FieldDescriptor* field) {
    const std::string name = field->full_name();
    seen.insert(name);
    std::string bytes;
    message.SerializeToString(&bytes);
    Change(message, field);
    const bool same = DetailFingerprint(changed) == DetailFingerprint(original);
    EXPECT_EQ(same, Volatile().count(name) == 1) << name;
    message.ParseFromString(bytes);
  });
  for (const std::string& name : Volatile()) EXPECT_EQ(seen.count(name), 1u) << name;
}

// A property, on random times and amounts.
TEST(DetailFingerprintTest, RoundsThatDifferInTimesAndAmountsOnlySayTheSame) {
  const uint64_t seed = std::random_device()();
  SCOPED_TRACE(absl::StrCat("seed ", seed));
  std::mt19937_64 random(seed);
  const v1::Observation original = ObservationWithEverything();
  for (int i = 0; i < 200; ++i) {
    v1::Observation other = original;
    ForEachField(other, [&](Message& message, const FieldDescriptor* field) {
      if (Volatile().count(field->full_name()) == 0) return;
      for (uint64_t times = random() % 3; times > 0; --times) Change(message, field);
    });
    EXPECT_EQ(DetailFingerprint(other), DetailFingerprint(original));
  }
}

TEST(DetailFingerprintTest, OrderOfAnswersSaysNothing) {
  v1::Observation observation;
  observation.mutable_dns()->add_responses()->add_addresses("192.0.2.1");
  observation.mutable_dns()->mutable_responses(0)->add_addresses("192.0.2.2");
  observation.mutable_dns()->add_responses()->set_rcode(3);
  observation.add_attempts()->set_address("192.0.2.1");
  observation.add_attempts()->set_address("192.0.2.2");
  v1::Observation other = observation;
  other.mutable_dns()->mutable_responses()->SwapElements(0, 1);
  other.mutable_dns()->mutable_responses(1)->mutable_addresses()->SwapElements(0, 1);
  other.mutable_attempts()->SwapElements(0, 1);
  EXPECT_EQ(DetailFingerprint(other), DetailFingerprint(observation));
  *other.mutable_dns()->add_responses() = other.dns().responses(0);
  EXPECT_NE(DetailFingerprint(other), DetailFingerprint(observation)) << "somebody races";
}

TEST(DetailFingerprintTest, PagesOfAboutOneSizeAndFreshTokensSayTheSame) {
  v1::Observation observation;
  v1::HttpEvidence& http = *observation.add_attempts()->mutable_http();
  http.set_body_bytes(40'000);
  http.set_location("https://www.example.com/login?token=1");
  v1::Observation other = observation;
  other.mutable_attempts(0)->mutable_http()->set_body_bytes(50'000);
  other.mutable_attempts(0)->mutable_http()->set_location("https://www.example.com/login?token=2");
  EXPECT_EQ(DetailFingerprint(other), DetailFingerprint(observation));
  other.mutable_attempts(0)->mutable_http()->set_body_bytes(900);
  EXPECT_NE(DetailFingerprint(other), DetailFingerprint(observation));
}

class DetailFilterTest : public testing::Test {
 protected:
  // One round of one check; what became of it.
  v1::Observation Round(v1::Observation observation) {
    std::vector<v1::Observation> observations = {std::move(observation)};
    filter_.Thin(now_, observations);
    google::protobuf::RepeatedPtrField<v1::Observation> sealed(observations.begin(),
                                                               observations.end());
    filter_.Remember(++seq_, now_, sealed);
    now_ += kInterval;
    return observations[0];
  }

  static v1::Observation Open(const std::string& address = "192.0.2.1") {
    v1::Observation observation;
    observation.set_check_id("whatsapp-web");
    observation.mutable_layers()->set_dns(v1::LAYER_STATE_OK);
    observation.mutable_dns()->add_responses()->add_addresses(address);
    observation.add_attempts()->set_address(address);
    return observation;
  }
  static v1::Observation Blocked(const std::string& address = "192.0.2.1") {
    v1::Observation observation = Open(address);
    observation.mutable_layers()->set_dns(v1::LAYER_STATE_BLOCKED);
    observation.set_failure("dns_bogon_error");
    return observation;
  }

  DetailFilter filter_;
  absl::Time now_ = kTestNow;
  uint64_t seq_ = 0;
};

TEST_F(DetailFilterTest, SecondOfTwoEqualRoundsNamesTheFirst) {
  EXPECT_TRUE(HasDetail(Round(Open())));
  const v1::Observation second = Round(Open());
  EXPECT_FALSE(HasDetail(second));
  EXPECT_TRUE(second.detail_unchanged());
  EXPECT_EQ(second.detail_batch_seq(), 1u);
  EXPECT_EQ(second.layers().dns(), v1::LAYER_STATE_OK);
  EXPECT_EQ(Round(Open()).detail_batch_seq(), 1u) << "never a batch that only refers itself";
}

TEST_F(DetailFilterTest, ChangeIsToldAndTheWayBackIsKnown) {
  Round(Open());
  EXPECT_TRUE(HasDetail(Round(Blocked())));
  EXPECT_EQ(Round(Open()).detail_batch_seq(), 1u);
  EXPECT_EQ(Round(Blocked()).detail_batch_seq(), 2u);
}

TEST_F(DetailFilterTest, AddressesThatRotateAreToldOnceEach) {
  for (int i = 0; i < 12; ++i) {
    const v1::Observation seen = Round(Open(absl::StrCat("192.0.2.", i % 3)));
    EXPECT_EQ(HasDetail(seen), i < 3) << i;
    EXPECT_EQ(seen.detail_batch_seq(), i < 3 ? 0u : i % 3 + 1u);
  }
}

TEST_F(DetailFilterTest, DetailIsToldAgainAfterSixHours) {
  int told = 0;
  for (int i = 0; i < 144; ++i) told += HasDetail(Round(Open())) ? 1 : 0;
  EXPECT_EQ(told, 4);
}

TEST_F(DetailFilterTest, ClockSetBackTellsItAgain) {
  Round(Open());
  now_ -= absl::Hours(24);
  EXPECT_TRUE(HasDetail(Round(Open())));
}

TEST_F(DetailFilterTest, AfterALossItIsToldAgain) {
  Round(Open());
  filter_.Reset();
  const v1::Observation seen = Round(Open());
  EXPECT_TRUE(HasDetail(seen));
  EXPECT_FALSE(seen.detail_unchanged());
}

TEST_F(DetailFilterTest, WhatWasNotSealedIsNotReferredTo) {
  std::vector<v1::Observation> lost = {Open()};
  filter_.Thin(now_, lost);  // And then the append fails.
  EXPECT_TRUE(HasDetail(Round(Open())));
  v1::Observation bare = Blocked();
  Round(Blocked());
  std::vector<v1::Observation> dropped = {Blocked("192.0.2.2")};
  DropDetail(dropped[0]);  // For want of room.
  filter_.Remember(++seq_, now_, {dropped.begin(), dropped.end()});
  EXPECT_EQ(Round(Blocked()).detail_batch_seq(), 2u) << "the batch that has it";
}

TEST_F(DetailFilterTest, NothingIsSaidAboutWhatHasNoDetail) {
  v1::Observation untested;
  untested.set_check_id("whatsapp-web");
  Round(untested);
  const v1::Observation seen = Round(untested);
  EXPECT_FALSE(seen.detail_unchanged());
  EXPECT_EQ(seen.detail_batch_seq(), 0u);
}

TEST_F(DetailFilterTest, AnswersThatDifferEveryTimeStayWithinTheAllowance) {
  int64_t told_bytes = 0;
  const std::string filler(2000, 'x');
  for (int i = 0; i < 7 * 144; ++i) {
    v1::Observation observation = Blocked(absl::StrCat("forged ", i));
    observation.mutable_attempts(0)->mutable_http()->set_title(filler);
    told_bytes += static_cast<int64_t>(Round(observation).ByteSizeLong());
  }
  const int64_t allowed_bytes = 7 * 24 * kDetailBytesPerHour + kDetailBytesSavedMax;
  EXPECT_LT(told_bytes, allowed_bytes + 7 * 144 * 100) << "100 for what always stays";
  EXPECT_GT(told_bytes, allowed_bytes / 10);
}

TEST_F(DetailFilterTest, NewsIsToldEvenWhenTheAllowanceIsUsedUp) {
  const std::string filler(20'000, 'x');
  for (int i = 0; i < 10; ++i) {
    v1::Observation observation = Blocked(absl::StrCat("forged ", i));
    observation.mutable_attempts(0)->mutable_http()->set_title(filler);
    Round(observation);
  }
  EXPECT_FALSE(HasDetail(Round(Blocked(std::string(20'000, 'y')))));
  EXPECT_TRUE(HasDetail(Round(Open(std::string(20'000, 'y')))));
}

TEST_F(DetailFilterTest, DebtHasAnEnd) {
  const std::string filler(30'000, 'x');
  std::vector<v1::Observation> observations;
  for (int i = 0; i < 100; ++i) {
    observations.push_back(Open(filler));
    observations.back().set_check_id(absl::StrCat("check ", i));
  }
  filter_.Thin(now_, observations);
  int64_t bytes = 0;
  for (const v1::Observation& seen : observations) bytes += seen.ByteSizeLong();
  EXPECT_LT(bytes, kDetailBytesSavedMax + kDetailBytesDebtMax + 100 * 100);
  EXPECT_GT(bytes, kDetailBytesDebtMax / 2);
}

}  // namespace
}  // namespace sightline::agent
