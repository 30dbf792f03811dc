#include "tests/e2e/wire_fixture_grpc.h"

#include <gmock/gmock.h>

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "common/message.h"
#include "common/plan.h"
#include "common/wire.h"

namespace sightline::e2e {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;

constexpr size_t kBatchesMax = 1000;

}  // namespace

WireTest::WireTest() {
  const absl::Status published = collector_.Publish(SignPlan(TestPlan(1), operator_key_));
  EXPECT_TRUE(published.ok()) << published;
}

std::unique_ptr<agent::Transport> WireTest::Tampering(TamperingTransport::Hooks hooks) const {
  return std::make_unique<TamperingTransport>(collector_.Public(), std::move(hooks));
}

std::unique_ptr<agent::Transport> WireTest::Changing(
    std::function<void(v1::SignedBatch&)> change) const {
  return Tampering({[change = std::move(change)](v1::SubmitRequest& request) {
                      if (request.has_batch()) change(*request.mutable_batch());
                      return true;
                    },
                    nullptr});
}

void WireTest::Reseal(const EnrolledAgent& agent, v1::SignedBatch& signed_batch,
                      const std::function<void(v1::Batch&)>& change) {
  v1::Batch batch;
  ASSERT_TRUE(batch.ParseFromString(signed_batch.batch()));
  change(batch);
  signed_batch = SealBatch(batch, agent.key());
}

void WireTest::ExpectRefused(const EnrolledAgent& agent, const Delivery& delivery,
                             v1::RefusalReason reason, uint64_t seq,
                             const std::string& words) const {
  const std::string name = ShortName(reason);
  EXPECT_EQ(delivery.session.state, agent::SessionState::kRefused);
  ASSERT_TRUE(delivery.session.refusal.has_value()) << delivery.session.detail;
  EXPECT_EQ(ShortName(delivery.session.refusal->reason()), name);
  EXPECT_EQ(delivery.session.refusal->batch_seq(), seq);
  EXPECT_THAT(delivery.session.refusal->detail(), HasSubstr(words));
  EXPECT_EQ(delivery.status.collector_state, "refused");
  EXPECT_THAT(delivery.status.collector_detail, AllOf(HasSubstr(name), HasSubstr(words)));
  EXPECT_THAT(delivery.status.last_refusal, AllOf(HasSubstr(name), HasSubstr(words)));
  EXPECT_THAT(log_.OfCollector(),
              Contains(AllOf(StartsWith("level=warn part=intake event=refused "),
                             HasSubstr("agent=" + agent.ShortId()),
                             HasSubstr(absl::StrCat(" batch=", seq, " reason=", name, " ")),
                             HasSubstr(absl::StrReplaceAll(words, {{"\"", "\\\""}})))));
  EXPECT_THAT(log_.Get(), Contains(AllOf(Not(StartsWith("level=")), HasSubstr(name),
                                         HasSubstr(words), HasSubstr(collector_.address()))));
}

void WireTest::ExpectDelivers(EnrolledAgent& agent) {
  const std::vector<v1::SignedBatch> waiting = *agent.spool().ReadAfter(0, kBatchesMax);
  const size_t before = collector_.Log().size();
  for (int visit = 0; visit < 2; ++visit) {
    const Delivery delivery = agent.Deliver(collector_);
    EXPECT_EQ(delivery.session.state, agent::SessionState::kDone) << delivery.session.detail;
    EXPECT_EQ(delivery.status.collector_state, "delivered") << delivery.status.collector_detail;
  }
  EXPECT_EQ(agent.spool().totals().batches, 0u);
  const std::vector<LogRecord> log = collector_.Log();
  ASSERT_THAT(log, SizeIs(before + waiting.size()));
  for (size_t i = 0; i < waiting.size(); ++i) {
    const LogRecord& record = log[before + i];
    EXPECT_EQ(record.agent_id, agent.id());
    EXPECT_EQ(record.batch, waiting[i].batch());
    EXPECT_EQ(record.signature, waiting[i].signature());
  }
}

}  // namespace sightline::e2e
