#include <algorithm>
#include <atomic>
#include <mutex>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "collector/store/store.h"
#include "common/crypto.h"
#include "common/files.h"
#include "common/wire.h"
#include "tests/bench/load/data_file.h"
#include "tests/bench/load/load_plan.h"
#include "tests/bench/load/prepare.h"

namespace sightline::load {
namespace {

constexpr size_t kInvitesAtOnce = 1000;
// Each waits for the store most of the time.
constexpr int kThreads = 8;

// The token of an agent is its public key: nobody else redeems it.
InviteRecord InviteFor(const DataAgent& agent) {
  InviteRecord invite;
  invite.token_hash = Sha256(agent.public_key);
  invite.role = agent.control ? v1::AGENT_ROLE_CONTROL : v1::AGENT_ROLE_VOLUNTEER;
  invite.expire_time = absl::Now() + absl::Hours(1);
  return invite;
}

absl::Status EnrollOne(Store& store, const DataAgent& agent, absl::Time enroll_time) {
  AgentRecord record;
  record.agent_id = Sha256(agent.public_key);
  record.public_key = agent.public_key;
  record.role = agent.control ? v1::AGENT_ROLE_CONTROL : v1::AGENT_ROLE_VOLUNTEER;
  record.region = agent.region;
  record.enroll_time = enroll_time;
  record.head = GenesisHash();
  return store.Enroll(Sha256(agent.public_key), record).status();
}

// Enrols the agents [first, end) that have invites, on several threads.
absl::Status EnrollRange(Store& store, const DataFile& data, uint32_t first, uint32_t end) {
  // Whole milliseconds, as the store keeps them.
  const absl::Time now = absl::FromUnixMillis(absl::ToUnixMillis(absl::Now()));
  std::atomic<uint32_t> next = first;
  std::mutex mutex;
  absl::Status result;
  const auto work = [&] {
    for (uint32_t i = next.fetch_add(1); i < end; i = next.fetch_add(1)) {
      const absl::Status status = EnrollOne(store, data.Agent(i), now);
      if (status.ok()) continue;
      const std::lock_guard lock(mutex);
      result.Update(status);
      return;
    }
  };
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < kThreads; ++i) threads.emplace_back(work);
  }
  return result;
}

}  // namespace

absl::Status EnrollAll(const std::string& folder, const std::string& store_url) {
  const auto data = DataFile::Open(absl::StrCat(folder, "/", kDataName));
  if (!data.ok()) return data.status();
  const auto plan_bytes = SystemFiles().Read(absl::StrCat(folder, "/", kPlanName));
  if (!plan_bytes.ok()) return plan_bytes.status();
  v1::SignedPlan plan;
  if (!plan.ParseFromString(*plan_bytes)) return absl::DataLossError("plan.signed: is no plan");
  const auto store = OpenStore(store_url);
  if (!store.ok()) return store.status();
  absl::Status status = (*store)->AddPlan(kPlanVersion, plan);
  const uint32_t count = (*data)->shape().agents;
  for (uint32_t first = 0; first < count && status.ok(); first += kInvitesAtOnce) {
    const uint32_t end = std::min<uint32_t>(count, first + kInvitesAtOnce);
    std::vector<InviteRecord> invites;
    for (uint32_t i = first; i < end; ++i) invites.push_back(InviteFor((*data)->Agent(i)));
    status = (*store)->AddInvites(invites);
    if (status.ok()) status = EnrollRange(**store, **data, first, end);
  }
  return status;
}

}  // namespace sightline::load
