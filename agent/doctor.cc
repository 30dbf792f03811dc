#include "agent/doctor.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "absl/strings/str_cat.h"
#include "agent/doctor_folder.h"
#include "agent/doctor_machine.h"
#include "agent/doctor_roads.h"
#include "agent/ingest_client_grpc.h"
#include "agent/road.h"

namespace sightline::agent {
namespace {

void Append(std::vector<Finding>& findings, std::vector<Finding> more) {
  for (Finding& finding : more) findings.push_back(std::move(finding));
}

// Names of collectors and proxy, each once; addresses are no names.
std::vector<std::string> NamesOn(const std::vector<std::string>& roads) {
  std::vector<std::string> names;
  for (const std::string& text : roads) {
    const std::string host = HostOf(ParseRoad(text).address);
    const bool known = std::find(names.begin(), names.end(), host) != names.end();
    if (!known && !ParseIpAddress(host).has_value()) names.push_back(host);
  }
  return names;
}

Finding LookAtClock(const AgentFacts& facts, absl::Time now) {
  ClockFacts clock;
  clock.now = now;
  clock.synchronised = ClockIsSynchronised();
  if (facts.identity.ok() && facts.plan.status.ok()) {
    clock.plan_issue_time = facts.plan.issue_time;
  }
  if (facts.status.ok() && facts.status->clock_offset_ms) {
    clock.offset = absl::Milliseconds(*facts.status->clock_offset_ms);
  }
  return JudgeClock(clock);
}

// Asks the resolver and walks the roads, unless nothing may connect.
std::vector<Finding> LookAtNetwork(const DoctorOptions& options, const Identity& identity,
                                   bool quiet, absl::Time now) {
  const std::string proxy = options.proxy.value_or(identity.proxy);
  const std::vector<std::string> roads = RoadsTo(identity.collectors, proxy);
  NameFacts names;
  names.resolver = ConfiguredResolver();
  names.asked = !quiet;
  if (!quiet) {
    for (const std::string& name : NamesOn(roads)) {
      names.answers.push_back(LookUpName(name, options.step_timeout));
    }
  }
  std::vector<Finding> findings = {JudgeNames(names),
                                   JudgeProxy({ProxiesOfEnvironment(getenv), proxy})};
  const absl::StatusOr<std::string> system_roots = ReadSystemRoots();
  const bool pinned = !identity.collector_roots_pem.empty();
  findings.push_back(JudgeRoots({pinned, system_roots.status()}));
  if (quiet) {
    findings.push_back(Ok("road", absl::StrCat(roads.size(),
                                               " to the collectors; not tried, for "
                                               "nothing is to connect now")));
    return findings;
  }
  RoadCheckOptions check;
  check.roots_pem = pinned ? identity.collector_roots_pem : system_roots.value_or("");
  check.timeout = options.step_timeout;
  check.ask = [&](const std::string& road) {
    IngestClientOptions client;
    client.roots_pem = check.roots_pem;
    client.connect_timeout = options.step_timeout;
    client.call_timeout = options.step_timeout;
    return AskForChallenge(road, client);
  };
  std::vector<RoadFacts> walked;
  for (const std::string& road : roads) walked.push_back(CheckRoad(road, check));
  Append(findings, JudgeRoads(walked, now));
  return findings;
}

}  // namespace

size_t Doctor(const DoctorOptions& options, Files& files, const Clock& clock, std::ostream& out) {
  const absl::Time now = clock.Now();
  const AgentFacts facts = LookAtFolder(options.state_folder, files, clock);
  std::vector<Finding> findings = JudgeAgent(facts, now);
  findings.push_back(LookAtClock(facts, now));
  findings.push_back(JudgeRoutes(LookAtRoutes()));
  if (facts.identity.ok()) {
    const bool quiet = options.offline || facts.pause.has_value();
    Append(findings, LookAtNetwork(options, *facts.identity, quiet, now));
  }
  findings.push_back(JudgeRights(LookAtRights()));
  out << (options.json ? FormatFindingsJson(findings) : FormatFindings(findings));
  return CountOf(findings, Level::kProblem);
}

}  // namespace sightline::agent
