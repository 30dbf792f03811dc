#include "common/plan.h"

#include <google/protobuf/util/time_util.h>

#include <algorithm>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/message.h"
#include "common/wire.h"

namespace sightline {
namespace {

using NameSet = absl::flat_hash_set<absl::string_view>;

absl::Status Wrong(absl::string_view field, absl::string_view rule) {
  return absl::InvalidArgumentError(absl::StrCat(field, ": ", rule));
}

bool IsName(absl::string_view name) {
  return !name.empty() && name.size() <= 64 &&
         std::all_of(name.begin(), name.end(), [](unsigned char c) {
           return absl::ascii_islower(c) || absl::ascii_isdigit(c) || c == '-' || c == '_';
         });
}

bool HoldsAny(absl::string_view text, absl::string_view characters) {
  return text.find_first_of(characters) != absl::string_view::npos;
}

absl::Status CheckTimes(const v1::Plan& plan) {
  using google::protobuf::util::TimeUtil;
  for (const auto* time : {&plan.issue_time(), &plan.expire_time()}) {
    if (time->seconds() <= 0 || time->seconds() > TimeUtil::kTimestampMaxSeconds ||
        time->nanos() < 0 || time->nanos() > 999'999'999) {
      return Wrong("issue_time and expire_time", "must be set, as times after 1970");
    }
  }
  if (FromProto(plan.expire_time()) <= FromProto(plan.issue_time())) {
    return Wrong("expire_time", "must be after issue_time");
  }
  if (FromProto(plan.round_interval()) < absl::Seconds(1) ||
      FromProto(plan.round_interval()) > absl::Hours(24)) {
    return Wrong("round_interval", "must be 1 s to 24 h");
  }
  if (!(plan.round_jitter_ratio() >= 0 && plan.round_jitter_ratio() <= 0.5)) {
    return Wrong("round_jitter_ratio", "must be 0 to 0.5");
  }
  if (FromProto(plan.check_timeout()) < absl::Milliseconds(100) ||
      FromProto(plan.check_timeout()) > absl::Seconds(60)) {
    return Wrong("check_timeout", "must be 100 ms to 60 s");
  }
  if (FromProto(plan.dns_hold()) < absl::ZeroDuration() ||
      FromProto(plan.dns_hold()) >= FromProto(plan.check_timeout())) {
    return Wrong("dns_hold", "must be at least 0 and below check_timeout");
  }
  return absl::OkStatus();
}

absl::Status CheckCountries(const v1::Plan& plan) {
  if (plan.countries().empty()) return Wrong("countries", "at least one is needed");
  NameSet seen;
  for (const v1::CountryRegions& country : plan.countries()) {
    if (country.country().size() != 2 || !seen.insert(country.country()).second) {
      return Wrong(absl::StrCat("countries \"", country.country(), "\""),
                   "must be an ISO 3166-1 alpha-2 code, each once");
    }
    if (country.regions().empty()) {
      return Wrong(absl::StrCat("countries \"", country.country(), "\" regions"),
                   "at least one is needed");
    }
    for (const std::string& region : country.regions()) {
      if (!absl::StartsWith(region, country.country() + "-") || region.size() > 6 ||
          !seen.insert(region).second) {
        return Wrong(
            absl::StrCat("regions \"", region, "\""),
            absl::StrCat("must be an ISO 3166-2 code of ", country.country(), ", each once"));
      }
    }
  }
  return absl::OkStatus();
}

absl::Status CheckOneCheck(const v1::Check& check, const NameSet& root_sets, NameSet& seen) {
  const std::string where = absl::StrCat("check \"", check.check_id(), "\" ");
  if (!IsName(check.check_id()) || !seen.insert(check.check_id()).second) {
    return Wrong(where + "check_id", "must be lower-case letters, digits, - or _, each once");
  }
  if (!v1::CheckProtocol_IsValid(check.protocol()) ||
      check.protocol() == v1::CHECK_PROTOCOL_UNSPECIFIED) {
    return Wrong(where + "protocol", "must be one of DNS, TCP, TLS, HTTP, HTTPS");
  }
  if (check.host().empty() || check.host().size() > 253 ||
      HoldsAny(check.host(), absl::string_view(" /:\r\n\t\0", 7))) {
    return Wrong(where + "host", "must be a DNS name of at most 253 characters");
  }
  if (check.protocol() != v1::CHECK_PROTOCOL_DNS && (check.port() == 0 || check.port() > 65535)) {
    return Wrong(where + "port", "must be 1 to 65535");
  }
  if (!check.root_set().empty() && !root_sets.contains(check.root_set())) {
    return Wrong(where + "root_set",
                 absl::StrCat("no root set is named \"", check.root_set(), "\""));
  }
  const bool http =
      check.protocol() == v1::CHECK_PROTOCOL_HTTP || check.protocol() == v1::CHECK_PROTOCOL_HTTPS;
  if (http && (!absl::StartsWith(check.path(), "/") || check.path().size() > 1024 ||
               HoldsAny(check.path(), absl::string_view(" \r\n\t\0", 5)))) {
    return Wrong(where + "path", "must start with / and hold no white space");
  }
  if (check.status_min() > check.status_max() || check.status_max() > 599) {
    return Wrong(where + "status_min and status_max", "must be a range within 0 to 599");
  }
  return absl::OkStatus();
}

absl::Status CheckTargets(const v1::Plan& plan, const NameSet& root_sets) {
  if (plan.targets().empty() || plan.targets_size() > kTargetsMax) {
    return Wrong("targets", absl::StrCat("must be 1 to ", kTargetsMax));
  }
  NameSet targets;
  NameSet checks;
  for (const v1::Target& target : plan.targets()) {
    const std::string where = absl::StrCat("target \"", target.target_id(), "\" ");
    if (!IsName(target.target_id()) || !targets.insert(target.target_id()).second) {
      return Wrong(where + "target_id", "must be lower-case letters, digits, - or _, each once");
    }
    if (!v1::TargetKind_IsValid(target.kind()) || target.kind() == v1::TARGET_KIND_UNSPECIFIED) {
      return Wrong(where + "kind",
                   "must be SERVICE, DOMESTIC_ANCHOR, FOREIGN_ANCHOR or CANARY (TARGET_KIND_...)");
    }
    bool essential = false;
    NameSet features;
    for (const v1::Feature& feature : target.features()) {
      essential = essential || feature.essential();
      if (!IsName(feature.feature_id()) || !features.insert(feature.feature_id()).second) {
        return Wrong(where + "feature_id", "must be a name, each once");
      }
      if (!v1::FeatureRule_IsValid(feature.rule()) ||
          feature.rule() == v1::FEATURE_RULE_UNSPECIFIED || feature.checks().empty()) {
        return Wrong(absl::StrCat(where, "feature \"", feature.feature_id(), "\""),
                     "needs a rule (FEATURE_RULE_ANY_OF or _ALL_OF) and at least one check");
      }
      for (const v1::Check& check : feature.checks()) {
        absl::Status status = CheckOneCheck(check, root_sets, checks);
        if (!status.ok()) return status;
      }
    }
    if (!essential) return Wrong(where + "features", "at least one must be essential");
  }
  return absl::OkStatus();
}

v1::PlanRefusal Refuse(v1::PlanRefusalReason reason, std::string detail) {
  v1::PlanRefusal refusal;
  refusal.set_reason(reason);
  refusal.set_detail(std::move(detail));
  return refusal;
}

}  // namespace

absl::Status ValidatePlan(const v1::Plan& plan) {
  if (plan.version() == 0) return Wrong("version", "must be at least 1");
  absl::Status status = CheckTimes(plan);
  if (status.ok()) status = CheckCountries(plan);
  if (!status.ok()) return status;
  if (plan.resolvers().empty()) return Wrong("resolvers", "at least one is needed");
  NameSet root_sets;
  for (const v1::RootSet& set : plan.root_sets()) {
    if (!IsName(set.name()) || !root_sets.insert(set.name()).second) {
      return Wrong("root_sets", "each needs a name of its own");
    }
    if (set.pem().empty() && !set.include_system()) {
      return Wrong(absl::StrCat("root set \"", set.name(), "\""),
                   "trusts nothing: give pem or include_system");
    }
  }
  return CheckTargets(plan, root_sets);
}

v1::SignedPlan SignPlan(const v1::Plan& plan, const SigningKey& operator_key) {
  v1::SignedPlan result;
  result.set_plan(plan.SerializeAsString());
  result.set_signature(operator_key.Sign(kPlanDomain, result.plan()));
  result.set_key_id(operator_key.public_key().Id());
  return result;
}

std::variant<v1::Plan, v1::PlanRefusal> OpenPlan(const v1::SignedPlan& signed_plan,
                                                 const VerifyKey& operator_key,
                                                 uint64_t held_version, absl::Time now) {
  if (signed_plan.plan().size() > kPlanBytesMax) {
    return Refuse(v1::PLAN_REFUSAL_REASON_MALFORMED,
                  absl::StrCat("the plan has ", signed_plan.plan().size(), " bytes, at most ",
                               kPlanBytesMax, " are taken"));
  }
  if (signed_plan.key_id() != operator_key.Id()) {
    return Refuse(v1::PLAN_REFUSAL_REASON_UNKNOWN_KEY,
                  "the plan is signed with another key than the pinned operator key");
  }
  if (!operator_key.Verify(kPlanDomain, signed_plan.plan(), signed_plan.signature())) {
    return Refuse(v1::PLAN_REFUSAL_REASON_BAD_SIGNATURE,
                  "the signature does not fit the plan: it was altered after signing");
  }
  v1::Plan plan;
  if (!plan.ParseFromString(signed_plan.plan())) {
    return Refuse(v1::PLAN_REFUSAL_REASON_MALFORMED, "the signed bytes are no plan");
  }
  if (const absl::Status status = ValidatePlan(plan); !status.ok()) {
    return Refuse(v1::PLAN_REFUSAL_REASON_MALFORMED, std::string(status.message()));
  }
  if (plan.version() <= held_version) {
    return Refuse(v1::PLAN_REFUSAL_REASON_NOT_NEWER,
                  absl::StrCat("the plan has version ", plan.version(), ", and version ",
                               held_version, " is held"));
  }
  if (FromProto(plan.expire_time()) <= now) {
    return Refuse(
        v1::PLAN_REFUSAL_REASON_EXPIRED,
        absl::StrCat("the plan expired at ",
                     absl::FormatTime(FromProto(plan.expire_time()), absl::UTCTimeZone())));
  }
  return plan;
}

std::string ToText(const v1::PlanRefusal& refusal) {
  return absl::StrCat(ShortName(refusal.reason()), ": ", refusal.detail());
}

bool IsObservedRegion(const v1::Plan& plan, absl::string_view region) {
  for (const v1::CountryRegions& country : plan.countries()) {
    for (const std::string& known : country.regions()) {
      if (known == region) return true;
    }
  }
  return false;
}

bool IsObservedCountry(const v1::Plan& plan, absl::string_view country) {
  return std::any_of(
      plan.countries().begin(), plan.countries().end(),
      [country](const v1::CountryRegions& known) { return known.country() == country; });
}

PlanIndex::PlanIndex(const v1::Plan& plan) {
  for (const v1::Target& target : plan.targets()) {
    for (const v1::Feature& feature : target.features()) {
      for (const v1::Check& check : feature.checks()) {
        entries_.emplace(check.check_id(), Entry{&target, &feature, &check});
      }
    }
  }
}

const PlanIndex::Entry* PlanIndex::Find(absl::string_view check_id) const {
  const auto it = entries_.find(check_id);
  return it == entries_.end() ? nullptr : &it->second;
}

}  // namespace sightline
