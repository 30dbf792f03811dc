// What one batch costs a collector but for gRPC and the store: CPU time of verifying, placing,
// counting and handing on. Prints one line for each size of batch.
#include <spdlog/spdlog.h>

#include <condition_variable>
#include <cstdio>
#include <ctime>
#include <memory>
#include <vector>

#include "absl/strings/str_cat.h"
#include "collector/session.h"
#include "tests/collector/memory_store.h"
#include "tests/collector/test_agent.h"
#include "tests/collector/test_certificates.h"
#include "tests/common/fake_clock.h"

namespace sightline {
namespace {

constexpr int kTargets = 32;
constexpr int kChecksPerTarget = 8;
constexpr int kBatches = 4000;

// Takes everything and keeps nothing but where chains end.
class ForgetfulStore : public MemoryStore {
 public:
  absl::StatusOr<AppendResult> Append(absl::string_view,
                                      absl::Span<const LogRecord> records) override {
    AppendResult result;
    result.outcomes.assign(records.size(), AppendOutcome::kAppended);
    result.last_node_seq = node_seq_ += records.size();
    return result;
  }

 private:
  uint64_t node_seq_ = 0;
};

class CountingStream : public SubmitStream {
 public:
  void Read() override {
    const std::lock_guard lock(mutex_);
    ++reads_;
    changed_.notify_all();
  }
  void Write(v1::SubmitResponse response) override {
    const std::lock_guard lock(mutex_);
    if (response.has_challenge()) nonce = response.challenge().nonce();
    if (response.has_refusal()) std::fprintf(stderr, "%s\n", response.ShortDebugString().c_str());
    if (response.has_ack()) acked_ = response.ack().last_seq();
    changed_.notify_all();
  }
  void Close(absl::Status) override {}
  void BreakIfStuck(absl::Time) override {}
  void WaitForRead(int count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return reads_ >= count; });
  }
  void WaitForAck(uint64_t seq) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return acked_ >= seq; });
  }
  std::string nonce;

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int reads_ = 0;
  uint64_t acked_ = 0;
};

v1::Plan BigPlan() {
  v1::Plan plan = TestPlan(1);
  plan.clear_targets();
  for (int target = 0; target < kTargets; ++target) {
    const std::string id = absl::StrCat("target-", target);
    AddTarget(plan, id,
              target < 2    ? v1::TARGET_KIND_DOMESTIC_ANCHOR
              : target == 2 ? v1::TARGET_KIND_FOREIGN_ANCHOR
                            : v1::TARGET_KIND_SERVICE,
              absl::StrCat(id, ".example.com"));
    v1::Feature& feature = *plan.mutable_targets(target)->mutable_features(0);
    for (int check = 1; check < kChecksPerTarget; ++check) {
      v1::Check& added = *feature.add_checks();
      added = feature.checks(0);
      added.set_check_id(absl::StrCat(id, "-", check));
    }
  }
  return plan;
}

std::vector<v1::SubmitRequest> Seal(TestAgent& agent, const v1::Plan& plan, int observations) {
  std::vector<v1::SubmitRequest> messages;
  for (int i = 0; i < kBatches; ++i) {
    v1::Batch batch = agent.NextBatch();
    batch.clear_observations();
    for (const v1::Target& target : plan.targets()) {
      for (const v1::Check& check : target.features(0).checks()) {
        if (batch.observations_size() == observations) break;
        v1::Observation& observation = *batch.add_observations();
        observation.set_check_id(check.check_id());
        observation.set_start_offset_ms(100);
        observation.set_duration_ms(250);
        v1::LayerVector& layers = *observation.mutable_layers();
        layers.set_dns(v1::LAYER_STATE_OK);
        layers.set_tcp(v1::LAYER_STATE_OK);
        layers.set_tls(v1::LAYER_STATE_OK);
        layers.set_http(v1::LAYER_STATE_OK);
        layers.set_app(v1::LAYER_STATE_OK);
      }
    }
    *messages.emplace_back().mutable_batch() = agent.Seal(batch);
  }
  return messages;
}

double CpuSeconds() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

void Measure(int observations) {
  const SigningKey operator_key = SigningKey::Generate();
  const FakeClock clock(kTestNow);
  ForgetfulStore store;
  TestAgent agent;
  store.AddAgent(agent.Record());
  PlanBook plans(store, operator_key.public_key(), clock);
  const v1::Plan plan = BigPlan();
  if (const auto published = plans.Publish(SignPlan(plan, operator_key)); !published.ok()) {
    std::fprintf(stderr, "%s\n", published.status().ToString().c_str());
    return;
  }
  std::vector<v1::SubmitRequest> messages = Seal(agent, plan, observations);
  const size_t bytes = messages[0].batch().batch().size();
  double begin = CpuSeconds();
  for (const v1::SubmitRequest& message : messages) {
    if (!agent.key().public_key().Verify(kBatchDomain, message.batch().batch(),
                                         message.batch().signature())) {
      return;
    }
  }
  const double verify_us = (CpuSeconds() - begin) * 1e6 / kBatches;

  BucketKeys bucket_keys(store);
  Metrics metrics;
  RecentLog recent(1000);
  IntakeBudget budget;
  Writer writer(store, "n1", recent, metrics, nullptr);
  Streams streams(10, metrics);
  HelloGuard guard;
  const SessionContext::Post inline_post = [](const std::function<void()>& work) { work(); };
  const SessionContext context{store,   plans,   bucket_keys, writer,
                               budget,  streams, guard,       TestCertificates(),
                               metrics, clock,   inline_post, inline_post};
  CountingStream stream;
  auto session = std::make_shared<Session>(context, Origin{"CN", 4134, "\x1e\x0b\x01"}, &stream);
  session->Start();
  v1::SubmitRequest hello;
  *hello.mutable_hello() = agent.HelloTo(stream.nonce, 1);
  session->OnMessage(std::move(hello));
  begin = CpuSeconds();
  int reads = 2;
  for (v1::SubmitRequest& message : messages) {
    stream.WaitForRead(reads++);
    session->OnMessage(std::move(message));
  }
  stream.WaitForAck(kBatches);
  const double whole_us = (CpuSeconds() - begin) * 1e6 / kBatches;
  session->Detach();
  std::printf("%d observations, %zu bytes: %.1f us per batch, of which the signature %.1f us\n",
              observations, bytes, whole_us, verify_us);
}

}  // namespace
}  // namespace sightline

int main() {
  for (const int observations : {32, 256}) sightline::Measure(observations);
}
