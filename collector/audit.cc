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
#include "common/message.h"

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
        verdicts_(store, names, options.retain, options.read_time, report_) {}

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
        AddAgent(std::move(agent));
      }
      if (page->size() < kAgentsPage) return absl::OkStatus();
    }
  }

  void AddAgent(AgentRecord agent) {
    chains_->Expect(agent);
    report_.set_agents(report_.agents() + 1);
    absl::StatusOr<AuditedAgent> audited = MakeAuditedAgent(agent);
    if (!audited.ok()) {
      internal::v1::AuditProblem problem;
      problem.set_kind(AUDIT_PROBLEM_KIND_UNKNOWN_AGENT);
      problem.set_agent_id(absl::BytesToHexString(agent.agent_id));
      problem.set_detail(std::string(audited.status().message()));
      AddProblem(report_, std::move(problem));
      audited = AuditedAgent{agent, std::nullopt};
    }
    agents_.emplace(agent.agent_id, *std::move(audited));
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
    AddAgent(*std::move(agent));
    return absl::OkStatus();
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
    for (size_t i = 0; i < page->size(); ++i) Take((*page)[i], findings[i], rounds[i], cursor);
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

void AddLine(const internal::v1::AuditProblem& problem, std::string& text) {
  text += ShortName(problem.kind());
  if (!problem.node().empty()) {
    absl::StrAppend(&text, ", node ", problem.node(), " record ", problem.node_seq());
  }
  if (!problem.agent_id().empty()) absl::StrAppend(&text, ", agent ", problem.agent_id());
  if (!problem.target_id().empty()) {
    absl::StrAppend(
        &text, ", window ",
        absl::FormatTime(absl::FromUnixMillis(problem.window_start_ms()), absl::UTCTimeZone()),
        ", ", problem.country(), " ", problem.target_id());
  }
  absl::StrAppend(&text, ": ", problem.detail(), "\n");
}

}  // namespace

absl::StatusOr<internal::v1::AuditReport> Audit(StoreReader& store, const RegionNames& names,
                                                const AuditOptions& options) {
  return Auditor(store, names, options).Run();
}

std::string ToText(const internal::v1::AuditReport& report) {
  std::string text;
  for (const internal::v1::AuditProblem& problem : report.problems()) AddLine(problem, text);
  for (const internal::v1::AuditProblem& problem : report.undecided()) {
    text += "differs, but the fold may not have come that far: ";
    AddLine(problem, text);
  }
  const auto line = [&text](absl::string_view name, uint64_t count) {
    if (count > 0) absl::StrAppend(&text, count, " ", name, "\n");
  };
  if (report.problems_total() > kAuditProblemsMax) {
    line("problems in all; the first are above", report.problems_total());
  }
  for (const internal::v1::AuditNode& node : report.nodes()) {
    absl::StrAppend(&text, "node ", node.node(), ": records ", node.first_node_seq(), " to ",
                    node.last_node_seq(), "\n");
  }
  absl::StrAppend(&text, report.records(), " records of ", report.agents(), " agents, ",
                  report.tombstones(), " of them tombstones\n");
  absl::StrAppend(&text, report.verdicts_compared(), " verdicts of ", report.windows_compared(),
                  " windows with ", report.cells_compared(), " cells made again from the log\n");
  absl::StrAppend(&text, report.events_compared(), " events and ", report.timelines_compared(),
                  " timelines made again from the cells\n");
  line("events await the fold: newer verdicts were written", report.events_behind());
  line("events by other rules or another window length, not compared", report.events_other_rules());
  line("histories by other rules, not compared", report.timelines_other_rules());
  line("holes of days that were dropped", report.gaps_dropped());
  line("verdicts await the fold: their windows have newer records", report.verdicts_behind());
  line("verdicts by other rules or another window length, not compared",
       report.verdicts_other_rules());
  line("verdicts on days that were dropped, not compared", report.verdicts_dropped());
  line("windows with records and without verdicts", report.windows_without_verdicts());
  const uint64_t not_compared = report.verdicts_behind() + report.verdicts_other_rules() +
                                report.verdicts_dropped() + report.windows_without_verdicts() +
                                report.events_behind() + report.events_other_rules() +
                                report.timelines_other_rules();
  absl::StrAppend(&text, report.problems_total() > 0 ? "SOMETHING IS WRONG\n"
                         : not_compared > 0          ? "everything that was compared fits\n"
                                                     : "everything fits\n");
  return text;
}

}  // namespace sightline
