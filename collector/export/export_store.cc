#include "collector/export/export_store.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "common/wire.h"

namespace sightline {
namespace {

using internal::v1::ExportBlock;

constexpr size_t kSeekPage = 1024;

AgentRecord ToRecord(const internal::v1::ExportAgent& row) {
  AgentRecord agent;
  agent.agent_id = row.agent_id();
  agent.public_key = row.public_key();
  agent.role = row.role();
  agent.region = row.region();
  agent.enroll_time = absl::FromUnixMillis(row.enroll_time_ms());
  agent.equivocated = row.equivocated();
  agent.last_seq = row.last_seq();
  agent.head = row.head();
  agent.end = row.end();
  agent.end_time = absl::FromUnixMillis(row.end_time_ms());
  agent.key_generation = static_cast<uint64_t>(row.key_successions_size());
  return agent;
}

LogRecord ToRecord(const std::string& node, internal::v1::ExportRecord& row) {
  LogRecord record;
  record.node = node;
  record.node_seq = row.node_seq();
  record.agent_id = std::move(*row.mutable_agent_id());
  record.receive_time = absl::FromUnixMillis(row.receive_time_ms());
  record.country = std::move(*row.mutable_country());
  record.asn = row.asn();
  record.bucket = std::move(*row.mutable_bucket());
  record.signature = std::move(*row.mutable_signature());
  v1::SignedBatch signed_batch;
  signed_batch.set_batch(std::move(*row.mutable_batch()));
  v1::Batch batch;
  if (batch.ParseFromString(signed_batch.batch())) {
    record.first_seq = FirstSeq(batch);
    record.batch_seq = batch.batch_seq();
    record.prev_hash = batch.prev_hash();
    record.chain_hash = ChainHash(signed_batch, batch);
    record.round_time = absl::FromUnixMillis(batch.round_time_ms());
  }
  record.batch = std::move(*signed_batch.mutable_batch());
  return record;
}

VerdictRecord ToRecord(const std::string& country, internal::v1::ExportVerdict& row) {
  VerdictRecord record;
  record.target_id = row.target_id();
  record.country = country;
  record.window_start = absl::FromUnixMillis(row.window_start_ms());
  record.window_length = absl::Milliseconds(row.window_length_ms());
  record.ruleset_version = row.ruleset_version();
  record.verdict = std::move(*row.mutable_verdict());
  record.cells = std::move(*row.mutable_cells());
  return record;
}

EventRecord ToRecord(const std::string& country, internal::v1::ExportEvent& row) {
  EventRecord record;
  record.event_id = row.event_id();
  record.target_id = row.target_id();
  record.country = country;
  record.onset = absl::FromUnixMillis(row.onset_ms());
  record.end = row.has_end_ms() ? absl::FromUnixMillis(row.end_ms()) : absl::InfiniteFuture();
  record.event = std::move(*row.mutable_event());
  return record;
}

// The first millisecond at or after `time`.
int64_t MillisFrom(absl::Time time) {
  const int64_t millis = absl::ToUnixMillis(time);
  return absl::FromUnixMillis(millis) < time && millis < std::numeric_limits<int64_t>::max()
             ? millis + 1
             : millis;
}

template <typename Value>
const Value* FindIn(const std::map<std::string, Value>& map, absl::string_view key) {
  const auto found = map.find(std::string(key));
  return found == map.end() ? nullptr : &found->second;
}

}  // namespace

absl::StatusOr<std::unique_ptr<ExportStore>> ExportStore::Open(
    const std::string& path, const std::function<void(uint64_t, uint64_t)>& progress) {
  absl::StatusOr<ExportBlockReader> reader = ExportBlockReader::Open(path);
  if (!reader.ok()) return reader.status();
  return Open(*std::move(reader), progress);
}

absl::StatusOr<std::unique_ptr<ExportStore>> ExportStore::Open(
    ExportBlockReader reader, const std::function<void(uint64_t, uint64_t)>& progress) {
  absl::StatusOr<ExportIndex> index = ReadIndex(reader, progress);
  if (!index.ok()) return index.status();
  return std::unique_ptr<ExportStore>(new ExportStore(std::move(reader), *std::move(index)));
}

std::set<std::string> ExportStore::Countries() const {
  std::set<std::string> countries;
  for (const auto& [country, blocks] : index_.verdicts) countries.insert(country);
  for (const auto& [country, blocks] : index_.events) countries.insert(country);
  return countries;
}

uint64_t ExportStore::LastRecord(const std::string& node) const {
  const BlockList<uint64_t>* log = FindIn(index_.logs, node);
  return log == nullptr ? 0 : log->last_key;
}

template <typename Key>
absl::Status ExportStore::ForEachFrom(const BlockList<Key>& list, const Key& key,
                                      const std::function<bool(ExportBlock&)>& take) const {
  auto block = std::upper_bound(list.blocks.begin(), list.blocks.end(), key,
                                [](const Key& a, const auto& b) { return a < b.first; });
  if (block != list.blocks.begin()) --block;
  ExportBlock content;
  for (; block != list.blocks.end(); ++block) {
    if (absl::Status status = reader_.Read(block->second, content).status(); !status.ok()) {
      return status;
    }
    if (!take(content)) return absl::OkStatus();
  }
  return absl::OkStatus();
}

absl::StatusOr<std::optional<internal::v1::ExportAgent>> ExportStore::FindRow(
    absl::string_view agent_id) const {
  std::optional<internal::v1::ExportAgent> found;
  const absl::Status status =
      ForEachFrom(index_.agents, std::string(agent_id), [&](ExportBlock& block) {
        for (internal::v1::ExportAgent& row : *block.mutable_agents()->mutable_agents()) {
          if (row.agent_id() == agent_id) found = std::move(row);
        }
        return false;
      });
  if (!status.ok()) return status;
  return found;
}

absl::StatusOr<AgentRecord> ExportStore::FindAgent(absl::string_view agent_id) {
  const absl::StatusOr<std::optional<internal::v1::ExportAgent>> row = FindRow(agent_id);
  if (!row.ok()) return row.status();
  if (!row->has_value()) return absl::NotFoundError("the file has no such agent");
  return ToRecord(**row);
}

absl::StatusOr<std::vector<v1::KeySuccession>> ExportStore::ReadKeySuccessions(
    absl::string_view agent_id) {
  const absl::StatusOr<std::optional<internal::v1::ExportAgent>> row = FindRow(agent_id);
  if (!row.ok()) return row.status();
  if (!row->has_value()) return std::vector<v1::KeySuccession>();
  const auto& successions = (*row)->key_successions();
  return std::vector<v1::KeySuccession>(successions.begin(), successions.end());
}

absl::StatusOr<std::vector<AgentRecord>> ExportStore::ListAgents(absl::string_view after,
                                                                 size_t limit) {
  std::vector<AgentRecord> agents;
  const absl::Status status =
      ForEachFrom(index_.agents, std::string(after), [&](ExportBlock& block) {
        for (const internal::v1::ExportAgent& row : block.agents().agents()) {
          if (row.agent_id() > after && agents.size() < limit) agents.push_back(ToRecord(row));
        }
        return agents.size() < limit;
      });
  if (!status.ok()) return status;
  return agents;
}

absl::StatusOr<std::vector<v1::SignedPlan>> ExportStore::ListPlans() {
  std::vector<v1::SignedPlan> plans;
  ExportBlock block;
  for (const uint64_t offset : index_.plans) {
    if (absl::Status status = reader_.Read(offset, block).status(); !status.ok()) return status;
    for (v1::SignedPlan& plan : *block.mutable_plans()->mutable_plans()) {
      plans.push_back(std::move(plan));
    }
  }
  return plans;
}

absl::StatusOr<std::vector<LogRecord>> ExportStore::ReadLog(absl::string_view node, uint64_t after,
                                                            size_t limit) {
  std::vector<LogRecord> records;
  const BlockList<uint64_t>* log = FindIn(index_.logs, node);
  if (log == nullptr) return records;
  const absl::Status status = ForEachFrom(*log, after, [&](ExportBlock& block) {
    for (internal::v1::ExportRecord& row : *block.mutable_log()->mutable_records()) {
      if (row.node_seq() <= after || records.size() >= limit) continue;
      records.push_back(ToRecord(block.log().node(), row));
    }
    return records.size() < limit;
  });
  if (!status.ok()) return status;
  return records;
}

absl::StatusOr<std::vector<std::string>> ExportStore::ListNodes() {
  std::vector<std::string> nodes;
  for (const internal::v1::ExportNode& node : index_.header.nodes()) nodes.push_back(node.node());
  return nodes;
}

absl::StatusOr<uint64_t> ExportStore::SeekLog(absl::string_view node, absl::Time time) {
  uint64_t end = 0;
  for (const internal::v1::ExportNode& each : index_.header.nodes()) {
    if (each.node() == node) end = each.last_node_seq();
  }
  if (time == absl::InfiniteFuture()) return end;
  for (uint64_t after = 0;;) {
    const absl::StatusOr<std::vector<LogRecord>> page = ReadLog(node, after, kSeekPage);
    if (!page.ok()) return page.status();
    for (const LogRecord& record : *page) {
      if (record.receive_time >= time) return record.node_seq - 1;
      after = record.node_seq;
    }
    if (page->size() < kSeekPage) return end;
  }
}

absl::StatusOr<int64_t> ExportStore::FirstDay() { return index_.header.first_day(); }

absl::StatusOr<FoldCheckpoint> ExportStore::ReadCheckpoint() {
  FoldCheckpoint checkpoint;
  for (const internal::v1::ExportNode& node : index_.header.nodes()) {
    if (node.folded_node_seq() > 0) checkpoint.positions[node.node()] = node.folded_node_seq();
  }
  return checkpoint;
}

absl::StatusOr<std::vector<VerdictRecord>> ExportStore::ReadVerdicts(absl::string_view country,
                                                                     absl::Time from,
                                                                     absl::Time until) {
  std::vector<VerdictRecord> records;
  const auto* verdicts = FindIn(index_.verdicts, country);
  if (verdicts == nullptr) return records;
  const int64_t from_ms = MillisFrom(from);
  const int64_t until_ms = MillisFrom(until);
  const absl::Status status =
      ForEachFrom(*verdicts, {from_ms, std::string()}, [&](ExportBlock& block) {
        for (internal::v1::ExportVerdict& row : *block.mutable_verdicts()->mutable_verdicts()) {
          if (row.window_start_ms() >= until_ms) return false;
          if (row.window_start_ms() < from_ms) continue;
          records.push_back(ToRecord(block.verdicts().country(), row));
        }
        return true;
      });
  if (!status.ok()) return status;
  return records;
}

absl::StatusOr<std::vector<VerdictRecord>> ExportStore::ReadCells(absl::string_view country,
                                                                  absl::Time from,
                                                                  absl::Time until) {
  absl::StatusOr<std::vector<VerdictRecord>> records = ReadVerdicts(country, from, until);
  if (!records.ok()) return records.status();
  for (VerdictRecord& record : *records) record.verdict.clear();
  return records;
}

absl::StatusOr<std::vector<EventRecord>> ExportStore::ReadEvents(absl::string_view country,
                                                                 absl::Time from,
                                                                 absl::Time until) {
  std::vector<EventRecord> records;
  const std::vector<uint64_t>* offsets = FindIn(index_.events, country);
  if (offsets == nullptr) return records;
  ExportBlock block;
  for (const uint64_t offset : *offsets) {
    if (absl::Status status = reader_.Read(offset, block).status(); !status.ok()) return status;
    for (internal::v1::ExportEvent& row : *block.mutable_events()->mutable_events()) {
      EventRecord record = ToRecord(block.events().country(), row);
      if (record.onset < until && record.end > from) records.push_back(std::move(record));
    }
  }
  return records;
}

absl::StatusOr<std::vector<TimelineRecord>> ExportStore::ReadTimelines(absl::string_view country) {
  std::vector<TimelineRecord> records;
  const std::vector<uint64_t>* offsets = FindIn(index_.events, country);
  if (offsets == nullptr) return records;
  ExportBlock block;
  for (const uint64_t offset : *offsets) {
    if (absl::Status status = reader_.Read(offset, block).status(); !status.ok()) return status;
    for (internal::v1::ExportTimeline& row : *block.mutable_events()->mutable_timelines()) {
      TimelineRecord& record = records.emplace_back();
      record.target_id = row.target_id();
      record.country = std::string(country);
      record.window_start = absl::FromUnixMillis(row.window_start_ms());
      record.timeline = std::move(*row.mutable_timeline());
    }
  }
  return records;
}

absl::StatusOr<std::optional<absl::Time>> ExportStore::OldestVerdict(absl::string_view country) {
  const auto* verdicts = FindIn(index_.verdicts, country);
  if (verdicts == nullptr) return std::optional<absl::Time>();
  return std::optional<absl::Time>(absl::FromUnixMillis(verdicts->blocks.front().first.first));
}

absl::StatusOr<std::optional<absl::Time>> ExportStore::NewestVerdict(absl::string_view country) {
  const auto* verdicts = FindIn(index_.verdicts, country);
  if (verdicts == nullptr) return std::optional<absl::Time>();
  return std::optional<absl::Time>(absl::FromUnixMillis(verdicts->last_key.first));
}

}  // namespace sightline
