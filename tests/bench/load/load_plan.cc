#include "tests/bench/load/load_plan.h"

#include <array>

#include "absl/strings/str_cat.h"
#include "common/message.h"

namespace sightline::load {
namespace {

constexpr std::array<const char*, 31> kRegions = {
    "CN-BJ", "CN-SH", "CN-TJ", "CN-HE", "CN-SX", "CN-NM", "CN-LN", "CN-JL",
    "CN-HL", "CN-JS", "CN-ZJ", "CN-AH", "CN-FJ", "CN-JX", "CN-SD", "CN-HA",
    "CN-HB", "CN-HN", "CN-GD", "CN-GX", "CN-HI", "CN-CQ", "CN-SC", "CN-GZ",
    "CN-YN", "CN-XZ", "CN-SN", "CN-GS", "CN-QH", "CN-NX", "CN-XJ"};
constexpr uint32_t kControlEvery = 64;
constexpr int kNetworks = 8;
constexpr int kHomeFirst = 16;  // second octet of the first home network
constexpr int kHomeOctets = 64;
constexpr int kAbroadOctet = 200;

v1::TargetKind KindOf(int target) {
  if (target < 2) return v1::TARGET_KIND_DOMESTIC_ANCHOR;
  if (target == 2) return v1::TARGET_KIND_FOREIGN_ANCHOR;
  if (target == 3) return v1::TARGET_KIND_CANARY;
  return v1::TARGET_KIND_SERVICE;
}

void AddFeature(v1::Target& target, const std::string& name, bool essential, v1::FeatureRule rule,
                int first, int last) {
  v1::Feature& feature = *target.add_features();
  feature.set_feature_id(name);
  feature.set_essential(essential);
  feature.set_rule(rule);
  for (int number = first; number <= last; ++number) {
    v1::Check& check = *feature.add_checks();
    check.set_check_id(absl::StrCat(target.target_id(), "-", name, "-", number));
    check.set_protocol(v1::CHECK_PROTOCOL_HTTPS);
    check.set_host(absl::StrCat(name, number, ".", target.target_id(), ".example"));
    check.set_port(443);
    check.set_path("/");
  }
}

}  // namespace

v1::Plan MakePlan(int checks, absl::Time now) {
  v1::Plan plan;
  plan.set_version(kPlanVersion);
  *plan.mutable_issue_time() = ToProto(now - absl::Hours(96));
  *plan.mutable_expire_time() = ToProto(now + absl::Hours(24 * 30));
  *plan.mutable_round_interval() = ToProto(absl::Minutes(10));
  plan.set_round_jitter_ratio(0.2);
  *plan.mutable_check_timeout() = ToProto(absl::Seconds(10));
  *plan.mutable_dns_hold() = ToProto(absl::Seconds(2));
  plan.add_resolvers("9.9.9.9:53");
  v1::CountryRegions& country = *plan.add_countries();
  country.set_country("CN");
  for (const char* region : kRegions) country.add_regions(region);
  for (int number = 0; number < checks / kChecksPerTarget; ++number) {
    v1::Target& target = *plan.add_targets();
    target.set_target_id(absl::StrCat("target", number));
    target.set_display_name(absl::StrCat("Target ", number));
    target.set_kind(KindOf(number));
    AddFeature(target, "messaging", true, v1::FEATURE_RULE_ALL_OF, 1, 2);
    AddFeature(target, "web", false, v1::FEATURE_RULE_ANY_OF, 3, 4);
  }
  return plan;
}

Fate FateOf(int target) {
  if (target < 3) return Fate::kOpen;
  if (target == 3) return Fate::kBlocked;
  if (target % 6 == 4) return Fate::kBlocked;
  return target % 6 == 5 ? Fate::kOpenInSomeRegions : Fate::kOpen;
}

Place PlaceOf(uint32_t index) {
  Place place;
  place.control = index % kControlEvery == 0;
  if (place.control) {
    const uint32_t number = index / kControlEvery;
    place.region = "DE";
    place.address = absl::StrCat("127.", kAbroadOctet + number / 256 % 32, ".", number % 256, ".9");
    return place;
  }
  place.region_number = static_cast<int>(index % kRegions.size());
  place.region = kRegions[static_cast<size_t>(place.region_number)];
  place.address =
      absl::StrCat("127.", kHomeFirst + index % kHomeOctets, ".", index / kHomeOctets % 256, ".9");
  return place;
}

std::string AddressRows() {
  std::string rows;
  for (int network = 0; network < kNetworks; ++network) {
    absl::StrAppend(&rows, "127.", kHomeFirst + network * (kHomeOctets / kNetworks), ".0.0/13 CN ",
                    64500 + network, " Home ", network, "\n");
  }
  absl::StrAppend(&rows, "127.", kAbroadOctet, ".0.0/13 DE 64600 Abroad\n");
  return rows;
}

}  // namespace sightline::load
