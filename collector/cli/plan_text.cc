#include "collector/cli/plan_text.h"

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "collector/cli/table.h"
#include "common/crypto.h"
#include "common/layers.h"
#include "common/message.h"

namespace sightline::cli {
namespace {

std::string Words(absl::string_view enum_name) {
  return absl::StrReplaceAll(absl::AsciiStrToLower(enum_name), {{"_", " "}});
}

std::string UtcTime(absl::Time time) {
  return absl::FormatTime("%Y-%m-%d %H:%M UTC", time, absl::UTCTimeZone());
}

// "https web.whatsapp.com:443/, status 200-399, roots signal".
std::string CheckText(const v1::Check& check) {
  std::string text = absl::StrCat(Words(ShortName(check.protocol())), " ", check.host());
  if (ProtocolHas(check.protocol(), v1::LAYER_TCP)) absl::StrAppend(&text, ":", check.port());
  if (ProtocolHas(check.protocol(), v1::LAYER_HTTP)) absl::StrAppend(&text, check.path());
  if (!check.origin().empty()) absl::StrAppend(&text, ", origin ", check.origin());
  if (!check.noise_profile().empty()) absl::StrAppend(&text, ", profile ", check.noise_profile());
  if (check.status_max() != 0) {
    absl::StrAppend(&text, ", status ", check.status_min());
    if (check.status_min() != check.status_max()) absl::StrAppend(&text, "-", check.status_max());
  }
  if (!check.title_contains().empty()) {
    absl::StrAppend(&text, ", title has \"", check.title_contains(), "\"");
  }
  if (!check.body_contains().empty()) {
    absl::StrAppend(&text, ", body has \"", check.body_contains(), "\"");
  }
  if (check.body_bytes_min() != 0) {
    absl::StrAppend(&text, ", body of at least ", check.body_bytes_min(), " bytes");
  }
  if (check.body_bytes_max() != 0) {
    absl::StrAppend(&text, ", body of at most ", check.body_bytes_max(), " bytes");
  }
  if (!check.count_member().empty()) {
    absl::StrAppend(&text, ", counts \"", check.count_member(), "\"");
  }
  if (check.redirects_max() != 0) {
    absl::StrAppend(&text, ", at most ", check.redirects_max(), " redirects");
  }
  if (!check.root_set().empty()) absl::StrAppend(&text, ", roots ", check.root_set());
  if (!check.other_ports().empty()) {
    absl::StrAppend(&text, ", else port ", absl::StrJoin(check.other_ports(), " or "));
  }
  if (!check.genuine_addresses().empty()) {
    absl::StrAppend(&text, ", known at ", absl::StrJoin(check.genuine_addresses(), " "));
  }
  return text;
}

// "600 connections a minute (120 to one place), 33554432 bytes an hour".
std::string BudgetText(const v1::ProbeBudget& budget) {
  const auto limit = [](uint64_t all, uint64_t each, absl::string_view unit) -> std::string {
    if (all == 0 && each == 0) return {};
    const std::string total = all == 0 ? "built-in" : absl::StrCat(all);
    return absl::StrCat(total, " ", unit,
                        each == 0 ? "" : absl::StrCat(" (", each, " to one destination)"));
  };
  std::vector<std::string> parts = {
      limit(budget.connections_per_minute(), budget.connections_per_destination_per_minute(),
            "connections a minute"),
      limit(budget.bytes_per_hour(), budget.bytes_per_destination_per_hour(), "bytes an hour")};
  parts.erase(std::remove(parts.begin(), parts.end(), ""), parts.end());
  return parts.empty() ? "built-in limits" : absl::StrJoin(parts, ", ");
}

// "by key 0123456789abcdef or fedcba9876543210".
std::string NextKeysText(const v1::Plan& plan) {
  std::vector<std::string> ids;
  for (const std::string& raw : plan.operator_keys()) {
    ids.push_back(absl::BytesToHexString(Sha256(raw)).substr(0, 16));
  }
  return absl::StrCat("by key ", absl::StrJoin(ids, " or "));
}

void AddPace(const v1::Plan& plan, Table& facts) {
  std::string rounds = absl::StrFormat("every %s, up to %.0f%% early or late",
                                       absl::FormatDuration(FromProto(plan.round_interval())),
                                       plan.round_jitter_ratio() * 100);
  if (plan.has_round_timeout()) {
    absl::StrAppend(&rounds, ", at most ", absl::FormatDuration(FromProto(plan.round_timeout())));
  }
  facts.AddRow({{"Rounds"}, {rounds}});
  facts.AddRow({{"Checks"},
                {absl::StrCat("at most ", absl::FormatDuration(FromProto(plan.check_timeout())),
                              " each; DNS socket held ",
                              absl::FormatDuration(FromProto(plan.dns_hold())))}});
  if (FromProto(plan.cool_down()) > absl::ZeroDuration()) {
    facts.AddRow({{"Cool-down"},
                  {absl::StrCat(absl::FormatDuration(FromProto(plan.cool_down())),
                                " after a probe was cut, for that address and port")}});
  }
  if (plan.has_budget()) facts.AddRow({{"Budget"}, {BudgetText(plan.budget())}});
}

void AddNames(const v1::Plan& plan, Table& facts) {
  facts.AddRow({{"Resolvers"},
                {absl::StrCat(absl::StrJoin(plan.resolvers(), ", "),
                              plan.ask_system_resolver() ? " and the system's" : "")}});
  if (!plan.injection_control().empty()) {
    facts.AddRow({{"No resolver at"}, {plan.injection_control()}});
  }
  if (!plan.forged_ranges().empty()) {
    facts.AddRow({{"Forged ranges"}, {absl::StrJoin(plan.forged_ranges(), ", ")}});
  }
}

void AddContrasts(const v1::Plan& plan, Table& facts) {
  if (!plan.contrasts().neutral_name().empty()) {
    facts.AddRow({{"Neutral name"}, {plan.contrasts().neutral_name()}});
  }
  for (const v1::NeutralServer& server : plan.contrasts().neutral_servers()) {
    facts.AddRow(
        {{"Neutral server"},
         {absl::StrCat(
             server.name(), " at ", server.address(), " port ", server.port(),
             server.other_port() == 0 ? "" : absl::StrCat(" and ", server.other_port()))}});
  }
  for (const v1::EchoService& service : plan.echo_services()) {
    facts.AddRow(
        {{"Own address by"},
         {absl::StrCat(service.address(), service.domestic() ? ", domestic" : ", abroad")}});
  }
  if (plan.has_captive_portal()) {
    facts.AddRow({{"Captive portal"}, {CheckText(plan.captive_portal())}});
  }
  for (const v1::Storefront& store : plan.storefronts()) {
    facts.AddRow({{"Storefront"},
                  {absl::StrCat(store.target_id(), " in the ", store.display_name(), " of ",
                                store.country(), ": ", CheckText(store.check()))}});
  }
}

void AddTrust(const v1::Plan& plan, Table& facts) {
  for (const v1::RootSet& set : plan.root_sets()) {
    absl::string_view roots = "the system's and the plan's own";
    if (!set.include_system()) roots = "the plan's own";
    if (set.pem().empty()) roots = "the system's";
    facts.AddRow({{absl::StrCat("Roots ", set.name())}, {std::string(roots)}});
  }
  for (const v1::NoiseProfile& profile : plan.noise_profiles()) {
    std::string text = absl::StrCat(profile.pattern(), ", header ",
                                    absl::BytesToHexString(profile.header()), ", root");
    for (const std::string& key : profile.root_keys()) {
      absl::StrAppend(&text, " ", absl::BytesToHexString(key).substr(0, 16));
    }
    facts.AddRow({{absl::StrCat("Noise ", profile.name())}, {text}});
  }
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
  if (!plan.operator_keys().empty()) facts.AddRow({{"Next plan"}, {NextKeysText(plan)}});
  facts.AddRow({{"Issued"}, {UtcTime(FromProto(plan.issue_time()))}});
  facts.AddRow({{"Expires"},
                {absl::StrCat(UtcTime(expire), expired ? " - EXPIRED, agents refuse it" : ""),
                 expired ? Tone::kWarning : Tone::kPlain}});
  AddPace(plan, facts);
  AddNames(plan, facts);
  AddContrasts(plan, facts);
  for (const v1::CountryRegions& country : plan.countries()) {
    facts.AddRow({{absl::StrCat("Regions of ", country.country())},
                  {absl::StrJoin(country.regions(), " ")}});
  }
  AddTrust(plan, facts);
  absl::StrAppend(&result, facts.Render(2, colour), "\nTargets\n");

  Table targets;
  for (const v1::Target& target : plan.targets()) AddTarget(target, targets);
  return absl::StrCat(result, targets.Render(2, colour));
}

}  // namespace sightline::cli
