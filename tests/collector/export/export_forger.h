// Files that are whole but say what the log does not.
#ifndef SIGHTLINE_TESTS_COLLECTOR_EXPORT_EXPORT_FORGER_H_
#define SIGHTLINE_TESTS_COLLECTOR_EXPORT_EXPORT_FORGER_H_

#include <gtest/gtest.h>

#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include "collector/export/export_blocks.h"
#include "collector/export/export_check.h"
#include "collector/export/export_writer.h"
#include "common/message.h"
#include "sightline/internal/v1/export.pb.h"
#include "tests/collector/export/signed_world.h"
#include "tests/collector/memory_store.h"
#include "tests/common/temp_folder.h"

namespace sightline {

// Made once; every test changes a copy.
struct OriginalExport {
  OriginalExport() {
    MemoryStore store;
    world.Fill(store);
    ExportOptions options;
    options.now = world.end();
    options.block_bytes = 5000;
    EXPECT_TRUE(WriteExport(store, folder / "export", options).ok());
  }
  TempFolder folder;
  SignedWorld world;
};

class ExportForgeryTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { original_ = new OriginalExport; }
  static void TearDownTestSuite() {
    delete original_;
    original_ = nullptr;
  }

  static absl::Time Hour(int hours) { return kTestNow + absl::Hours(hours); }

  // A file of the same blocks after `change`, with checksums that fit, and what is said of it.
  absl::StatusOr<internal::v1::ExportReport> Forge(
      const std::function<void(internal::v1::ExportBlock&)>& change) {
    const auto reader = ExportBlockReader::Open(original_->folder / "export");
    EXPECT_TRUE(reader.ok()) << reader.status();
    std::ofstream out(folder_ / "forged", std::ios::binary | std::ios::trunc);
    ExportBlockWriter writer([&](absl::string_view bytes) {
      out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
      return absl::OkStatus();
    });
    internal::v1::ExportBlock block;
    for (uint64_t offset = ExportBlockReader::kFirstBlock; offset < reader->size();) {
      offset = *reader->Read(offset, block);
      change(block);
      if (block.content_case() == internal::v1::ExportBlock::CONTENT_NOT_SET) continue;  // left out
      EXPECT_TRUE(writer.Write(block).ok());
    }
    out.close();
    CheckOptions options;
    options.operator_key = original_->world.operator_key().public_key();
    options.page_records = 50;
    return CheckExport(folder_ / "forged", names_, options);
  }

  // Changes one verdict on its way.
  absl::StatusOr<internal::v1::ExportReport> ForgeVerdict(
      const std::string& target, absl::Time start,
      const std::function<void(internal::v1::ExportVerdict&)>& change) {
    bool found = false;
    absl::StatusOr<internal::v1::ExportReport> report =
        Forge([&](internal::v1::ExportBlock& block) {
          if (!block.has_verdicts()) return;
          for (internal::v1::ExportVerdict& row : *block.mutable_verdicts()->mutable_verdicts()) {
            if (row.target_id() != target || row.window_start_ms() != absl::ToUnixMillis(start)) {
              continue;
            }
            change(row);
            found = true;
          }
        });
    EXPECT_TRUE(found);
    return report;
  }

  // Changes what is said of events on its way.
  absl::StatusOr<internal::v1::ExportReport> ForgeEvents(
      const std::function<void(internal::v1::ExportEvents&)>& change) {
    uint64_t count = 0;
    return Forge([&](internal::v1::ExportBlock& block) {
      if (block.has_end()) block.mutable_end()->set_events(count);
      if (!block.has_events()) return;
      if (block.events().events_size() > 0) change(*block.mutable_events());
      count += static_cast<uint64_t>(block.events().events_size());
    });
  }

  // Changes one record on its way.
  absl::StatusOr<internal::v1::ExportReport> ForgeRecord(
      const std::string& node, uint64_t node_seq,
      const std::function<void(internal::v1::ExportRecord&)>& change) {
    bool found = false;
    absl::StatusOr<internal::v1::ExportReport> report =
        Forge([&](internal::v1::ExportBlock& block) {
          if (!block.has_log() || block.log().node() != node) return;
          for (internal::v1::ExportRecord& row : *block.mutable_log()->mutable_records()) {
            if (row.node_seq() != node_seq) continue;
            change(row);
            found = true;
          }
        });
    EXPECT_TRUE(found);
    return report;
  }

  static std::vector<std::string> Kinds(const absl::StatusOr<internal::v1::ExportReport>& report) {
    EXPECT_TRUE(report.ok()) << report.status();
    std::vector<std::string> kinds;
    if (!report.ok()) return kinds;
    for (const internal::v1::AuditProblem& problem : report->audit().problems()) {
      kinds.push_back(ShortName(problem.kind()));
    }
    return kinds;
  }

  static inline OriginalExport* original_ = nullptr;
  const RegionNames names_ = *RegionNames::Load();
  TempFolder folder_;
};

}  // namespace sightline

#endif  // SIGHTLINE_TESTS_COLLECTOR_EXPORT_EXPORT_FORGER_H_
