#include "collector/directory.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "collector/agent_desk.h"
#include "collector/paging.h"
#include "common/message.h"

namespace sightline {

absl::StatusOr<v1::ListTargetsResponse> ListTargets(const v1::Plan& plan,
                                                    const v1::ListTargetsRequest& request) {
  std::map<std::string, const v1::Target*> targets;
  for (const v1::Target& target : plan.targets()) targets.emplace(target.target_id(), &target);
  v1::ListTargetsResponse response;
  const auto next = FillPage(targets, request, [&response](const v1::Target* target) {
    v1::TargetInfo& info = *response.add_targets();
    info.set_target_id(target->target_id());
    info.set_display_name(target->display_name());
    info.set_kind(target->kind());
  });
  if (!next.ok()) return next.status();
  response.set_next_page_token(*next);
  return response;
}

absl::StatusOr<const v1::CountryRegions*> FindCountry(const v1::Plan& plan,
                                                      const std::string& code) {
  const auto country =
      std::find_if(plan.countries().begin(), plan.countries().end(),
                   [&code](const v1::CountryRegions& each) { return each.country() == code; });
  if (country != plan.countries().end()) return &*country;
  const std::string known =
      absl::StrJoin(plan.countries(), ", ", [](std::string* out, const v1::CountryRegions& each) {
        absl::StrAppend(out, each.country());
      });
  return absl::NotFoundError(absl::StrCat("country: \"", absl::Utf8SafeCEscape(code),
                                          "\" is not under observation; known: ", known));
}

absl::StatusOr<v1::ListRegionsResponse> ListRegions(const v1::Plan& plan, const RegionNames& names,
                                                    RegionTranslations& translations,
                                                    const v1::ListRegionsRequest& request) {
  const auto country = FindCountry(plan, request.country());
  if (!country.ok()) return country.status();
  std::map<std::string, std::string> regions;
  for (const std::string& region : (*country)->regions()) regions.emplace(region, region);
  v1::ListRegionsResponse response;
  absl::Status language;
  const auto next = FillPage(regions, request, [&](const std::string& region) {
    v1::RegionInfo& info = *response.add_regions();
    info.set_region(region);
    absl::StatusOr<std::string> name =
        translations.Translate(names.NameOf(region), request.language_code());
    if (name.ok()) info.set_display_name(*std::move(name));
    language.Update(name.status());
  });
  if (!next.ok()) return next.status();
  if (!language.ok()) return language;
  response.set_next_page_token(*next);
  return response;
}

absl::StatusOr<v1::ListAgentsResponse> ListAgents(Store& store,
                                                  const v1::ListAgentsRequest& request) {
  const absl::StatusOr<size_t> size = PageSize(request.page_size());
  if (!size.ok()) return size.status();
  const absl::StatusOr<std::string> after = AfterKey(request.page_token());
  if (!after.ok()) return after.status();
  const auto agents = store.ListAgents(*after, *size + 1);
  if (!agents.ok()) return agents.status();
  v1::ListAgentsResponse response;
  for (size_t i = 0; i < std::min(agents->size(), *size); ++i) {
    *response.add_agents() = ToAgentInfo((*agents)[i]);
  }
  if (agents->size() > *size) {
    response.set_next_page_token(absl::WebSafeBase64Escape((*agents)[*size - 1].agent_id));
  }
  return response;
}

absl::StatusOr<v1::GetSummaryResponse> SelectTargets(const v1::GetSummaryResponse& summary,
                                                     const v1::GetSummaryRequest& request) {
  if (request.target_ids().empty()) return summary;
  std::set<std::string> wanted(request.target_ids().begin(), request.target_ids().end());
  v1::GetSummaryResponse response = summary;
  response.clear_verdicts();
  std::vector<std::string> known;
  for (const v1::TargetVerdict& verdict : summary.verdicts()) {
    known.push_back(verdict.target_id());
    if (wanted.erase(verdict.target_id()) > 0) *response.add_verdicts() = verdict;
  }
  if (!wanted.empty()) {
    return absl::NotFoundError(absl::StrCat("target_ids: no target \"",
                                            absl::Utf8SafeCEscape(*wanted.begin()),
                                            "\"; known: ", absl::StrJoin(known, ", ")));
  }
  return response;
}

}  // namespace sightline
