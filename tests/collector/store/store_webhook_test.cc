// Webhooks and the log of what was posted to them, on both stores.
#include <thread>

#include "tests/collector/store/store_fixture.h"

namespace sightline {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr int64_t kAll = 1'000'000;

class StoreWebhookTest : public StoreTest {
 protected:
  StoreWebhookTest() : store_(Open()) { EXPECT_TRUE(*store_->MoveLease("webhooks", {}, lease_)); }

  absl::Status Move(const WebhookMove& move) {
    return store_->MoveWebhook("webhooks", lease_, move);
  }

  std::vector<int64_t> Seqs(const std::string& webhook_id, int64_t before, size_t limit) {
    std::vector<int64_t> seqs;
    const std::vector<DeliveryRecord> records =
        Value(store_->ReadDeliveries(webhook_id, before, limit));
    for (const DeliveryRecord& record : records) seqs.push_back(record.delivery_seq);
    return seqs;
  }

  const LeaseRecord lease_ = {"n1", 1, 1};
  std::unique_ptr<Store> store_;
};

INSTANTIATE_TEST_SUITE_P(All, StoreWebhookTest,
                         testing::Values(Backend::kSqlite, Backend::kPostgresql), BackendName);

TEST_P(StoreWebhookTest, WebhooksComeBackByteForByteInOrderOfTheirNames) {
  ASSERT_OK(store_->AddWebhook({"b", "IR", 7, EveryByte(), ""}));
  ASSERT_OK(store_->AddWebhook({"B", "CN", 0, "", EveryByte()}));
  EXPECT_EQ(CodeOf(store_->AddWebhook({"b", "CN", 0, "", ""})), absl::StatusCode::kAlreadyExists);
  const std::vector<WebhookRecord> webhooks = Value(Open()->ListWebhooks());
  ASSERT_EQ(webhooks.size(), 2u);
  EXPECT_EQ(webhooks[0].webhook_id, "B");
  EXPECT_EQ(webhooks[0].state, EveryByte());
  EXPECT_EQ(webhooks[1].webhook_id, "b");
  EXPECT_EQ(webhooks[1].country, "IR");
  EXPECT_EQ(webhooks[1].position, 7);
  EXPECT_EQ(webhooks[1].config, EveryByte());
}

TEST_P(StoreWebhookTest, AMoveChangesPositionAndStateAndAppendsToTheLog) {
  ASSERT_OK(store_->AddWebhook({"hook", "CN", 1, "config", "old"}));
  ASSERT_OK(Move({"hook", 2, EveryByte(), EveryByte()}));
  ASSERT_OK(Move({"hook", 9, "passed over", ""}));
  const std::vector<WebhookRecord> webhooks = Value(store_->ListWebhooks());
  EXPECT_EQ(webhooks[0].position, 9);
  EXPECT_EQ(webhooks[0].state, "passed over");
  EXPECT_EQ(webhooks[0].config, "config");
  const std::vector<DeliveryRecord> log = Value(store_->ReadDeliveries("hook", kAll, 10));
  ASSERT_EQ(log.size(), 1u);
  EXPECT_EQ(log[0].delivery_seq, 1);
  EXPECT_EQ(log[0].delivery, EveryByte());
}

TEST_P(StoreWebhookTest, WhoeverLostTheLeaseMovesNothing) {
  ASSERT_OK(store_->AddWebhook({"hook", "CN", 1, "", "old"}));
  ASSERT_TRUE(*store_->MoveLease("webhooks", lease_, {"n2", 2, 0}));
  const absl::Status status = Move({"hook", 2, "new", "delivery"});
  EXPECT_EQ(CodeOf(status), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("n1 does not hold the lease \"webhooks\""));
  EXPECT_EQ(Value(store_->ListWebhooks())[0].position, 1);
  EXPECT_THAT(Seqs("hook", kAll, 10), ElementsAre());
  // Tests are for anybody.
  EXPECT_TRUE(store_->AddDelivery("hook", "test").ok());
}

TEST_P(StoreWebhookTest, WhatIsNotThereIsNamed) {
  const absl::Status statuses[] = {Move({"none", 1, "", "x"}), store_->AddDelivery("none", "x"),
                                   store_->DeleteWebhook("none")};
  for (const absl::Status& status : statuses) {
    EXPECT_EQ(CodeOf(status), absl::StatusCode::kNotFound);
    EXPECT_THAT(std::string(status.message()),
                HasSubstr("webhook_id: there is no webhook \"none\""));
  }
  EXPECT_THAT(Seqs("none", kAll, 10), ElementsAre());
}

TEST_P(StoreWebhookTest, AWebhookIsDeletedWithItsLogAndOthersStay) {
  for (const char* id : {"one", "two"}) {
    ASSERT_OK(store_->AddWebhook({id, "CN", 0, "", ""}));
    ASSERT_OK(store_->AddDelivery(id, "x"));
  }
  ASSERT_OK(store_->DeleteWebhook("one"));
  ASSERT_EQ(Value(store_->ListWebhooks()).size(), 1u);
  EXPECT_THAT(Seqs("one", kAll, 10), ElementsAre());
  EXPECT_THAT(Seqs("two", kAll, 10), ElementsAre(1));
  // One of the same name begins anew.
  ASSERT_OK(store_->AddWebhook({"one", "CN", 0, "", ""}));
  ASSERT_OK(store_->AddDelivery("one", "x"));
  EXPECT_THAT(Seqs("one", kAll, 10), ElementsAre(1));
}

TEST_P(StoreWebhookTest, TheNewestThousandAttemptsAreKeptAndReadByPages) {
  ASSERT_OK(store_->AddWebhook({"hook", "CN", 0, "", ""}));
  for (int i = 1; i <= kDeliveriesKept + 3; ++i) {
    ASSERT_OK(store_->AddDelivery("hook", absl::StrCat(i)));
  }
  EXPECT_THAT(Seqs("hook", kAll, 2), ElementsAre(1003, 1002));
  EXPECT_THAT(Seqs("hook", 1002, 2), ElementsAre(1001, 1000));
  EXPECT_THAT(Seqs("hook", 6, 10), ElementsAre(5, 4));
}

TEST_P(StoreWebhookTest, ManyWhoAppendAtOnceGetNumbersOfTheirOwn) {
  constexpr int kThreads = 4;
  constexpr int kEach = 10;
  ASSERT_OK(store_->AddWebhook({"hook", "CN", 0, "", ""}));
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([this] {
      const auto store = Open();
      for (int j = 0; j < kEach; ++j) EXPECT_TRUE(store->AddDelivery("hook", "x").ok());
    });
  }
  for (std::thread& thread : threads) thread.join();
  const std::vector<int64_t> seqs = Seqs("hook", kAll, 1000);
  ASSERT_EQ(seqs.size(), size_t{kThreads * kEach});
  EXPECT_EQ(seqs.front(), kThreads * kEach);
  EXPECT_EQ(seqs.back(), 1);
}

}  // namespace
}  // namespace sightline
