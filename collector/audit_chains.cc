#include "collector/audit_chains.h"

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "collector/audit_report.h"
#include "common/wire.h"

namespace sightline {

using internal::v1::AUDIT_PROBLEM_KIND_BROKEN_CHAIN;
using internal::v1::AUDIT_PROBLEM_KIND_CHAIN_END;
using internal::v1::AUDIT_PROBLEM_KIND_CHAIN_GAP;
using internal::v1::AUDIT_PROBLEM_KIND_DUPLICATE;

void ChainAudit::Problem(Kind kind, absl::string_view agent_id, const Piece* where,
                         std::string detail) {
  internal::v1::AuditProblem problem;
  problem.set_kind(kind);
  problem.set_agent_id(absl::BytesToHexString(agent_id));
  problem.set_detail(std::move(detail));
  if (where != nullptr) {
    problem.set_node(where->node);
    problem.set_node_seq(where->node_seq);
  }
  AddProblem(report_, std::move(problem));
}

void ChainAudit::Expect(const AgentRecord& agent) {
  Chain& chain = chains_[agent.agent_id];
  chain.expected = agent;
  chain.expected_seen = agent.last_seq == 0 && agent.head == GenesisHash();
}

ChainAudit::Piece ChainAudit::PieceOf(const LogRecord& record) {
  return {record.batch_seq, record.prev_hash, record.chain_hash, record.node, record.node_seq};
}

void ChainAudit::Add(const LogRecord& record) {
  Chain& chain = chains_[record.agent_id];
  ++chain.records;
  if (record.first_seq == 0 || record.first_seq > record.batch_seq) return;  // CheckRecord tells
  const auto after = chain.pieces.upper_bound(record.batch_seq);
  if (after != chain.pieces.begin() && std::prev(after)->second.last_seq >= record.first_seq) {
    const Piece piece = PieceOf(record);
    Problem(AUDIT_PROBLEM_KIND_DUPLICATE, record.agent_id, &piece,
            absl::StrCat("batch ", record.batch_seq, " is in the log already"));
    return;
  }
  if (chain.expected.has_value() && chain.expected->last_seq == record.batch_seq) {
    chain.expected_seen = chain.expected->head == record.chain_hash;
  }
  Link(record, chain);
}

void ChainAudit::Link(const LogRecord& record, Chain& chain) {
  const auto broken = [&](const Piece& later, uint64_t seq) {
    Problem(AUDIT_PROBLEM_KIND_BROKEN_CHAIN, record.agent_id, &later,
            absl::StrCat("batch ", seq, " does not continue from the batch before"));
  };
  auto after = chain.pieces.upper_bound(record.batch_seq);
  auto self = after == chain.pieces.begin() ? chain.pieces.end() : std::prev(after);
  if (self != chain.pieces.end() && self->second.last_seq + 1 == record.first_seq) {
    if (self->second.head != record.prev_hash) broken(PieceOf(record), record.batch_seq);
    self->second.last_seq = record.batch_seq;
    self->second.head = record.chain_hash;
  } else {
    self = chain.pieces.emplace_hint(after, record.first_seq, PieceOf(record));
  }
  if (after == chain.pieces.end() || after->first != record.batch_seq + 1) return;
  if (after->second.prev_hash != record.chain_hash) broken(after->second, after->first);
  self->second.last_seq = after->second.last_seq;
  self->second.head = std::move(after->second.head);
  chain.pieces.erase(after);
}

bool ChainAudit::HasHoles() const {
  return std::any_of(chains_.begin(), chains_.end(),
                     [](const auto& entry) { return entry.second.pieces.size() > 1; });
}

void ChainAudit::CheckStart(const std::string& agent_id, const Chain& chain) {
  uint64_t end = 0;
  for (const auto& [first_seq, piece] : chain.pieces) {
    if (first_seq == 1 && piece.prev_hash != GenesisHash()) {
      Problem(AUDIT_PROBLEM_KIND_BROKEN_CHAIN, agent_id, &piece, "the first batch has a prev_hash");
    }
    if (first_seq != end + 1) {
      if (days_dropped_) {
        report_.set_gaps_dropped(report_.gaps_dropped() + 1);
      } else {
        Problem(AUDIT_PROBLEM_KIND_CHAIN_GAP, agent_id, &piece,
                absl::StrCat("batches ", end + 1, " to ", first_seq - 1, " are missing"));
      }
    }
    end = piece.last_seq;
  }
}

void ChainAudit::CheckEnd(const std::string& agent_id, const Chain& chain) {
  const uint64_t end = chain.pieces.empty() ? 0 : chain.pieces.rbegin()->second.last_seq;
  const Piece* where = chain.pieces.empty() ? nullptr : &chain.pieces.rbegin()->second;
  const bool all_dropped = days_dropped_ && chain.pieces.empty();
  if (all_dropped && chain.expected.has_value() && !chain.expected_seen) {
    report_.set_gaps_dropped(report_.gaps_dropped() + 1);
  }
  if (chain.expected.has_value() && !chain.expected_seen && !all_dropped) {
    Problem(AUDIT_PROBLEM_KIND_CHAIN_END, agent_id, where,
            absl::StrCat("the registry ends with batch ", chain.expected->last_seq, " and head ",
                         absl::BytesToHexString(chain.expected->head), ", the log with batch ", end,
                         where == nullptr
                             ? std::string()
                             : absl::StrCat(" and ", absl::BytesToHexString(where->head))));
  }
}

absl::Status ChainAudit::Finish(
    const std::function<absl::StatusOr<AgentRecord>(const std::string&)>& find, bool list_chains) {
  std::vector<std::string> ids;
  ids.reserve(chains_.size());
  for (const auto& [agent_id, chain] : chains_) ids.push_back(agent_id);
  std::sort(ids.begin(), ids.end());
  for (const std::string& agent_id : ids) {
    const Chain& chain = chains_[agent_id];
    CheckStart(agent_id, chain);
    CheckEnd(agent_id, chain);
    if (chain.pieces.empty()) continue;
    const Piece& last = chain.pieces.rbegin()->second;
    const bool as_expected =
        chain.expected.has_value() && chain.expected->last_seq == last.last_seq;
    absl::StatusOr<AgentRecord> now = as_expected ? *chain.expected : find(agent_id);
    if (!now.ok() && !absl::IsNotFound(now.status())) return now.status();
    if (!as_expected && now.ok() &&
        (now->last_seq < last.last_seq ||
         (now->last_seq == last.last_seq && now->head != last.head))) {
      Problem(AUDIT_PROBLEM_KIND_CHAIN_END, agent_id, &last,
              absl::StrCat("batch ", last.last_seq, " is in the log, the registry ends with ",
                           now->last_seq));
    }
    if (!list_chains) continue;
    internal::v1::AuditAgent& listed = *report_.add_agent_chains();
    listed.set_agent_id(absl::BytesToHexString(agent_id));
    listed.set_last_seq(last.last_seq);
    listed.set_head(absl::BytesToHexString(last.head));
    listed.set_records(chain.records);
    listed.set_equivocated(now.ok() && now->equivocated);
  }
  return absl::OkStatus();
}

}  // namespace sightline
