#include <algorithm>
#include <string>
#include <tuple>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/plan.h"
#include "common/plan_rules.h"

namespace sightline::plan_rules {
namespace {

constexpr int kStorefrontsMax = 32;
constexpr size_t kStoreNameBytesMax = 64;
constexpr size_t kMemberBytesMax = 64;

// Nobody would look at the number.
absl::Status CheckNoCount(const v1::Check& check) {
  if (check.count_member().empty()) return absl::OkStatus();
  return Wrong(absl::StrCat("check \"", check.check_id(), "\" count_member"),
               "is for the checks of storefronts only; leave it out");
}

absl::Status CheckOthers(const v1::Plan& plan) {
  for (const v1::Target& target : plan.targets()) {
    for (const v1::Feature& feature : target.features()) {
      for (const v1::Check& check : feature.checks()) {
        if (absl::Status status = CheckNoCount(check); !status.ok()) return status;
      }
    }
  }
  return CheckNoCount(plan.captive_portal());
}

bool IsStoreName(const std::string& name) {
  return !name.empty() && name.size() <= kStoreNameBytesMax &&
         std::none_of(name.begin(), name.end(),
                      [](char c) { return absl::ascii_iscntrl(static_cast<unsigned char>(c)); });
}

absl::Status CheckStorefront(const v1::Storefront& store, const v1::Plan& plan, PlanNames& names) {
  const std::string where =
      absl::StrCat("storefront \"", store.store_id(), "\" of \"", store.target_id(), "\" ");
  if (!IsName(store.store_id())) {
    return Wrong(where + "store_id", "must be lower-case letters, digits, - or _");
  }
  if (!names.targets.contains(store.target_id())) {
    return Wrong(where + "target_id",
                 absl::StrCat("no target is named \"", store.target_id(), "\""));
  }
  if (!IsObservedCountry(plan, store.country())) {
    return Wrong(where + "country",
                 absl::StrCat("\"", store.country(), "\" is none of countries; name one of them"));
  }
  if (!IsStoreName(store.display_name())) {
    return Wrong(where + "display_name", absl::StrCat("must be a name of 1 to ", kStoreNameBytesMax,
                                                      " bytes of one line, such as \"App Store\""));
  }
  if (absl::Status status = CheckOneCheck(store.check(), names); !status.ok()) return status;
  if (store.check().protocol() != v1::CHECK_PROTOCOL_HTTPS) {
    return Wrong(where + "check protocol",
                 "must be CHECK_PROTOCOL_HTTPS, or anybody could answer for the store");
  }
  if (store.check().count_member().empty() ||
      store.check().count_member().size() > kMemberBytesMax) {
    return Wrong(where + "check count_member",
                 absl::StrCat("must be a name of 1 to ", kMemberBytesMax,
                              " bytes, such as \"resultCount\""));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckStorefronts(const v1::Plan& plan, PlanNames& names) {
  if (absl::Status status = CheckOthers(plan); !status.ok()) return status;
  if (plan.storefronts_size() > kStorefrontsMax) {
    return Wrong("storefronts", absl::StrCat("must be at most ", kStorefrontsMax));
  }
  absl::flat_hash_set<std::tuple<std::string, std::string, std::string>> seen;
  for (const v1::Storefront& store : plan.storefronts()) {
    if (absl::Status status = CheckStorefront(store, plan, names); !status.ok()) return status;
    if (!seen.emplace(store.target_id(), store.country(), store.store_id()).second) {
      return Wrong(absl::StrCat("storefront \"", store.store_id(), "\" of \"", store.target_id(),
                                "\" store_id"),
                   absl::StrCat("is there twice for ", store.country(), "; name each store once"));
    }
  }
  return absl::OkStatus();
}

}  // namespace sightline::plan_rules
