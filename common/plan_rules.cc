#include "common/plan_rules.h"

#include <google/protobuf/util/time_util.h>

#include <algorithm>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "common/crypto.h"
#include "common/destination.h"
#include "common/message.h"
#include "common/plan.h"
#include "common/probe_limits.h"

namespace sightline::plan_rules {
namespace {

constexpr int kCountriesMax = 32;
constexpr int kRegionsMax = 128;
constexpr int kRootSetsMax = 16;
constexpr size_t kPemBytesMax = size_t{128} * 1024;
constexpr int kNoiseProfilesMax = 8;
constexpr size_t kNoiseHeaderBytesMax = 64;
constexpr size_t kNoisePatternBytesMax = 32;
constexpr size_t kNoiseKeyBytes = 32;
constexpr int kNoiseKeysMax = 8;
// Below this not even one TLS handshake with its page fits.
constexpr uint64_t kBudgetBytesMin = 65'536;

absl::Status CheckReserved(absl::string_view field, absl::string_view text,
                           const IpAddress& address) {
  const absl::string_view range = ReservedRange(address);
  if (range.empty()) return absl::OkStatus();
  return Wrong(field, absl::StrCat("\"", text, "\" lies in the reserved range ", range,
                                   "; probes go to public addresses only, so name a public one"));
}

absl::Status CheckLimits(const v1::Plan& plan) {
  const absl::Duration interval = FromProto(plan.round_interval());
  const absl::Duration check = FromProto(plan.check_timeout());
  if (interval < absl::Seconds(1) || interval > absl::Hours(24)) {
    return Wrong("round_interval", "must be 1 s to 24 h");
  }
  if (!(plan.round_jitter_ratio() >= 0 && plan.round_jitter_ratio() <= 0.5)) {
    return Wrong("round_jitter_ratio", "must be 0 to 0.5");
  }
  if (check < absl::Milliseconds(100) || check > absl::Seconds(60)) {
    return Wrong("check_timeout", "must be 100 ms to 60 s");
  }
  const absl::Duration hold = FromProto(plan.dns_hold());
  if (hold < absl::ZeroDuration() || hold >= check) {
    return Wrong("dns_hold", "must be at least 0 and below check_timeout");
  }
  const absl::Duration round = FromProto(plan.round_timeout());
  if (plan.has_round_timeout() && (round < check || round > interval)) {
    return Wrong("round_timeout",
                 "must be at least check_timeout and at most round_interval; leave it out for "
                 "round_interval");
  }
  const absl::Duration cool_down = FromProto(plan.cool_down());
  if (cool_down < absl::ZeroDuration() || cool_down > absl::Hours(1)) {
    return Wrong("cool_down", "must be 0 to 1 h");
  }
  return absl::OkStatus();
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
  return CheckLimits(plan);
}

absl::Status CheckCountries(const v1::Plan& plan) {
  if (plan.countries().empty()) return Wrong("countries", "at least one is needed");
  if (plan.countries_size() > kCountriesMax) {
    return Wrong("countries", absl::StrCat("must be at most ", kCountriesMax));
  }
  NameSet seen;
  for (const v1::CountryRegions& country : plan.countries()) {
    if (country.country().size() != 2 || !seen.insert(country.country()).second) {
      return Wrong(absl::StrCat("countries \"", country.country(), "\""),
                   "must be an ISO 3166-1 alpha-2 code, each once");
    }
    if (country.regions().empty() || country.regions_size() > kRegionsMax) {
      return Wrong(absl::StrCat("countries \"", country.country(), "\" regions"),
                   absl::StrCat("at least one is needed, at most ", kRegionsMax));
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

absl::Status CheckRootSets(const v1::Plan& plan, PlanNames& names) {
  if (plan.root_sets_size() > kRootSetsMax) {
    return Wrong("root_sets", absl::StrCat("must be at most ", kRootSetsMax));
  }
  for (const v1::RootSet& set : plan.root_sets()) {
    if (!IsName(set.name()) || !names.root_sets.insert(set.name()).second) {
      return Wrong("root_sets", "each needs a name of its own");
    }
    const std::string where = absl::StrCat("root set \"", set.name(), "\"");
    if (set.pem().empty() && !set.include_system()) {
      return Wrong(where, "trusts nothing: give pem or include_system");
    }
    if (set.pem().empty()) continue;
    if (set.pem().size() > kPemBytesMax || !CountCertificates(set.pem()).has_value()) {
      return Wrong(where + " pem",
                   absl::StrCat("must be whole PEM certificates of at most ", kPemBytesMax,
                                " bytes together; copy them again, each line ending in \\n"));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckNoiseProfiles(const v1::Plan& plan, PlanNames& names) {
  if (plan.noise_profiles_size() > kNoiseProfilesMax) {
    return Wrong("noise_profiles", absl::StrCat("must be at most ", kNoiseProfilesMax));
  }
  for (const v1::NoiseProfile& profile : plan.noise_profiles()) {
    if (!IsName(profile.name()) || !names.noise_profiles.insert(profile.name()).second) {
      return Wrong("noise_profiles", "each needs a name of its own");
    }
    const std::string where = absl::StrCat("noise profile \"", profile.name(), "\" ");
    if (profile.header().size() > kNoiseHeaderBytesMax) {
      return Wrong(where + "header",
                   absl::StrCat("must be at most ", kNoiseHeaderBytesMax, " bytes"));
    }
    if (profile.pattern().empty() || profile.pattern().size() > kNoisePatternBytesMax) {
      return Wrong(where + "pattern",
                   absl::StrCat("must be a Noise protocol name of at most ", kNoisePatternBytesMax,
                                " bytes, such as Noise_XX_25519_AESGCM_SHA256"));
    }
    const bool whole =
        std::all_of(profile.root_keys().begin(), profile.root_keys().end(),
                    [](const std::string& root) { return root.size() == kNoiseKeyBytes; });
    if (profile.root_keys().empty() || profile.root_keys_size() > kNoiseKeysMax || !whole) {
      return Wrong(where + "root_keys",
                   absl::StrCat("must be 1 to ", kNoiseKeysMax, " keys of ", kNoiseKeyBytes,
                                " bytes each, written as \"\\x14\\x23...\""));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckOperatorKeys(const v1::Plan& plan) {
  if (plan.operator_keys_size() > kOperatorKeysMax) {
    return Wrong("operator_keys", absl::StrCat("must be at most ", kOperatorKeysMax));
  }
  NameSet seen;
  for (const std::string& key : plan.operator_keys()) {
    if (!VerifyKey::FromRaw(key).ok() || !seen.insert(key).second) {
      return Wrong("operator_keys", absl::StrCat("must be raw Ed25519 public keys of ",
                                                 kPublicKeyBytes, " bytes, each once"));
    }
  }
  return absl::OkStatus();
}

// A plan that asks for more is refused whole: an agent that quietly did less would not probe what
// its operator believes.
absl::Status CheckBudget(const v1::ProbeBudget& budget) {
  const struct {
    absl::string_view field;
    uint64_t wanted;
    uint64_t limit;
    bool bytes;
  } limits[] = {
      {"connections_per_minute", budget.connections_per_minute(), kConnectionsPerMinuteMax, false},
      {"connections_per_destination_per_minute", budget.connections_per_destination_per_minute(),
       kConnectionsPerDestinationPerMinuteMax, false},
      {"bytes_per_hour", budget.bytes_per_hour(), kBytesPerHourMax, true},
      {"bytes_per_destination_per_hour", budget.bytes_per_destination_per_hour(),
       kBytesPerDestinationPerHourMax, true},
      {"bytes_per_day", budget.bytes_per_day(), kBytesPerDayMax, true},
  };
  for (const auto& limit : limits) {
    const std::string field = absl::StrCat("budget ", limit.field);
    if (limit.wanted > limit.limit) {
      return Wrong(field, absl::StrCat(limit.wanted, " is more than any agent does: at most ",
                                       limit.limit, "; leave it out for that"));
    }
    if (limit.bytes && limit.wanted != 0 && limit.wanted < kBudgetBytesMin) {
      return Wrong(field, absl::StrCat("must be 0 (built-in) or at least ", kBudgetBytesMin,
                                       ", room for one check"));
    }
  }
  return absl::OkStatus();
}

}  // namespace

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

absl::Status CheckHost(absl::string_view field, absl::string_view host) {
  if (host.empty() || host.size() > 253 || HoldsAny(host, absl::string_view(" /:\r\n\t\0", 7))) {
    return Wrong(field, "must be a DNS name of at most 253 characters");
  }
  const std::optional<IpAddress> address = ParseIpAddress(host);
  return address.has_value() ? CheckReserved(field, host, *address) : absl::OkStatus();
}

absl::Status CheckAddress(absl::string_view field, absl::string_view address) {
  const std::optional<IpAddress> parsed = ParseIpAddress(address);
  if (!parsed.has_value()) {
    return Wrong(field, absl::StrCat("\"", address,
                                     "\" is not an IP address; write 9.9.9.9 or 2620:fe::fe, "
                                     "without port and brackets"));
  }
  return CheckReserved(field, address, *parsed);
}

absl::Status CheckAddressAndPort(absl::string_view field, absl::string_view text) {
  const std::optional<ResolverAddress> parsed = ParseAddressAndPort(text);
  if (!parsed.has_value()) {
    return Wrong(field, absl::StrCat("\"", text,
                                     "\" is not an IP address and port; write 9.9.9.9:53 or "
                                     "[2620:fe::fe]:53"));
  }
  return CheckReserved(field, text, parsed->address);
}

absl::Status CheckFrame(const v1::Plan& plan, PlanNames& names) {
  if (plan.version() == 0) return Wrong("version", "must be at least 1");
  absl::Status status = CheckTimes(plan);
  if (status.ok()) status = CheckCountries(plan);
  if (status.ok()) status = CheckRootSets(plan, names);
  if (status.ok()) status = CheckNoiseProfiles(plan, names);
  if (status.ok()) status = CheckOperatorKeys(plan);
  if (status.ok()) status = CheckBudget(plan.budget());
  return status;
}

}  // namespace sightline::plan_rules
