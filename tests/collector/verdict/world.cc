#include "tests/collector/verdict/world.h"

#include <stdexcept>
#include <utility>

#include "absl/strings/str_cat.h"
#include "collector/verdict/verdict.h"
#include "common/crypto.h"

namespace sightline {
namespace {

// The observation of an HTTPS check that has `outcome`.
v1::Observation ObservationOf(const std::string& target_id, Outcome outcome) {
  v1::Observation observation;
  observation.set_check_id(target_id + "-web");
  v1::LayerVector& layers = *observation.mutable_layers();
  const bool open = outcome == Outcome::kOpen;
  layers.set_dns(outcome == Outcome::kBlocked ? v1::LAYER_STATE_BLOCKED : v1::LAYER_STATE_OK);
  if (outcome == Outcome::kBlocked) observation.set_failure("dns_bogon_error");
  if (open || outcome == Outcome::kDown) {
    layers.set_tcp(v1::LAYER_STATE_OK);
    layers.set_tls(v1::LAYER_STATE_OK);
    layers.set_http(open ? v1::LAYER_STATE_OK : v1::LAYER_STATE_DOWN);
  }
  if (open) layers.set_app(v1::LAYER_STATE_OK);
  return observation;
}

}  // namespace

v1::Plan SixCityPlan() {
  v1::Plan plan = TestPlan();
  for (const char* region : {"CN-SC", "CN-HB", "CN-SN"}) {
    plan.mutable_countries(0)->add_regions(region);
  }
  AddTarget(plan, "instagram", v1::TARGET_KIND_SERVICE, "www.instagram.com");
  return plan;
}

World::World(v1::Plan a_plan) : plan(std::move(a_plan)) {}

TestAgent& World::Join(const std::string& region, uint32_t asn, v1::AgentRole role) {
  TestAgent agent;
  const std::string name = absl::StrCat("agent ", agents.size());
  agent.registry.agent_id = Sha256(name);
  agent.registry.public_key = Sha256(name + " key");
  agent.registry.role = role;
  agent.registry.region = region;
  agent.registry.enroll_time = kTestNow - absl::Hours(24 * 30);
  agent.country = std::string(CountryOf(region));
  agent.asn = asn;
  agent.bucket = Sha256(name + " bucket").substr(0, 16);
  agents.push_back(agent);
  return agents.back();
}

void World::JoinSixCities(int each) {
  for (const std::string& region : plan.countries(0).regions()) {
    for (const uint32_t asn : {4134U, 4837U}) {
      for (int i = 0; i < each; ++i) Join(region, asn);
    }
  }
  for (int i = 0; i < 3; ++i) Join("DE", 3320, v1::AGENT_ROLE_CONTROL);
}

void World::Round(absl::Time time, const Sight& sight) {
  for (TestAgent& agent : agents) Round(agent, time, sight);
}

void World::Round(TestAgent& agent, absl::Time time, const Sight& sight) {
  Entry entry;
  entry.agent = agent.registry;
  entry.batch.set_agent_id(agent.registry.agent_id);
  entry.batch.set_batch_seq(++agent.batches);
  entry.batch.set_plan_version(plan.version());
  entry.batch.set_round_time_ms(absl::ToUnixMillis(time));
  *entry.batch.mutable_vantage() = agent.vantage;
  entry.batch.mutable_vantage()->set_region(agent.registry.region);
  for (const v1::Target& target : plan.targets()) {
    const Outcome outcome = sight(agent, target.target_id());
    if (outcome == Outcome::kUntested) continue;
    *entry.batch.add_observations() = ObservationOf(target.target_id(), outcome);
  }
  LogRecord& record = entry.record;
  record.node = "n1";
  record.node_seq = entries.size() + 1;
  record.agent_id = agent.registry.agent_id;
  record.first_seq = record.batch_seq = agent.batches;
  record.round_time = time;
  record.receive_time = time + absl::Seconds(5);
  record.country = agent.country;
  record.asn = agent.asn;
  record.bucket = agent.bucket;
  record.batch = entry.batch.SerializeAsString();
  record.signature = std::string(64, 's');
  entries.push_back(std::move(entry));
}

v1::GetSummaryResponse World::Summary() const {
  return JudgeAt(FoldOf(entries, plan), plan, kTestNow);
}

Fold FoldOf(const std::vector<Entry>& entries, const v1::Plan& plan) {
  Fold fold(kHour, kRetain);
  for (const Entry& entry : entries)
    fold.Add(MakeRound(entry.record, entry.batch, &plan, entry.agent));
  return fold;
}

v1::GetSummaryResponse JudgeAt(const Fold& fold, const v1::Plan& plan, absl::Time start) {
  Window silent;
  silent.start = start;
  silent.length = fold.window_length();
  const Window* window = fold.Find(start);
  return Judge(window == nullptr ? silent : *window, plan, "CN", TestNames());
}

Outcome NormalSight(const TestAgent& agent, const std::string& target_id) {
  if (agent.registry.role == v1::AGENT_ROLE_CONTROL) return Outcome::kOpen;
  const bool banned = target_id == "whatsapp" || target_id == "signal" || target_id == "instagram";
  return banned ? Outcome::kBlocked : Outcome::kOpen;
}

Sight OpenWhere(const std::string& target_id, std::function<bool(const TestAgent&)> where) {
  return [=](const TestAgent& agent, const std::string& target) {
    if (target == target_id && where(agent)) return Outcome::kOpen;
    return NormalSight(agent, target);
  };
}

const v1::TargetVerdict& VerdictOn(const v1::GetSummaryResponse& summary,
                                   const std::string& target_id) {
  for (const v1::TargetVerdict& verdict : summary.verdicts()) {
    if (verdict.target_id() == target_id) return verdict;
  }
  throw std::out_of_range("no verdict on " + target_id);
}

const v1::RegionAccess& RegionOf(const v1::TargetVerdict& verdict, const std::string& region) {
  for (const v1::RegionAccess& access : verdict.regions()) {
    if (access.region() == region) return access;
  }
  throw std::out_of_range("no region " + region);
}

const RegionNames& TestNames() {
  static const RegionNames& names = *new RegionNames(RegionNames::Load().value());
  return names;
}

}  // namespace sightline
