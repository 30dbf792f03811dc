// The part of MemoryStore that keeps invites and agents.
#ifndef SIGHTLINE_TESTS_COLLECTOR_MEMORY_AGENTS_H_
#define SIGHTLINE_TESTS_COLLECTOR_MEMORY_AGENTS_H_

#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "collector/store/store.h"
#include "tests/collector/memory_audit.h"

namespace sightline {

// Thread-safe.
class MemoryAgents : public MemoryAudit {
 public:
  // Registers an agent without an invite.
  void AddAgent(const AgentRecord& agent) {
    const std::lock_guard lock(mutex_);
    agents_[agent.agent_id] = agent;
  }
  absl::Status AddInvites(absl::Span<const InviteRecord> invites) override {
    const std::lock_guard lock(mutex_);
    if (!failure_.ok()) return failure_;
    for (const InviteRecord& invite : invites) invites_[invite.token_hash] = {invite, ""};
    return absl::OkStatus();
  }

  absl::StatusOr<AgentRecord> Enroll(absl::string_view token_hash,
                                     const AgentRecord& agent) override {
    const std::lock_guard lock(mutex_);
    if (!failure_.ok()) return failure_;
    const auto it = invites_.find(std::string(token_hash));
    if (it == invites_.end()) return absl::NotFoundError("no such token");
    auto& [invite, used_by] = it->second;
    if (used_by == agent.public_key) return agents_[agent.agent_id];
    if (!used_by.empty() || invite.expire_time <= agent.enroll_time) {
      return absl::FailedPreconditionError("used or expired");
    }
    used_by = agent.public_key;
    agents_[agent.agent_id] = agent;
    agents_[agent.agent_id].role = invite.role;
    return agents_[agent.agent_id];
  }

  absl::StatusOr<v1::AgentRole> FindInviteRole(absl::string_view token_hash) override {
    const std::lock_guard lock(mutex_);
    if (!failure_.ok()) return failure_;
    const auto it = invites_.find(std::string(token_hash));
    if (it == invites_.end()) return absl::NotFoundError("no such token");
    return it->second.first.role;
  }

  absl::StatusOr<AgentRecord> FindAgent(absl::string_view agent_id) override {
    const std::lock_guard lock(mutex_);
    if (!failure_.ok()) return failure_;
    const auto it = agents_.find(std::string(agent_id));
    if (it == agents_.end()) return absl::NotFoundError("no such agent");
    return it->second;
  }

  absl::StatusOr<std::vector<AgentRecord>> ListAgents(absl::string_view after,
                                                      size_t limit) override {
    const std::lock_guard lock(mutex_);
    if (!failure_.ok()) return failure_;
    std::vector<AgentRecord> result;
    for (auto it = agents_.upper_bound(std::string(after));
         it != agents_.end() && result.size() < limit; ++it) {
      result.push_back(it->second);
    }
    return result;
  }

  absl::Status FlagEquivocation(absl::string_view agent_id) override {
    const std::lock_guard lock(mutex_);
    if (!failure_.ok()) return failure_;
    agents_[std::string(agent_id)].equivocated = true;
    return absl::OkStatus();
  }

  absl::StatusOr<AgentRecord> EndAgent(absl::string_view agent_id, v1::AgentEnd end,
                                       absl::Time time) override {
    const std::lock_guard lock(mutex_);
    if (!failure_.ok()) return failure_;
    const auto it = agents_.find(std::string(agent_id));
    if (it == agents_.end()) return absl::NotFoundError("no such agent");
    if (it->second.end == v1::AGENT_END_UNSPECIFIED) {
      it->second.end = end;
      it->second.end_time = time;
      changes_.push_back(it->first);
    }
    return it->second;
  }

  absl::StatusOr<bool> ForgetOrEndAgent(absl::string_view agent_id, absl::Time time) override {
    {
      const std::lock_guard lock(mutex_);
      if (!failure_.ok()) return failure_;
      const auto it = agents_.find(std::string(agent_id));
      if (it != agents_.end() && it->second.last_seq == 0) {
        // Nobody's key: the invite stays used.
        for (auto& [token_hash, invite] : invites_) {
          if (invite.second == it->second.public_key) invite.second = "nobody";
        }
        agents_.erase(it);
        return true;
      }
    }
    const absl::StatusOr<AgentRecord> ended = EndAgent(agent_id, v1::AGENT_END_LEFT, time);
    if (!ended.ok()) return ended.status();
    return false;
  }

  absl::Status AddKeySuccession(const v1::KeySuccession& succession) override {
    const std::lock_guard lock(mutex_);
    if (!failure_.ok()) return failure_;
    const auto it = agents_.find(succession.agent_id());
    if (it == agents_.end()) return absl::NotFoundError("no such agent");
    for (const v1::KeySuccession& each : successions_[it->first]) {
      if (each.SerializeAsString() == succession.SerializeAsString()) return absl::OkStatus();
    }
    AgentRecord& agent = it->second;
    if (succession.generation() != agent.key_generation + 1 ||
        succession.from_seq() <= agent.last_seq || agent.end != v1::AGENT_END_UNSPECIFIED) {
      return absl::FailedPreconditionError("generation or from_seq");
    }
    agent.key_generation = succession.generation();
    successions_[it->first].push_back(succession);
    changes_.push_back(it->first);
    return absl::OkStatus();
  }

  absl::StatusOr<std::vector<v1::KeySuccession>> ReadKeySuccessions(
      absl::string_view agent_id) override {
    const std::lock_guard lock(mutex_);
    if (!failure_.ok()) return failure_;
    return successions_[std::string(agent_id)];
  }

  absl::StatusOr<std::vector<AgentChangeRecord>> ReadAgentChanges(int64_t after,
                                                                  size_t limit) override {
    const std::lock_guard lock(mutex_);
    if (!failure_.ok()) return failure_;
    std::vector<AgentChangeRecord> result;
    for (auto i = static_cast<size_t>(after); i < changes_.size() && result.size() < limit; ++i) {
      result.push_back({static_cast<int64_t>(i) + 1, changes_[i]});
    }
    return result;
  }

 protected:
  void FailAgentsWith(absl::Status status) {
    const std::lock_guard lock(mutex_);
    failure_ = std::move(status);
  }

  // Moves the end of the agent's chain, if the record continues it.
  bool MoveAgent(const LogRecord& record) {
    const std::lock_guard lock(mutex_);
    AgentRecord& agent = agents_[record.agent_id];
    if (agent.last_seq + 1 != record.first_seq || agent.head != record.prev_hash ||
        agent.key_generation != record.key_generation || agent.end != v1::AGENT_END_UNSPECIFIED) {
      return false;
    }
    agent.last_seq = record.batch_seq;
    agent.head = record.chain_hash;
    return true;
  }

 private:
  std::mutex mutex_;
  absl::Status failure_;
  std::map<std::string, std::pair<InviteRecord, std::string>> invites_;
  std::map<std::string, AgentRecord> agents_;
  std::map<std::string, std::vector<v1::KeySuccession>> successions_;
  std::vector<std::string> changes_;  // agent_id, by change_seq
};

}  // namespace sightline

#endif  // SIGHTLINE_TESTS_COLLECTOR_MEMORY_AGENTS_H_
