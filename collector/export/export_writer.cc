#include "collector/export/export_writer.h"

#include <set>
#include <utility>
#include <vector>

#include "collector/export/export_blocks.h"
#include "collector/export/verdict_pages.h"
#include "collector/store/new_file.h"
#include "collector/verdict/verdict.h"

namespace sightline {
namespace {

using internal::v1::ExportBlock;

constexpr size_t kAgentsPage = 1000;

class Exporter {
 public:
  Exporter(StoreReader& store, NewFile& file, const ExportOptions& options)
      : store_(store),
        options_(options),
        blocks_([&file](absl::string_view bytes) { return file.Append(bytes); }) {}

  absl::StatusOr<ExportResult> Run() {
    absl::Status status = WriteHeader();
    if (status.ok()) status = WritePlans();
    if (status.ok()) status = WriteAgents();
    for (const auto& node : nodes_) {
      if (status.ok()) status = WriteLog(node);
    }
    for (const std::string& country : countries_) {
      if (status.ok()) status = WriteVerdicts(country);
    }
    for (const std::string& country : countries_) {
      if (status.ok()) status = WriteEvents(country);
    }
    if (!status.ok()) return status;
    *block_.mutable_end() = result_.counts;
    if (status = Flush(); !status.ok()) return status;
    result_.bytes = blocks_.bytes();
    result_.fingerprint = blocks_.hash();
    return std::move(result_);
  }

 private:
  // Writes the block that is being filled, if there is anything in it.
  absl::Status Flush() {
    if (block_.content_case() == ExportBlock::CONTENT_NOT_SET) return absl::OkStatus();
    const absl::Status status = blocks_.Write(block_);
    block_.Clear();
    block_bytes_ = 0;
    return status;
  }

  // A row of so many bytes was added.
  absl::Status Added(size_t bytes) {
    block_bytes_ += bytes;
    return block_bytes_ >= options_.block_bytes ? Flush() : absl::OkStatus();
  }

  absl::Status WriteHeader() {
    internal::v1::ExportHeader& header = *block_.mutable_header();
    header.set_export_time_ms(absl::ToUnixMillis(options_.now));
    header.set_ruleset_version(std::string(kRulesetVersion));
    header.set_retain_ms(absl::ToInt64Milliseconds(options_.retain));
    const absl::StatusOr<int64_t> first_day = store_.FirstDay();
    if (!first_day.ok()) return first_day.status();
    header.set_first_day(*first_day);
    const absl::StatusOr<FoldCheckpoint> checkpoint = store_.ReadCheckpoint();
    if (!checkpoint.ok()) return checkpoint.status();
    const absl::StatusOr<std::vector<std::string>> nodes = store_.ListNodes();
    if (!nodes.ok()) return nodes.status();
    for (const std::string& name : *nodes) {
      const absl::StatusOr<uint64_t> end = store_.SeekLog(name, absl::InfiniteFuture());
      if (!end.ok()) return end.status();
      internal::v1::ExportNode& node = *header.add_nodes();
      node.set_node(name);
      node.set_last_node_seq(*end);
      const auto folded = checkpoint->positions.find(name);
      if (folded != checkpoint->positions.end()) node.set_folded_node_seq(folded->second);
      total_ += *end;
      nodes_.push_back(node);
    }
    return Flush();
  }

  absl::Status WritePlans() {
    const absl::StatusOr<std::vector<v1::SignedPlan>> plans = store_.ListPlans();
    if (!plans.ok()) return plans.status();
    for (const v1::SignedPlan& signed_plan : *plans) {
      v1::Plan plan;
      if (!plan.ParseFromString(signed_plan.plan())) {
        return absl::DataLossError("a stored plan cannot be parsed");
      }
      for (const v1::CountryRegions& country : plan.countries()) {
        countries_.insert(country.country());
      }
      *block_.mutable_plans()->add_plans() = signed_plan;
      result_.counts.set_plans(result_.counts.plans() + 1);
      if (absl::Status status = Added(signed_plan.plan().size()); !status.ok()) return status;
    }
    return Flush();
  }

  absl::Status WriteAgents() {
    std::string after;
    for (;;) {
      const absl::StatusOr<std::vector<AgentRecord>> page = store_.ListAgents(after, kAgentsPage);
      if (!page.ok()) return page.status();
      for (const AgentRecord& agent : *page) {
        after = agent.agent_id;
        if (absl::Status status = WriteAgent(agent); !status.ok()) return status;
      }
      if (page->size() < kAgentsPage) return Flush();
    }
  }

  absl::Status WriteAgent(const AgentRecord& agent) {
    internal::v1::ExportAgent& row = *block_.mutable_agents()->add_agents();
    row.set_agent_id(agent.agent_id);
    row.set_public_key(agent.public_key);
    row.set_role(agent.role);
    row.set_region(agent.region);
    row.set_enroll_time_ms(absl::ToUnixMillis(agent.enroll_time));
    row.set_equivocated(agent.equivocated);
    row.set_last_seq(agent.last_seq);
    row.set_head(agent.head);
    row.set_end(agent.end);
    row.set_end_time_ms(absl::ToUnixMillis(agent.end_time));
    if (agent.key_generation > 0) {
      absl::StatusOr<std::vector<v1::KeySuccession>> successions =
          store_.ReadKeySuccessions(agent.agent_id);
      if (!successions.ok()) return successions.status();
      for (v1::KeySuccession& each : *successions) *row.add_key_successions() = std::move(each);
    }
    result_.counts.set_agents(result_.counts.agents() + 1);
    return Added(row.ByteSizeLong());
  }

  absl::Status WriteLog(const internal::v1::ExportNode& node) {
    uint64_t after = 0;
    for (;;) {
      absl::StatusOr<std::vector<LogRecord>> page =
          store_.ReadLog(node.node(), after, options_.page_records);
      if (!page.ok()) return page.status();
      for (LogRecord& record : *page) {
        after = record.node_seq;
        block_.mutable_log()->set_node(node.node());
        internal::v1::ExportRecord& row = *block_.mutable_log()->add_records();
        row.set_node_seq(record.node_seq);
        row.set_agent_id(std::move(record.agent_id));
        row.set_batch(std::move(record.batch));
        row.set_signature(std::move(record.signature));
        row.set_receive_time_ms(absl::ToUnixMillis(record.receive_time));
        row.set_country(std::move(record.country));
        row.set_asn(record.asn);
        row.set_bucket(std::move(record.bucket));
        result_.counts.set_records(result_.counts.records() + 1);
        if (absl::Status status = Added(row.ByteSizeLong()); !status.ok()) return status;
      }
      if (options_.progress) options_.progress(result_.counts.records(), total_);
      if (page->size() < options_.page_records) return Flush();
    }
  }

  absl::Status WriteVerdicts(const std::string& country) {
    const absl::Status status =
        ForEachVerdict(store_, country, absl::InfinitePast(), absl::InfiniteFuture(),
                       [&](VerdictRecord& record) { return WriteVerdict(country, record); });
    return status.ok() ? Flush() : status;
  }

  absl::Status WriteVerdict(const std::string& country, VerdictRecord& record) {
    block_.mutable_verdicts()->set_country(country);
    internal::v1::ExportVerdict& row = *block_.mutable_verdicts()->add_verdicts();
    row.set_target_id(std::move(record.target_id));
    row.set_window_start_ms(absl::ToUnixMillis(record.window_start));
    row.set_window_length_ms(absl::ToInt64Milliseconds(record.window_length));
    row.set_ruleset_version(std::move(record.ruleset_version));
    row.set_verdict(std::move(record.verdict));
    row.set_cells(std::move(record.cells));
    result_.counts.set_verdicts(result_.counts.verdicts() + 1);
    return Added(row.ByteSizeLong());
  }

  absl::Status WriteEvents(const std::string& country) {
    absl::StatusOr<std::vector<EventRecord>> events =
        store_.ReadEvents(country, absl::InfinitePast(), absl::InfiniteFuture());
    if (!events.ok()) return events.status();
    for (EventRecord& record : *events) {
      block_.mutable_events()->set_country(country);
      internal::v1::ExportEvent& row = *block_.mutable_events()->add_events();
      row.set_event_id(std::move(record.event_id));
      row.set_target_id(std::move(record.target_id));
      row.set_onset_ms(absl::ToUnixMillis(record.onset));
      if (record.end != absl::InfiniteFuture()) row.set_end_ms(absl::ToUnixMillis(record.end));
      row.set_event(std::move(record.event));
      result_.counts.set_events(result_.counts.events() + 1);
      if (absl::Status status = Added(row.ByteSizeLong()); !status.ok()) return status;
    }
    absl::StatusOr<std::vector<TimelineRecord>> timelines = store_.ReadTimelines(country);
    if (!timelines.ok()) return timelines.status();
    for (TimelineRecord& record : *timelines) {
      block_.mutable_events()->set_country(country);
      internal::v1::ExportTimeline& row = *block_.mutable_events()->add_timelines();
      row.set_target_id(std::move(record.target_id));
      row.set_window_start_ms(absl::ToUnixMillis(record.window_start));
      row.set_timeline(std::move(record.timeline));
      if (absl::Status status = Added(row.ByteSizeLong()); !status.ok()) return status;
    }
    return Flush();
  }

  StoreReader& store_;
  const ExportOptions& options_;
  ExportBlockWriter blocks_;
  ExportBlock block_;  // being filled
  size_t block_bytes_ = 0;
  std::vector<internal::v1::ExportNode> nodes_;
  std::set<std::string> countries_;  // of all plans
  uint64_t total_ = 0;
  ExportResult result_;
};

}  // namespace

absl::StatusOr<ExportResult> WriteExport(StoreReader& store, const std::string& path,
                                         const ExportOptions& options) {
  absl::StatusOr<NewFile> file = NewFile::Create(path);
  if (!file.ok()) return file.status();
  absl::StatusOr<ExportResult> result = Exporter(store, *file, options).Run();
  if (!result.ok()) return result.status();
  if (absl::Status status = file->Finish(); !status.ok()) return status;
  return result;
}

}  // namespace sightline
