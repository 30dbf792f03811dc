#include "tests/collector/export/forgery_fixture.h"

#include <algorithm>
#include <fstream>

#include "collector/export/export_blocks.h"
#include "collector/export/export_writer.h"
#include "common/message.h"
#include "tests/collector/memory_store.h"

namespace sightline {
namespace {

template <typename Row>
Row& Missing(const std::string& what) {
  ADD_FAILURE() << "the file has no " << what;
  static Row none;
  return none;
}

template <typename Rows, typename Gone>
void Drop(Rows& rows, const Gone& gone) {
  rows.erase(std::remove_if(rows.begin(), rows.end(), gone), rows.end());
}

void Recount(ForgedBlocks& blocks) {
  internal::v1::ExportEnd end;
  for (const ExportBlock& block : blocks) {
    end.set_plans(end.plans() + static_cast<uint64_t>(block.plans().plans_size()));
    end.set_agents(end.agents() + static_cast<uint64_t>(block.agents().agents_size()));
    end.set_records(end.records() + static_cast<uint64_t>(block.log().records_size()));
    end.set_verdicts(end.verdicts() + static_cast<uint64_t>(block.verdicts().verdicts_size()));
    end.set_events(end.events() + static_cast<uint64_t>(block.events().events_size()));
  }
  for (ExportBlock& block : blocks) {
    if (block.has_end()) *block.mutable_end() = end;
  }
}

// A block that lost all of its rows says nothing.
bool IsEmpty(const ExportBlock& block) {
  return (block.has_plans() && block.plans().plans().empty()) ||
         (block.has_agents() && block.agents().agents().empty()) ||
         (block.has_log() && block.log().records().empty()) ||
         (block.has_verdicts() && block.verdicts().verdicts().empty()) ||
         (block.has_events() && block.events().events().empty() &&
          block.events().timelines().empty());
}

}  // namespace

// Made once; every test changes a copy.
struct ExportForgeryTest::Original {
  Original() {
    MemoryStore store;
    world.Fill(store);
    ExportOptions options;
    options.now = world.end();
    options.block_bytes = 5000;
    const TempFolder folder;
    EXPECT_TRUE(WriteExport(store, folder / "export", options).ok());
    const auto reader = ExportBlockReader::Open(folder / "export");
    EXPECT_TRUE(reader.ok()) << reader.status();
    for (uint64_t offset = ExportBlockReader::kFirstBlock; offset < reader->size();) {
      offset = *reader->Read(offset, blocks.emplace_back());
    }
  }
  SignedWorld world;
  ForgedBlocks blocks;
};

ExportForgeryTest::Original* ExportForgeryTest::original_ = nullptr;

void ExportForgeryTest::SetUpTestSuite() { original_ = new Original; }

void ExportForgeryTest::TearDownTestSuite() {
  delete original_;
  original_ = nullptr;
}

absl::Time ExportForgeryTest::Hour(int hours) { return kTestNow + absl::Hours(hours); }

const SignedWorld& ExportForgeryTest::World() { return original_->world; }

absl::StatusOr<ExportReport> ExportForgeryTest::ForgeFile(
    const std::function<void(ForgedBlocks&)>& change, bool recount) {
  ForgedBlocks blocks = original_->blocks;
  change(blocks);
  if (recount) Recount(blocks);
  std::ofstream out(folder_ / "forged", std::ios::binary | std::ios::trunc);
  ExportBlockWriter writer([&](absl::string_view bytes) {
    out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    return absl::OkStatus();
  });
  for (const ExportBlock& block : blocks) {
    if (block.content_case() == ExportBlock::CONTENT_NOT_SET || (recount && IsEmpty(block))) {
      continue;
    }
    EXPECT_TRUE(writer.Write(block).ok());
  }
  out.close();
  CheckOptions options;
  options.operator_key = original_->world.operator_key().public_key();
  options.page_records = 50;
  return CheckExport(folder_ / "forged", names_, options);
}

absl::StatusOr<ExportReport> ExportForgeryTest::Forge(
    const std::function<void(ExportBlock&)>& change) {
  return ForgeFile(
      [&](ForgedBlocks& blocks) {
        for (ExportBlock& block : blocks) change(block);
      },
      /*recount=*/false);
}

absl::StatusOr<ExportReport> ExportForgeryTest::ForgeVerdict(
    const std::string& target, absl::Time start,
    const std::function<void(internal::v1::ExportVerdict&)>& change) {
  return ForgeFile([&](ForgedBlocks& blocks) { change(VerdictOf(blocks, target, start)); });
}

absl::StatusOr<ExportReport> ExportForgeryTest::ForgeRecord(
    const std::string& node, uint64_t node_seq,
    const std::function<void(internal::v1::ExportRecord&)>& change) {
  return ForgeFile([&](ForgedBlocks& blocks) { change(RecordOf(blocks, node, node_seq)); });
}

std::vector<std::string> ExportForgeryTest::Kinds(const absl::StatusOr<ExportReport>& report) {
  EXPECT_TRUE(report.ok()) << report.status();
  std::vector<std::string> kinds;
  if (!report.ok()) return kinds;
  for (const internal::v1::AuditProblem& problem : report->audit().problems()) {
    kinds.push_back(ShortName(problem.kind()));
  }
  return kinds;
}

internal::v1::ExportHeader& HeaderOf(ForgedBlocks& blocks) {
  return *blocks.front().mutable_header();
}

internal::v1::ExportPlans& PlansOf(ForgedBlocks& blocks) {
  for (ExportBlock& block : blocks) {
    if (block.has_plans()) return *block.mutable_plans();
  }
  return Missing<internal::v1::ExportPlans>("plans");
}

internal::v1::ExportEvents& EventsOf(ForgedBlocks& blocks) {
  for (ExportBlock& block : blocks) {
    if (block.has_events()) return *block.mutable_events();
  }
  return Missing<internal::v1::ExportEvents>("events");
}

internal::v1::ExportVerdict& VerdictOf(ForgedBlocks& blocks, const std::string& target,
                                       absl::Time start) {
  for (ExportBlock& block : blocks) {
    if (!block.has_verdicts()) continue;
    for (internal::v1::ExportVerdict& row : *block.mutable_verdicts()->mutable_verdicts()) {
      if (row.target_id() == target && row.window_start_ms() == absl::ToUnixMillis(start)) {
        return row;
      }
    }
  }
  return Missing<internal::v1::ExportVerdict>("verdict on " + target);
}

internal::v1::ExportRecord& RecordOf(ForgedBlocks& blocks, const std::string& node,
                                     uint64_t node_seq) {
  for (ExportBlock& block : blocks) {
    if (!block.has_log() || block.log().node() != node) continue;
    for (internal::v1::ExportRecord& row : *block.mutable_log()->mutable_records()) {
      if (row.node_seq() == node_seq) return row;
    }
  }
  return Missing<internal::v1::ExportRecord>("record of " + node);
}

internal::v1::ExportAgent& AgentOf(ForgedBlocks& blocks, const std::string& agent_id) {
  for (ExportBlock& block : blocks) {
    if (!block.has_agents()) continue;
    for (internal::v1::ExportAgent& row : *block.mutable_agents()->mutable_agents()) {
      if (row.agent_id() == agent_id) return row;
    }
  }
  return Missing<internal::v1::ExportAgent>("agent");
}

void DropAgents(ForgedBlocks& blocks,
                const std::function<bool(const internal::v1::ExportAgent&)>& gone) {
  for (ExportBlock& block : blocks) {
    if (block.has_agents()) Drop(*block.mutable_agents()->mutable_agents(), gone);
  }
}

void DropRecords(
    ForgedBlocks& blocks,
    const std::function<bool(const std::string& node, const internal::v1::ExportRecord&)>& gone) {
  for (ExportBlock& block : blocks) {
    if (!block.has_log()) continue;
    const std::string node = block.log().node();
    Drop(*block.mutable_log()->mutable_records(),
         [&](const internal::v1::ExportRecord& row) { return gone(node, row); });
  }
}

void DropVerdicts(ForgedBlocks& blocks,
                  const std::function<bool(const internal::v1::ExportVerdict&)>& gone) {
  for (ExportBlock& block : blocks) {
    if (block.has_verdicts()) Drop(*block.mutable_verdicts()->mutable_verdicts(), gone);
  }
}

void DropTimeline(ForgedBlocks& blocks, const std::string& target) {
  Drop(*EventsOf(blocks).mutable_timelines(),
       [&](const internal::v1::ExportTimeline& row) { return row.target_id() == target; });
}

}  // namespace sightline
