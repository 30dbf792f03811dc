// Answers the list calls of Summaries and Admin (paging.h).
#ifndef SIGHTLINE_COLLECTOR_DIRECTORY_H_
#define SIGHTLINE_COLLECTOR_DIRECTORY_H_

#include <string>

#include "absl/status/statusor.h"
#include "collector/region_translations.h"
#include "collector/store/store.h"
#include "common/regions.h"
#include "sightline/v1/admin.pb.h"
#include "sightline/v1/plan.pb.h"
#include "sightline/v1/summary.pb.h"

namespace sightline {

// Pure.
absl::StatusOr<v1::ListTargetsResponse> ListTargets(const v1::Plan& plan,
                                                    const v1::ListTargetsRequest& request);

// The country's entry in `plan`. NOT_FOUND names those that are under observation.
absl::StatusOr<const v1::CountryRegions*> FindCountry(const v1::Plan& plan,
                                                      const std::string& code);

// NOT_FOUND when the country is not under observation. The first call in a language reads its names
// from a file.
absl::StatusOr<v1::ListRegionsResponse> ListRegions(const v1::Plan& plan, const RegionNames& names,
                                                    RegionTranslations& translations,
                                                    const v1::ListRegionsRequest& request);

// May wait for the store.
absl::StatusOr<v1::ListAgentsResponse> ListAgents(Store& store,
                                                  const v1::ListAgentsRequest& request);

// Keeps the verdicts that were asked for. Pure. NOT_FOUND names an unknown target and the known
// ones.
absl::StatusOr<v1::GetSummaryResponse> SelectTargets(const v1::GetSummaryResponse& summary,
                                                     const v1::GetSummaryRequest& request);

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_DIRECTORY_H_
