#include "agent/probe/report.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>
#include <google/protobuf/util/type_resolver_util.h>

#include <algorithm>
#include <memory>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "agent/probe/evidence.h"
#include "agent/probe/explain.h"
#include "agent/probe/vantage_notes.h"
#include "common/message.h"
#include "common/outcome.h"

namespace sightline::probe {
namespace {

using ByCheck = absl::flat_hash_map<std::string, const v1::Observation*>;

constexpr absl::string_view kConnectionDownNote =
    "No anchor answers: your own connection looks down, so nothing can be said.";

constexpr char kTypePrefix[] = "type.googleapis.com";

ByCheck Index(const std::vector<v1::Observation>& observations) {
  ByCheck index;
  for (const v1::Observation& observation : observations) {
    index[observation.check_id()] = &observation;
  }
  return index;
}

const v1::Observation* Find(const ByCheck& index, absl::string_view check_id) {
  const auto found = index.find(check_id);
  return found == index.end() ? nullptr : found->second;
}

}  // namespace

bool OwnConnectionLooksDown(const v1::Plan& plan,
                            const std::vector<v1::Observation>& observations) {
  const ByCheck index = Index(observations);
  bool tested = false;
  for (const v1::Target& target : plan.targets()) {
    if (!IsAnchor(target)) continue;
    const Outcome outcome =
        OutcomeOfTarget(target, [&](absl::string_view id) { return Find(index, id); }).outcome;
    if (outcome == Outcome::kOpen || outcome == Outcome::kDown) return false;
    tested = tested || outcome != Outcome::kUntested;
  }
  return tested;
}

namespace {

// Why the first check of the feature with this outcome has it.
std::string Reason(const v1::Feature& feature, Outcome outcome, const ByCheck& index) {
  for (const v1::Check& check : feature.checks()) {
    const v1::Observation* observation = Find(index, check.check_id());
    if (observation == nullptr || OutcomeOfCheck(check, observation).outcome != outcome) continue;
    std::string causes = Explain(check, *observation);
    if (!causes.empty()) return causes;
    if (!observation->failure().empty()) return observation->failure();
  }
  return {};
}

std::string Reason(const v1::Target& target, Outcome outcome, const ByCheck& index) {
  const bool any_essential = std::any_of(target.features().begin(), target.features().end(),
                                         [](const v1::Feature& f) { return f.essential(); });
  for (const v1::Feature& feature : target.features()) {
    if (any_essential && !feature.essential()) continue;
    std::string reason = Reason(feature, outcome, index);
    if (!reason.empty()) return reason;
  }
  return {};
}

std::string Line(absl::string_view name, Outcome outcome, absl::string_view reason) {
  std::string line = absl::StrFormat("%-20s %-10s %s", name, OutcomeName(outcome), reason);
  line.erase(line.find_last_not_of(' ') + 1);
  return absl::StrCat(line, "\n");
}

std::string FormatText(const v1::Plan& plan, const ByCheck& index, absl::string_view target_id,
                       const std::vector<std::string>& notes) {
  const auto lookup = [&](absl::string_view id) { return Find(index, id); };
  std::string text;
  for (const std::string& note : notes) absl::StrAppend(&text, note, "\n");
  if (!notes.empty()) absl::StrAppend(&text, "\n");
  for (const v1::Target& target : plan.targets()) {
    if (!target_id.empty() && target.target_id() != target_id) continue;
    const Outcome outcome = OutcomeOfTarget(target, lookup).outcome;
    const std::string& name =
        target.display_name().empty() ? target.target_id() : target.display_name();
    // Why is said once, at the features.
    text += Line(name, outcome, "");
    for (const v1::Feature& feature : target.features()) {
      const Outcome part = OutcomeOfFeature(feature, lookup).outcome;
      text += Line(absl::StrCat("  ", feature.feature_id()), part, Reason(feature, part, index));
    }
  }
  return text;
}

// A message as a JSON object, with the names of the .proto file.
google::protobuf::Value ToValue(const google::protobuf::Message& message) {
  google::protobuf::Value value;
  // What ToJson printed always parses.
  static_cast<void>(google::protobuf::util::JsonStringToMessage(ToJson(message, /*indent=*/false),
                                                                value.mutable_struct_value()));
  return value;
}

google::protobuf::Value TargetToValue(const v1::Target& target, const ByCheck& index) {
  const auto lookup = [&](absl::string_view id) { return Find(index, id); };
  const CheckOutcome outcome = OutcomeOfTarget(target, lookup);
  google::protobuf::Value value;
  auto& fields = *value.mutable_struct_value()->mutable_fields();
  fields["target_id"].set_string_value(target.target_id());
  fields["display_name"].set_string_value(target.display_name());
  fields["outcome"].set_string_value(std::string(OutcomeName(outcome.outcome)));
  fields["layer"].set_string_value(std::string(outcome.layer));
  fields["failure"].set_string_value(outcome.failure);
  fields["reason"].set_string_value(Reason(target, outcome.outcome, index));
  auto* features = fields["features"].mutable_list_value();
  auto* seen = fields["observations"].mutable_list_value();
  for (const v1::Feature& feature : target.features()) {
    auto& entry = *features->add_values()->mutable_struct_value()->mutable_fields();
    const CheckOutcome part = OutcomeOfFeature(feature, lookup);
    entry["feature_id"].set_string_value(feature.feature_id());
    entry["essential"].set_bool_value(feature.essential());
    entry["outcome"].set_string_value(std::string(OutcomeName(part.outcome)));
    entry["reason"].set_string_value(Reason(feature, part.outcome, index));
    for (const v1::Check& check : feature.checks()) {
      const v1::Observation* observation = lookup(check.check_id());
      if (observation != nullptr) *seen->add_values() = ToValue(*observation);
    }
  }
  return value;
}

// As ToJson, but with the keys of each object in order: a Struct's own order changes from run to
// run, and reports must compare.
std::string ToSortedJson(const google::protobuf::Struct& report) {
  std::string bytes;
  {
    google::protobuf::io::StringOutputStream stream(&bytes);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    report.SerializeToCodedStream(&coded);
  }
  const std::unique_ptr<google::protobuf::util::TypeResolver> resolver(
      google::protobuf::util::NewTypeResolverForDescriptorPool(
          kTypePrefix, google::protobuf::DescriptorPool::generated_pool()));
  google::protobuf::util::JsonPrintOptions options;
  options.add_whitespace = true;
  std::string json;
  // What was serialised one line above always prints.
  static_cast<void>(google::protobuf::util::BinaryToJsonString(
      resolver.get(), absl::StrCat(kTypePrefix, "/google.protobuf.Struct"), bytes, &json, options));
  return json;
}

std::string FormatJson(const v1::Plan& plan, const ByCheck& index, const v1::Vantage& vantage,
                       absl::string_view target_id, bool connection_down) {
  google::protobuf::Struct report;
  auto& fields = *report.mutable_fields();
  fields["plan_version"].set_string_value(absl::StrCat(plan.version()));
  fields["own_connection_looks_down"].set_bool_value(connection_down);
  fields["vantage"] = ToValue(vantage);
  auto* targets = fields["targets"].mutable_list_value();
  for (const v1::Target& target : plan.targets()) {
    if (!target_id.empty() && target.target_id() != target_id) continue;
    *targets->add_values() = TargetToValue(target, index);
  }
  return ToSortedJson(report);
}

}  // namespace

std::string FormatReport(const v1::Plan& plan, const RoundReport& report,
                         absl::string_view target_id, ReportFormat format) {
  const ByCheck index = Index(report.observations);
  const bool connection_down = OwnConnectionLooksDown(plan, report.observations);
  if (format == ReportFormat::kJson) {
    return FormatJson(plan, index, report.vantage, target_id, connection_down);
  }
  std::vector<std::string> notes = VantageNotes(report.vantage);
  if (connection_down) notes.insert(notes.begin(), std::string(kConnectionDownNote));
  return FormatText(plan, index, target_id, notes);
}

}  // namespace sightline::probe
