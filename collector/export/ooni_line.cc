#include "collector/export/ooni_line.h"

#include <algorithm>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <map>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "collector/export/ooni_keys.h"
#include "collector/export/ooni_names.h"
#include "common/layers.h"
#include "common/message.h"

namespace sightline {
namespace {

namespace json = boost::json;

// Of what README.md says about the fields; consumers may tell lines apart by it.
constexpr char kMappingVersion[] = "1.0.0";

json::value TextOrNull(const std::string& text) {
  if (text.empty()) return nullptr;
  return json::string(text);
}

std::string OoniTime(int64_t unix_ms) {
  return absl::FormatTime("%Y-%m-%d %H:%M:%S", absl::FromUnixMillis(unix_ms), absl::UTCTimeZone());
}

template <typename Enum>
std::string LowerName(Enum value) {
  return absl::AsciiStrToLower(ShortName(value));
}

bool WasRun(const v1::Observation& observation) {
  return std::any_of(kLayers.begin(), kLayers.end(), [&](v1::Layer layer) {
    const v1::LayerState state = StateOf(observation.layers(), layer);
    return state != v1::LAYER_STATE_UNSPECIFIED && state != v1::LAYER_STATE_UNTESTED;
  });
}

// An observation that becomes a line, with its place in the plan.
struct Seen {
  const v1::Observation* observation = nullptr;
  const PlanIndex::Entry* entry = nullptr;
  DetailOrigin origin = DetailOrigin::kOwn;
};

json::object LayersOf(const v1::LayerVector& layers) {
  json::object result;
  for (const v1::Layer layer : kLayers) {
    const v1::LayerState state = StateOf(layers, layer);
    if (state == v1::LAYER_STATE_UNSPECIFIED) continue;
    const absl::string_view name = LayerName(layer);
    result[json::string_view(name.data(), name.size())] = LowerName(state);
  }
  return result;
}

json::array CausesOf(const v1::Observation& observation) {
  json::array causes;
  for (const v1::Cause& cause : observation.causes()) {
    causes.push_back(json::object{{"layer", LowerName(cause.layer())},
                                  {"mechanism", LowerName(cause.mechanism())},
                                  {"failure", TextOrNull(cause.failure())}});
  }
  return causes;
}

const char* WordOf(const Seen& seen) {
  switch (seen.origin) {
    case DetailOrigin::kRepeated:
      return "repeated";
    case DetailOrigin::kMissing:
      return "missing";
    default:
      return seen.observation->has_dns() || !seen.observation->attempts().empty() ? "own" : "none";
  }
}

json::object AnnotationsOf(const OoniRound& round, const Seen& seen) {
  const v1::Vantage& vantage = round.batch.vantage();
  json::object annotations;
  annotations["sightline_batch_sha256"] = absl::BytesToHexString(Sha256(round.record.batch));
  annotations["sightline_detail"] = WordOf(seen);
  annotations["sightline_egress"] = LowerName(vantage.egress());
  annotations["sightline_fake_ip_dns"] = vantage.fake_ip_dns() ? "true" : "false";
  annotations["sightline_plan_version"] = absl::StrCat(round.batch.plan_version());
  annotations["sightline_proxy_configured"] = vantage.proxy_configured() ? "true" : "false";
  annotations["sightline_region"] = vantage.region();
  annotations["sightline_target"] = seen.entry->target->target_id();
  if (!round.agents) return annotations;
  annotations["sightline_agent"] = absl::BytesToHexString(round.record.agent_id);
  annotations["sightline_batch_seq"] = absl::StrCat(round.batch.batch_seq());
  if (seen.origin != DetailOrigin::kOwn) {
    annotations["sightline_detail_batch_seq"] = absl::StrCat(seen.observation->detail_batch_seq());
  }
  return annotations;
}

// The resolver of the plan that was asked first; empty when none was.
std::string ResolverOf(const v1::Observation& observation) {
  if (observation.dns().source() != v1::DNS_SOURCE_PLAN) return "";
  return observation.dns().resolver();
}

// Everything but test_keys, input and options. `first` is what begins the measurement.
json::object LineOf(const OoniRound& round, const Seen& first, absl::string_view test_name,
                    uint64_t start_offset_ms, uint64_t length_ms) {
  const std::string country = round.record.country.empty() ? "ZZ" : round.record.country;
  const std::string test(test_name);
  const int64_t round_ms = round.batch.round_time_ms();
  json::object line;
  line["annotations"] = AnnotationsOf(round, first);
  line["data_format_version"] = "0.2.0";
  line["extensions"] = {
      {"dnst", 0}, {"httpt", 0}, {"netevents", 0}, {"tcpconnect", 0}, {"tlshandshake", 0}};
  line["input"] = nullptr;
  line["measurement_start_time"] = OoniTime(round_ms + static_cast<int64_t>(start_offset_ms));
  line["options"] = json::array();
  line["probe_asn"] = absl::StrCat("AS", round.record.asn);
  line["probe_cc"] = country;
  line["probe_ip"] = "127.0.0.1";
  line["report_id"] = absl::StrCat(
      absl::FormatTime("%Y%m%dT%H%M%SZ", absl::FromUnixMillis(round_ms), absl::UTCTimeZone()), "_",
      test, "_", country, "_", round.record.asn, "_sightline_",
      absl::BytesToHexString(Sha256(round.record.batch)).substr(0, 16));
  line["software_name"] = "sightline-agent";
  line["software_version"] = round.batch.vantage().agent_version();
  line["test_helpers"] = json::object();
  line["test_keys"] = json::object();
  line["test_name"] = test;
  line["test_runtime"] = static_cast<double>(length_ms) / 1e3;
  line["test_start_time"] = OoniTime(round_ms);
  line["test_version"] = kMappingVersion;
  return line;
}

std::string CheckLine(const OoniRound& round, const Seen& seen) {
  const v1::Observation& observation = *seen.observation;
  const v1::Check& check = *seen.entry->check;
  json::object line = LineOf(round, seen, OoniTestName(check.protocol()),
                             observation.start_offset_ms(), observation.duration_ms());
  json::object& annotations = line["annotations"].as_object();
  annotations["sightline_check"] = check.check_id();
  annotations["sightline_feature"] = seen.entry->feature->feature_id();
  line["input"] = OoniInput(check);
  json::array& options = line["options"].as_array();
  const bool follows = check.redirects_max() > 0;
  const bool page =
      check.protocol() == v1::CHECK_PROTOCOL_HTTP || check.protocol() == v1::CHECK_PROTOCOL_HTTPS;
  if (page && !follows) {
    options.emplace_back("NoFollowRedirects=true");
  }
  const std::string resolver = ResolverOf(observation);
  if (!resolver.empty()) options.emplace_back(absl::StrCat("ResolverURL=udp://", resolver));
  json::object& keys = line["test_keys"].as_object();
  keys["agent"] = follows ? "redirect" : "agent";
  keys["failed_operation"] = TextOrNull(observation.failed_operation());
  keys["failure"] = TextOrNull(observation.failure());
  keys["socksproxy"] = nullptr;
  OoniKeys evidence;
  evidence.Add(check, observation, 0, seen.origin == DetailOrigin::kOwn);
  std::move(evidence).MoveTo(keys);
  keys["x_sightline_causes"] = CausesOf(observation);
  keys["x_sightline_layers"] = LayersOf(observation.layers());
  return json::serialize(line);
}

// What OONI's test "signal" (ts-029) asks for: these four, each by a GET of "/" over TLS that
// Signal's own roots verify.
constexpr const char* kSignalHosts[] = {"cdsi.signal.org", "chat.signal.org", "sfu.voip.signal.org",
                                        "storage.signal.org"};

bool IsSignalCheck(const v1::Check& check) {
  return check.protocol() == v1::CHECK_PROTOCOL_HTTPS && check.port() == 443 &&
         check.path() == "/" && !check.root_set().empty() &&
         std::find(std::begin(kSignalHosts), std::end(kSignalHosts), check.host()) !=
             std::end(kSignalHosts);
}

// The first of each host, ordered by host.
using SignalChecks = std::map<std::string, const Seen*>;

// For that test an answer is an answer, whatever its status.
std::string SignalFailure(const v1::Observation& observation) {
  const std::string& failure = observation.failure();
  const bool answered =
      failure == "http_unexpected_status_code" || failure == "http_request_failed";
  return answered ? "" : failure;
}

// Whether the line was cut by what an earlier probe brought about, or by the agent itself.
bool SaysNothing(const v1::Observation& observation) {
  return std::any_of(kLayers.begin(), kLayers.end(),
                     [&](v1::Layer layer) {
                       return StateOf(observation.layers(), layer) == v1::LAYER_STATE_TAINTED;
                     }) ||
         observation.untested_reason() != v1::UNTESTED_REASON_UNSPECIFIED;
}

std::string SignalLine(const OoniRound& round, const SignalChecks& checks) {
  uint64_t begin_ms = UINT64_MAX;
  uint64_t end_ms = 0;
  DetailOrigin worst = DetailOrigin::kOwn;
  std::string failure;
  bool certain = true;
  for (const auto& [host, seen] : checks) {
    const v1::Observation& observation = *seen->observation;
    const uint64_t start_ms = observation.start_offset_ms();
    begin_ms = std::min(begin_ms, start_ms);
    end_ms = std::max(end_ms, start_ms + observation.duration_ms());
    worst = std::max(worst, seen->origin);
    if (SaysNothing(observation)) {
      certain = false;
    } else if (failure.empty()) {
      failure = SignalFailure(observation);
    }
  }
  Seen first = *checks.begin()->second;
  first.origin = worst;
  json::object line = LineOf(round, first, "signal", begin_ms, end_ms - begin_ms);
  // Of four checks: each has its own.
  line["annotations"].as_object().erase("sightline_detail_batch_seq");
  json::object& keys = line["test_keys"].as_object();
  keys["agent"] = "agent";
  keys["signal_backend_failure"] = TextOrNull(failure);
  keys["signal_backend_status"] = nullptr;
  if (!failure.empty()) {
    keys["signal_backend_status"] = "blocked";
  } else if (certain) {
    keys["signal_backend_status"] = "ok";
  }
  keys["socksproxy"] = nullptr;
  OoniKeys evidence;
  json::object causes;
  json::object layers;
  for (const auto& [host, seen] : checks) {
    const v1::Observation& observation = *seen->observation;
    evidence.Add(*seen->entry->check, observation,
                 static_cast<int64_t>(observation.start_offset_ms() - begin_ms) * 1000,
                 seen->origin == DetailOrigin::kOwn);
    causes[host] = CausesOf(observation);
    layers[host] = LayersOf(observation.layers());
  }
  std::move(evidence).MoveTo(keys);
  keys["x_sightline_causes"] = std::move(causes);
  keys["x_sightline_layers"] = std::move(layers);
  return json::serialize(line);
}

}  // namespace

std::vector<std::string> OoniLines(const OoniRound& round) {
  std::vector<Seen> run;
  for (int i = 0; i < round.batch.observations_size(); ++i) {
    const v1::Observation& observation = round.batch.observations(i);
    const PlanIndex::Entry* entry = round.plan.Find(observation.check_id());
    if (entry == nullptr || !WasRun(observation)) continue;
    run.push_back({&observation, entry, round.origins[static_cast<size_t>(i)]});
  }
  SignalChecks signal;
  for (const Seen& seen : run) {
    if (IsSignalCheck(*seen.entry->check)) signal.emplace(seen.entry->check->host(), &seen);
  }
  const bool together = signal.size() == std::size(kSignalHosts);
  bool written = false;
  std::vector<std::string> lines;
  for (const Seen& seen : run) {
    const auto found = signal.find(seen.entry->check->host());
    if (!together || found == signal.end() || found->second != &seen) {
      lines.push_back(CheckLine(round, seen));
    } else if (!written) {
      lines.push_back(SignalLine(round, signal));
      written = true;
    }
  }
  return lines;
}

}  // namespace sightline
