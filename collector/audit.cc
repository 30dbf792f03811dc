#include "collector/audit.h"

#include <algorithm>
#include <map>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "collector/audit_chains.h"
#include "collector/audit_record.h"
#include "collector/audit_report.h"
#include "collector/audit_verdicts.h"
#include "collector/verdict/round.h"

namespace sightline {
namespace {

using internal::v1::AUDIT_PROBLEM_KIND_NODE_GAP;
using internal::v1::AUDIT_PROBLEM_KIND_UNKNOWN_AGENT;
using internal::v1::AUDIT_PROBLEM_KIND_UNKNOWN_PLAN;

// An agent's records lie in several logs; what one of them lacks may come while another is read.
constexpr int kPassesMax = 5;
constexpr size_t kAgentsPage = 1000;

// Calls `work` with 0 .. count - 1, on every core.
void ForEach(size_t count, const std::function<void(size_t)>& work) {
  const size_t threads =
      std::min<size_t>(std::max(1U, std::thread::hardware_concurrency()), count / 16 + 1);
  const auto share = [&](size_t first) {
    for (size_t i = first; i < count; i += threads) work(i);
  };
  std::vector<std::thread> others;
  for (size_t t = 1; t < threads; ++t) others.emplace_back(share, t);
  share(0);
  for (std::thread& other : others) other.join();
}

class Auditor {
 public:
  Auditor(StoreReader& store, const RegionNames& names, const AuditOptions& options)
      : store_(store),
        options_(options),
        verdicts_(store, names, {options.retain, options.read_time, options.silence_max}, report_) {
  }

  absl::StatusOr<internal::v1::AuditReport> Run() {
    const absl::StatusOr<int64_t> first_day = store_.FirstDay();
    if (!first_day.ok()) return first_day.status();
    report_.set_first_day(*first_day);
    chains_ = std::make_unique<ChainAudit>(*first_day > 0, report_);
    absl::Status status = verdicts_.Begin(*first_day);
    if (status.ok()) status = ReadRegistry();
    for (int pass = 0; status.ok() && pass < kPassesMax; ++pass) {
      status = ReadNodes();
      if (!chains_->HasHoles()) break;
    }
    if (status.ok()) status = verdicts_.Finish();
    if (status.ok()) {
      status = chains_->Finish([this](const std::string& id) { return store_.FindAgent(id); },
                               options_.list_agents);
    }
    if (!status.ok()) return status;
    for (const auto& [node, cursor] : cursors_) *report_.add_nodes() = cursor.said;
    report_.set_result(ResultOf(report_));
    return std::move(report_);
  }

 private:
  struct Cursor {
    internal::v1::AuditNode said;
    absl::Time received = absl::InfinitePast();
    bool at_end = false;
  };

  absl::Status ReadRegistry() {
    std::string after;
    for (;;) {
      absl::StatusOr<std::vector<AgentRecord>> page = store_.ListAgents(after, kAgentsPage);
      if (!page.ok()) return page.status();
      for (AgentRecord& agent : *page) {
        after = agent.agent_id;
        if (absl::Status status = AddAgent(std::move(agent)); !status.ok()) return status;
      }
      if (page->size() < kAgentsPage) return absl::OkStatus();
    }
  }

  absl::Status AddAgent(AgentRecord agent) {
    chains_->Expect(agent);
    report_.set_agents(report_.agents() + 1);
    return AddKeys(std::move(agent));
  }

  absl::Status AddKeys(AgentRecord agent) {
    absl::StatusOr<std::vector<v1::KeySuccession>> successions;
    if (agent.key_generation > 0) {
      successions = store_.ReadKeySuccessions(agent.agent_id);
      if (!successions.ok()) return successions.status();
      // One that was added between the two looks counts at the next.
      if (successions->size() > agent.key_generation) successions->resize(agent.key_generation);
    } else {
      successions.emplace();
    }
    absl::StatusOr<AuditedAgent> audited = MakeAuditedAgent(agent, *successions);
    if (!audited.ok()) {
      internal::v1::AuditProblem problem;
      problem.set_kind(AUDIT_PROBLEM_KIND_UNKNOWN_AGENT);
      problem.set_agent_id(absl::BytesToHexString(agent.agent_id));
      problem.set_detail(std::string(audited.status().message()));
      AddProblem(report_, std::move(problem));
      audited = AuditedAgent{agent, std::nullopt};
    }
    agents_.insert_or_assign(agent.agent_id, *std::move(audited));
    return absl::OkStatus();
  }

  // The agent's key may have been changed since it was read: then the record is examined again.
  absl::Status ExamineAgain(const LogRecord& record, RecordFindings& findings, Round& round) {
    absl::StatusOr<AgentRecord> agent = store_.FindAgent(record.agent_id);
    if (absl::IsNotFound(agent.status())) return absl::OkStatus();
    if (!agent.ok()) return agent.status();
    if (agent->key_generation == agents_.at(record.agent_id).record.key_generation) {
      return absl::OkStatus();
    }
    if (absl::Status status = AddKeys(*std::move(agent)); !status.ok()) return status;
    findings = RecordFindings();
    Examine(record, findings, round);
    return absl::OkStatus();
  }

  // Agents that enrolled meanwhile are added.
  absl::Status KnowAgentOf(const LogRecord& record) {
    if (agents_.contains(record.agent_id)) return absl::OkStatus();
    absl::StatusOr<AgentRecord> agent = store_.FindAgent(record.agent_id);
    if (absl::IsNotFound(agent.status())) {
      AddProblem(report_, ProblemWith(record, AUDIT_PROBLEM_KIND_UNKNOWN_AGENT,
                                      "the registry has no such agent"));
      return absl::OkStatus();
    }
    if (!agent.ok()) return agent.status();
    return AddAgent(*std::move(agent));
  }

  // All nodes to their ends, the one that is furthest behind in time first.
  absl::Status ReadNodes() {
    const absl::StatusOr<std::vector<std::string>> nodes = store_.ListNodes();
    if (!nodes.ok()) return nodes.status();
    total_ = 0;
    for (const std::string& node : *nodes) {
      Cursor& cursor = cursors_[node];
      cursor.said.set_node(node);
      cursor.at_end = false;
      const absl::StatusOr<uint64_t> end = store_.SeekLog(node, absl::InfiniteFuture());
      if (!end.ok()) return end.status();
      total_ += *end;
    }
    for (;;) {
      Cursor* behind = nullptr;
      for (auto& [node, cursor] : cursors_) {
        if (!cursor.at_end && (behind == nullptr || cursor.received < behind->received)) {
          behind = &cursor;
        }
      }
      if (behind == nullptr) return absl::OkStatus();
      absl::Status status = verdicts_.CompareUntil(behind->received);
      if (status.ok()) status = ReadPage(*behind);
      if (!status.ok()) return status;
    }
  }

  absl::Status ReadPage(Cursor& cursor) {
    const absl::StatusOr<std::vector<LogRecord>> page =
        store_.ReadLog(cursor.said.node(), cursor.said.last_node_seq(), options_.page_records);
    if (!page.ok()) return page.status();
    for (const LogRecord& record : *page) {
      if (absl::Status status = KnowAgentOf(record); !status.ok()) return status;
    }
    std::vector<RecordFindings> findings(page->size());
    std::vector<Round> rounds(page->size());
    ForEach(page->size(), [&](size_t i) { Examine((*page)[i], findings[i], rounds[i]); });
    for (size_t i = 0; i < page->size(); ++i) {
      if (findings[i].bad_signature) {
        absl::Status status = ExamineAgain((*page)[i], findings[i], rounds[i]);
        if (!status.ok()) return status;
      }
      Take((*page)[i], findings[i], rounds[i], cursor);
    }
    cursor.at_end = page->size() < options_.page_records;
    if (options_.progress) options_.progress(report_.records(), total_);
    return absl::OkStatus();
  }

  // On any thread.
  void Examine(const LogRecord& record, RecordFindings& findings, Round& round) const {
    const auto agent = agents_.find(record.agent_id);
    if (agent == agents_.end()) return;
    findings = CheckRecord(record, agent->second);
    if (!findings.batch.has_value()) return;
    const v1::Batch& batch = *findings.batch;
    const v1::Plan* plan = verdicts_.FindPlan(batch.plan_version());
    if (plan == nullptr) {
      findings.problems.push_back(
          ProblemWith(record, AUDIT_PROBLEM_KIND_UNKNOWN_PLAN,
                      absl::StrCat("the store has no plan ", batch.plan_version())));
    }
    round = MakeRound(record, batch, plan, agent->second.record);
  }

  void Take(const LogRecord& record, RecordFindings& findings, const Round& round, Cursor& cursor) {
    internal::v1::AuditNode& node = cursor.said;
    if (record.node_seq != node.last_node_seq() + 1) {
      if (report_.first_day() > 0) {
        report_.set_gaps_dropped(report_.gaps_dropped() + 1);
      } else {
        AddProblem(report_, ProblemWith(record, AUDIT_PROBLEM_KIND_NODE_GAP,
                                        absl::StrCat("follows ", node.last_node_seq())));
      }
    }
    if (node.records() == 0) node.set_first_node_seq(record.node_seq);
    node.set_last_node_seq(record.node_seq);
    node.set_records(node.records() + 1);
    cursor.received = std::max(cursor.received, record.receive_time);
    report_.set_records(report_.records() + 1);
    for (internal::v1::AuditProblem& problem : findings.problems) {
      AddProblem(report_, std::move(problem));
    }
    chains_->Add(record);
    if (!findings.batch.has_value()) return;
    if (findings.batch->has_tombstone()) report_.set_tombstones(report_.tombstones() + 1);
    verdicts_.Add(record, round);
  }

  StoreReader& store_;
  const AuditOptions& options_;
  internal::v1::AuditReport report_;
  VerdictAudit verdicts_;
  std::unique_ptr<ChainAudit> chains_;
  absl::flat_hash_map<std::string, AuditedAgent> agents_;  // by agent_id
  std::map<std::string, Cursor> cursors_;                  // by node
  uint64_t total_ = 0;
};

}  // namespace

absl::StatusOr<internal::v1::AuditReport> Audit(StoreReader& store, const RegionNames& names,
                                                const AuditOptions& options) {
  return Auditor(store, names, options).Run();
}

}  // namespace sightline
