#include "collector/export/export_index.h"

#include <optional>

#include "absl/strings/str_cat.h"
#include "collector/export/export_rows.h"

namespace sightline {
namespace {

using internal::v1::ExportBlock;

class Indexer {
 public:
  explicit Indexer(const ExportBlockReader& reader) : reader_(reader) {}

  absl::StatusOr<ExportIndex> Run(const std::function<void(uint64_t, uint64_t)>& progress) {
    uint64_t offset = ExportBlockReader::kFirstBlock;
    ExportBlock block;
    while (offset < reader_.size()) {
      const absl::StatusOr<uint64_t> next = reader_.Read(offset, block);
      if (!next.ok()) return next.status();
      if (const std::string wrong = Take(offset, block); !wrong.empty()) {
        return reader_.Damaged(offset, wrong);
      }
      offset = *next;
      if (progress) progress(offset, reader_.size());
    }
    if (kind_ != ExportBlock::kEnd) {
      return reader_.Damaged(offset, "there is none: the end of the file is missing");
    }
    return std::move(index_);
  }

 private:
  // What is wrong with the block, or an empty string.
  std::string Take(uint64_t offset, const ExportBlock& block) {
    const ExportBlock::ContentCase kind = block.content_case();
    const bool once = kind == ExportBlock::kHeader || kind == ExportBlock::kEnd;
    if (kind < kind_ || (kind == kind_ && once) ||
        (kind_ == ExportBlock::CONTENT_NOT_SET && kind != ExportBlock::kHeader)) {
      return "blocks of this kind come elsewhere";
    }
    kind_ = kind;
    switch (kind) {
      case ExportBlock::kHeader:
        return TakeHeader(block.header());
      case ExportBlock::kPlans:
        index_.plans.push_back(offset);
        counts_.set_plans(counts_.plans() + static_cast<uint64_t>(block.plans().plans_size()));
        return WrongPlans(block.plans());
      case ExportBlock::kAgents:
        return TakeAgents(offset, block.agents());
      case ExportBlock::kLog:
        return TakeLog(offset, block.log());
      case ExportBlock::kVerdicts:
        return TakeVerdicts(offset, block.verdicts());
      case ExportBlock::kEvents:
        return TakeEvents(offset, block.events());
      case ExportBlock::kEnd:
        return TakeEnd(block.end());
      case ExportBlock::CONTENT_NOT_SET:
        break;
    }
    return "it holds nothing";
  }

  std::string TakeHeader(const internal::v1::ExportHeader& header) {
    for (int i = 1; i < header.nodes_size(); ++i) {
      if (header.nodes(i).node() <= header.nodes(i - 1).node()) return "nodes are not in order";
    }
    index_.header = header;
    return WrongHeader(header);
  }

  // Adds a block that `keys` are the keys of, in their order; whether they continue the list's.
  template <typename Key>
  static bool AddBlock(uint64_t offset, const std::vector<Key>& keys, BlockList<Key>& list) {
    bool first = list.blocks.empty();
    if (keys.empty()) return false;
    list.blocks.emplace_back(keys.front(), offset);
    for (const Key& key : keys) {
      if (!first && !(list.last_key < key)) return false;
      first = false;
      list.last_key = key;
    }
    return true;
  }

  std::string TakeAgents(uint64_t offset, const internal::v1::ExportAgents& agents) {
    std::vector<std::string> keys;
    for (const internal::v1::ExportAgent& agent : agents.agents()) keys.push_back(agent.agent_id());
    counts_.set_agents(counts_.agents() + keys.size());
    if (!AddBlock(offset, keys, index_.agents)) return "agents are not in order";
    return WrongAgents(agents);
  }

  std::string TakeLog(uint64_t offset, const internal::v1::ExportLog& log) {
    bool known = false;
    for (const internal::v1::ExportNode& node : index_.header.nodes()) {
      known = known || node.node() == log.node();
    }
    if (!known) return "the header has no such node";
    std::vector<uint64_t> keys;
    for (const internal::v1::ExportRecord& record : log.records())
      keys.push_back(record.node_seq());
    counts_.set_records(counts_.records() + keys.size());
    if (!index_.logs.empty() && log.node() < index_.logs.rbegin()->first) {
      return "nodes are not in order";
    }
    if (keys.empty() || keys.front() == 0 || !AddBlock(offset, keys, index_.logs[log.node()])) {
      return absl::StrCat("records of node ", log.node(), " are not in order");
    }
    return WrongLog(log);
  }

  std::string TakeVerdicts(uint64_t offset, const internal::v1::ExportVerdicts& verdicts) {
    std::vector<std::pair<int64_t, std::string>> keys;
    for (const internal::v1::ExportVerdict& verdict : verdicts.verdicts()) {
      keys.emplace_back(verdict.window_start_ms(), verdict.target_id());
    }
    counts_.set_verdicts(counts_.verdicts() + keys.size());
    if (!index_.verdicts.empty() && verdicts.country() < index_.verdicts.rbegin()->first) {
      return "countries are not in order";
    }
    if (!AddBlock(offset, keys, index_.verdicts[verdicts.country()])) {
      return absl::StrCat("verdicts on ", verdicts.country(), " are not in order");
    }
    return WrongVerdicts(verdicts);
  }

  std::string TakeEvents(uint64_t offset, const internal::v1::ExportEvents& events) {
    if (!index_.events.empty() && events.country() < index_.events.rbegin()->first) {
      return "countries are not in order";
    }
    std::vector<uint64_t>& blocks = index_.events[events.country()];
    if (blocks.empty()) {
      last_event_.reset();
      last_timeline_.reset();
    }
    blocks.push_back(offset);
    for (const internal::v1::ExportEvent& event : events.events()) {
      std::pair<int64_t, std::string> key(event.onset_ms(), event.event_id());
      if ((last_event_.has_value() && !(*last_event_ < key)) || last_timeline_.has_value()) {
        return absl::StrCat("events in ", events.country(), " are not in order");
      }
      last_event_ = std::move(key);
    }
    for (const internal::v1::ExportTimeline& timeline : events.timelines()) {
      if (last_timeline_.has_value() && !(*last_timeline_ < timeline.target_id())) {
        return absl::StrCat("timelines in ", events.country(), " are not in order");
      }
      last_timeline_ = timeline.target_id();
    }
    counts_.set_events(counts_.events() + static_cast<uint64_t>(events.events_size()));
    return WrongEvents(events);
  }

  std::string TakeEnd(const internal::v1::ExportEnd& end) {
    index_.end = end;
    const bool same = end.plans() == counts_.plans() && end.agents() == counts_.agents() &&
                      end.records() == counts_.records() && end.verdicts() == counts_.verdicts() &&
                      end.events() == counts_.events();
    return same ? "" : "the file does not hold as much as it says";
  }

  const ExportBlockReader& reader_;
  ExportIndex index_;
  internal::v1::ExportEnd counts_;
  // Of the country whose events are read.
  std::optional<std::pair<int64_t, std::string>> last_event_;
  std::optional<std::string> last_timeline_;
  ExportBlock::ContentCase kind_ = ExportBlock::CONTENT_NOT_SET;  // of the block before
};

}  // namespace

absl::StatusOr<ExportIndex> ReadIndex(const ExportBlockReader& reader,
                                      const std::function<void(uint64_t, uint64_t)>& progress) {
  return Indexer(reader).Run(progress);
}

}  // namespace sightline
