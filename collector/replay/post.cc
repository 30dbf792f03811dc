#include "collector/replay/post.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "collector/bucket.h"
#include "common/wire.h"

namespace sightline {
namespace {

// Windows that are sealed ahead.
constexpr size_t kBagsMax = 4;
constexpr size_t kBootIdBytes = 16;

}  // namespace

AgentRecord RecordOf(const Resident& who) {
  AgentRecord agent;
  agent.agent_id = who.agent_id;
  agent.public_key = who.key.public_key().raw();
  agent.role = who.control ? v1::AGENT_ROLE_CONTROL : v1::AGENT_ROLE_VOLUNTEER;
  agent.region = who.region;
  agent.enroll_time = who.enroll_time;
  agent.head = GenesisHash();
  return agent;
}

Post::Post(const Scenario& scenario, const World& world)
    : scenario_(scenario), world_(world), plan_(world.plan()) {
  for (const Resident& who : world.residents()) {
    Desk& desk = desks_.emplace_back();
    desk.tail = {0, GenesisHash()};
    desk.received = absl::InfinitePast();
    desk.agent = RecordOf(who);
  }
  thread_ = std::thread([this] { Run(); });
}

Post::~Post() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void Post::Run() {
  for (int window = 0; window < scenario_.windows; ++window) {
    Bag bag = Seal(window);
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return stopping_ || bags_.size() < kBagsMax; });
    if (stopping_) return;
    bags_.push_back(std::move(bag));
    changed_.notify_all();
  }
}

Bag Post::Next() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return !bags_.empty(); });
  Bag bag = std::move(bags_.front());
  bags_.pop_front();
  changed_.notify_all();
  return bag;
}

Bag Post::Seal(int window) {
  Bag bag;
  for (const Resident& who : world_.residents()) {
    for (int round = 0; round < scenario_.rounds_per_window; ++round) {
      std::optional<RoundSeen> seen = world_.Look(who, window, round);
      if (!seen) continue;
      bag.push_back(Write(who, desks_[who.number], *std::move(seen)));
      bag.back().window = window;
    }
  }
  return bag;
}

void Post::Restart(const Resident& who, Desk& desk, const std::string& agent_version) {
  desk.agent_version = agent_version;
  const std::string boot_id =
      world_.Secret(absl::StrCat("boot ", who.number), desk.tail.seq).substr(0, kBootIdBytes);
  desk.sealer.emplace(who.key, SealContext{who.region, agent_version, boot_id});
}

Letter Post::Write(const Resident& who, Desk& desk, RoundSeen seen) {
  if (!desk.sealer || desk.agent_version != seen.agent_version) {
    Restart(who, desk, seen.agent_version);
  }
  const RoundFacts facts = {world_.plan().version(), seen.round_time,
                            seen.round_time + scenario_.window_length / 120,
                            std::move(seen.vantage)};
  SealedBatch sealed = desk.sealer->Seal(desk.tail, facts, std::move(seen.observations));
  // A chain is sent in its order: what was kept goes first.
  desk.received = std::max(desk.received, seen.receive_time);
  const int64_t day = DayOf(seen.round_time);
  if (desk.bucket.empty() || desk.bucket_day != day) {
    desk.bucket = BucketOf({who.country, who.asn, who.prefix}, world_.Secret("bucket key", day));
    desk.bucket_day = day;
  }
  Letter letter;
  letter.resident = who.number;
  letter.open = std::move(seen.open);
  LogRecord& record = letter.record;
  record.agent_id = who.agent_id;
  record.first_seq = record.batch_seq = sealed.batch.batch_seq();
  record.prev_hash = desk.tail.head;
  record.chain_hash = ChainHash(sealed.signed_batch, sealed.batch);
  record.round_time = absl::FromUnixMillis(sealed.batch.round_time_ms());
  record.receive_time = absl::FromUnixMillis(absl::ToUnixMillis(desk.received));
  record.country = who.country;
  record.asn = who.asn;
  record.bucket = desk.bucket;
  record.batch = std::move(*sealed.signed_batch.mutable_batch());
  record.signature = std::move(*sealed.signed_batch.mutable_signature());
  desk.tail = {record.batch_seq, record.chain_hash};
  letter.round = std::make_shared<const Round>(MakeRound(record, sealed.batch, &plan_, desk.agent));
  return letter;
}

}  // namespace sightline
