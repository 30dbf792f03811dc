#include <algorithm>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/layers.h"
#include "common/plan.h"
#include "common/plan_rules.h"

namespace sightline::plan_rules {
namespace {

constexpr size_t kDisplayNameBytesMax = 128;
constexpr int kFeaturesMax = 16;
constexpr size_t kPathBytesMax = 1024;
constexpr size_t kBodyTextBytesMax = 1024;
constexpr size_t kTitleBytesMax = 256;
constexpr size_t kOriginBytesMax = 256;
constexpr uint32_t kBodyBytesMax = 524'288;
constexpr uint32_t kRedirectsMax = 10;
constexpr int kGenuineAddressesMax = 8;
constexpr int kOtherPortsMax = 4;

bool HasPage(v1::CheckProtocol protocol) {
  return protocol == v1::CHECK_PROTOCOL_HTTP || protocol == v1::CHECK_PROTOCOL_HTTPS;
}

bool HasUpgrade(v1::CheckProtocol protocol) {
  return protocol == v1::CHECK_PROTOCOL_WEBSOCKET || protocol == v1::CHECK_PROTOCOL_NOISE_WEBSOCKET;
}

bool HasNoise(v1::CheckProtocol protocol) {
  return protocol == v1::CHECK_PROTOCOL_NOISE || protocol == v1::CHECK_PROTOCOL_NOISE_WEBSOCKET;
}

// "https://web.whatsapp.com": a scheme and an authority that a header line can hold.
bool IsOrigin(absl::string_view origin) {
  if (origin.size() > kOriginBytesMax) return false;
  if (!absl::ConsumePrefix(&origin, "https://") && !absl::ConsumePrefix(&origin, "http://")) {
    return false;
  }
  return !origin.empty() && std::all_of(origin.begin(), origin.end(), [](unsigned char c) {
    return absl::ascii_isgraph(c) && c != '/';
  });
}

absl::Status CheckPlaces(const v1::Check& check, const std::string& where) {
  absl::Status status = CheckHost(where + "host", check.host());
  if (!status.ok()) return status;
  const bool connects = ProtocolHas(check.protocol(), v1::LAYER_TCP);
  if (connects && (check.port() == 0 || check.port() > 65535)) {
    return Wrong(where + "port", "must be 1 to 65535");
  }
  if (check.genuine_addresses_size() > kGenuineAddressesMax) {
    return Wrong(where + "genuine_addresses",
                 absl::StrCat("must be at most ", kGenuineAddressesMax));
  }
  NameSet addresses;
  for (const std::string& address : check.genuine_addresses()) {
    status = CheckAddress(where + "genuine_addresses", address);
    if (!status.ok()) return status;
    if (!addresses.insert(address).second) {
      return Wrong(where + "genuine_addresses",
                   absl::StrCat("\"", address, "\" is there twice; name it once"));
    }
  }
  if (check.other_ports_size() > kOtherPortsMax) {
    return Wrong(where + "other_ports", absl::StrCat("must be at most ", kOtherPortsMax));
  }
  absl::flat_hash_set<uint32_t> ports = {check.port()};
  for (const uint32_t port : check.other_ports()) {
    if (port == 0 || port > 65535 || !ports.insert(port).second) {
      return Wrong(where + "other_ports", "must be 1 to 65535, each once and other than port");
    }
  }
  return absl::OkStatus();
}

// What an answer must hold. A field that the protocol would pass over is a slip of the operator.
absl::Status CheckExpectations(const v1::Check& check, const std::string& where) {
  if (check.status_min() > check.status_max() || check.status_max() > 599) {
    return Wrong(where + "status_min and status_max", "must be a range within 0 to 599");
  }
  if (check.body_contains().size() > kBodyTextBytesMax) {
    return Wrong(where + "body_contains",
                 absl::StrCat("must be at most ", kBodyTextBytesMax, " bytes"));
  }
  const bool page = HasPage(check.protocol());
  if (check.title_contains().size() > kTitleBytesMax ||
      (!page && !check.title_contains().empty())) {
    return Wrong(where + "title_contains", absl::StrCat("must be at most ", kTitleBytesMax,
                                                        " bytes, for HTTP and HTTPS only"));
  }
  const uint32_t min = check.body_bytes_min();
  const uint32_t max = check.body_bytes_max();
  if (min > kBodyBytesMax || max > kBodyBytesMax || (max != 0 && min > max) ||
      (!page && (min != 0 || max != 0))) {
    return Wrong(
        where + "body_bytes_min and body_bytes_max",
        absl::StrCat("must be a range within 0 to ", kBodyBytesMax, ", for HTTP and HTTPS only"));
  }
  if (check.redirects_max() > kRedirectsMax || (!page && check.redirects_max() != 0)) {
    return Wrong(where + "redirects_max",
                 absl::StrCat("must be 0 to ", kRedirectsMax, ", for HTTP and HTTPS only"));
  }
  return absl::OkStatus();
}

absl::Status CheckFeature(const v1::Feature& feature, const std::string& where, NameSet& features,
                          PlanNames& names) {
  if (!IsName(feature.feature_id()) || !features.insert(feature.feature_id()).second) {
    return Wrong(where + "feature_id", "must be a name, each once");
  }
  if (!v1::FeatureRule_IsValid(feature.rule()) || feature.rule() == v1::FEATURE_RULE_UNSPECIFIED ||
      feature.checks().empty()) {
    return Wrong(absl::StrCat(where, "feature \"", feature.feature_id(), "\""),
                 "needs a rule (FEATURE_RULE_ANY_OF or _ALL_OF) and at least one check");
  }
  for (const v1::Check& check : feature.checks()) {
    absl::Status status = CheckOneCheck(check, names);
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status CheckTarget(const v1::Target& target, PlanNames& names) {
  const std::string where = absl::StrCat("target \"", target.target_id(), "\" ");
  if (!IsName(target.target_id()) || !names.targets.insert(target.target_id()).second) {
    return Wrong(where + "target_id", "must be lower-case letters, digits, - or _, each once");
  }
  if (target.display_name().size() > kDisplayNameBytesMax) {
    return Wrong(where + "display_name",
                 absl::StrCat("must be at most ", kDisplayNameBytesMax, " bytes"));
  }
  if (!v1::TargetKind_IsValid(target.kind()) || target.kind() == v1::TARGET_KIND_UNSPECIFIED) {
    return Wrong(where + "kind",
                 "must be SERVICE, DOMESTIC_ANCHOR, FOREIGN_ANCHOR or CANARY (TARGET_KIND_...)");
  }
  if (target.features_size() > kFeaturesMax) {
    return Wrong(where + "features", absl::StrCat("must be at most ", kFeaturesMax));
  }
  NameSet features;
  for (const v1::Feature& feature : target.features()) {
    absl::Status status = CheckFeature(feature, where, features, names);
    if (!status.ok()) return status;
  }
  const bool essential = std::any_of(target.features().begin(), target.features().end(),
                                     [](const v1::Feature& f) { return f.essential(); });
  if (!essential) return Wrong(where + "features", "at least one must be essential");
  return absl::OkStatus();
}

absl::Status CheckCaptivePortal(const v1::Plan& plan, PlanNames& names) {
  if (!plan.has_captive_portal()) return absl::OkStatus();
  const v1::Check& portal = plan.captive_portal();
  const absl::Status status = CheckOneCheck(portal, names);
  if (!status.ok()) {
    return Wrong("captive_portal", {status.message().data(), status.message().size()});
  }
  if (portal.protocol() != v1::CHECK_PROTOCOL_HTTP) {
    return Wrong("captive_portal protocol",
                 "must be CHECK_PROTOCOL_HTTP, for a portal answers in the clear only");
  }
  if (portal.status_max() == 0 && portal.body_contains().empty() &&
      portal.title_contains().empty() && portal.body_bytes_min() == 0 &&
      portal.body_bytes_max() == 0) {
    return Wrong("captive_portal",
                 "needs an expectation that a portal's page does not meet, such as body_contains");
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckOneCheck(const v1::Check& check, PlanNames& names) {
  const std::string where = absl::StrCat("check \"", check.check_id(), "\" ");
  const v1::CheckProtocol protocol = check.protocol();
  if (!IsName(check.check_id()) || !names.checks.insert(check.check_id()).second) {
    return Wrong(where + "check_id", "must be lower-case letters, digits, - or _, each once");
  }
  if (!v1::CheckProtocol_IsValid(protocol) || protocol == v1::CHECK_PROTOCOL_UNSPECIFIED) {
    return Wrong(where + "protocol",
                 "must be one of DNS, TCP, TLS, HTTP, HTTPS, NOISE, WEBSOCKET, NOISE_WEBSOCKET "
                 "(CHECK_PROTOCOL_...)");
  }
  absl::Status status = CheckPlaces(check, where);
  if (status.ok()) status = CheckExpectations(check, where);
  if (!status.ok()) return status;
  if (!check.root_set().empty() && !names.root_sets.contains(check.root_set())) {
    return Wrong(where + "root_set",
                 absl::StrCat("no root set is named \"", check.root_set(), "\""));
  }
  if (ProtocolHas(protocol, v1::LAYER_HTTP) &&
      (!absl::StartsWith(check.path(), "/") || check.path().size() > kPathBytesMax ||
       HoldsAny(check.path(), absl::string_view(" \r\n\t\0", 5)))) {
    return Wrong(where + "path", "must start with / and hold no white space");
  }
  if (!check.origin().empty() && !(HasUpgrade(protocol) && IsOrigin(check.origin()))) {
    return Wrong(where + "origin",
                 "must be like https://web.whatsapp.com, without path, for the WebSocket "
                 "protocols only");
  }
  if (HasNoise(protocol) != !check.noise_profile().empty()) {
    return Wrong(where + "noise_profile", HasNoise(protocol)
                                              ? "is needed: name one of noise_profiles"
                                              : "is for the Noise protocols only; leave it out");
  }
  if (HasNoise(protocol) && !names.noise_profiles.contains(check.noise_profile())) {
    return Wrong(where + "noise_profile",
                 absl::StrCat("no noise profile is named \"", check.noise_profile(), "\""));
  }
  return absl::OkStatus();
}

absl::Status CheckTargets(const v1::Plan& plan, PlanNames& names) {
  if (plan.targets().empty() || plan.targets_size() > kTargetsMax) {
    return Wrong("targets", absl::StrCat("must be 1 to ", kTargetsMax));
  }
  for (const v1::Target& target : plan.targets()) {
    absl::Status status = CheckTarget(target, names);
    if (!status.ok()) return status;
  }
  return CheckCaptivePortal(plan, names);
}

}  // namespace sightline::plan_rules
