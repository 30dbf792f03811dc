#include "collector/cli/plan_text.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "collector/cli/table.h"
#include "common/message.h"

namespace sightline::cli {
namespace {

std::string Words(absl::string_view enum_name) {
  return absl::StrReplaceAll(absl::AsciiStrToLower(enum_name), {{"_", " "}});
}

std::string UtcTime(absl::Time time) {
  return absl::FormatTime("%Y-%m-%d %H:%M UTC", time, absl::UTCTimeZone());
}

// "https://web.whatsapp.com:443/, status 200-399, roots signal".
std::string CheckText(const v1::Check& check) {
  const std::string protocol = absl::AsciiStrToLower(ShortName(check.protocol()));
  std::string text = absl::StrCat(protocol, " ", check.host());
  if (check.protocol() != v1::CHECK_PROTOCOL_DNS) absl::StrAppend(&text, ":", check.port());
  if (absl::StartsWith(protocol, "http")) absl::StrAppend(&text, check.path());
  if (check.status_max() != 0) {
    absl::StrAppend(&text, ", status ", check.status_min(), "-", check.status_max());
  }
  if (!check.body_contains().empty()) {
    absl::StrAppend(&text, ", body has \"", check.body_contains(), "\"");
  }
  if (!check.root_set().empty()) absl::StrAppend(&text, ", roots ", check.root_set());
  return text;
}

void AddTarget(const v1::Target& target, Table& table) {
  table.AddRow({{target.target_id(), Tone::kStrong},
                {absl::StrCat(target.display_name(), " (", Words(ShortName(target.kind())), ")")}});
  for (const v1::Feature& feature : target.features()) {
    table.AddRow({{absl::StrCat("  ", feature.feature_id())},
                  {absl::StrCat(feature.essential() ? "essential" : "not essential", ", ",
                                Words(ShortName(feature.rule())))}});
    for (const v1::Check& check : feature.checks()) {
      table.AddRow({{absl::StrCat("    ", check.check_id())}, {CheckText(check)}});
    }
  }
}

}  // namespace

std::string RenderPlan(const v1::Plan& plan, absl::string_view signature, absl::Time now,
                       bool colour) {
  const absl::Time expire = FromProto(plan.expire_time());
  const bool expired = expire <= now;
  Table head;
  head.AddRow({{absl::StrCat("Plan version ", plan.version()), Tone::kStrong}});
  std::string result = head.Render(0, colour);

  Table facts;
  facts.AddRow({{"Signature"}, {std::string(signature)}});
  facts.AddRow({{"Issued"}, {UtcTime(FromProto(plan.issue_time()))}});
  facts.AddRow({{"Expires"},
                {absl::StrCat(UtcTime(expire), expired ? " - EXPIRED, agents refuse it" : ""),
                 expired ? Tone::kWarning : Tone::kPlain}});
  facts.AddRow({{"Rounds"},
                {absl::StrFormat("every %s, up to %.0f%% early or late",
                                 absl::FormatDuration(FromProto(plan.round_interval())),
                                 plan.round_jitter_ratio() * 100)}});
  facts.AddRow({{"Checks"},
                {absl::StrCat("at most ", absl::FormatDuration(FromProto(plan.check_timeout())),
                              " each; DNS socket held ",
                              absl::FormatDuration(FromProto(plan.dns_hold())))}});
  facts.AddRow({{"Resolvers"}, {absl::StrJoin(plan.resolvers(), ", ")}});
  for (const v1::CountryRegions& country : plan.countries()) {
    facts.AddRow({{absl::StrCat("Regions of ", country.country())},
                  {absl::StrJoin(country.regions(), " ")}});
  }
  for (const v1::RootSet& set : plan.root_sets()) {
    facts.AddRow({{absl::StrCat("Roots ", set.name())},
                  {set.include_system() ? "the system's and the plan's own" : "the plan's own"}});
  }
  absl::StrAppend(&result, facts.Render(2, colour), "\nTargets\n");

  Table targets;
  for (const v1::Target& target : plan.targets()) AddTarget(target, targets);
  return absl::StrCat(result, targets.Render(2, colour));
}

}  // namespace sightline::cli
