// A file with checksums that fit and rows that somebody changed, and what is said of it.
#ifndef SIGHTLINE_TESTS_COLLECTOR_EXPORT_FORGERY_FIXTURE_H_
#define SIGHTLINE_TESTS_COLLECTOR_EXPORT_FORGERY_FIXTURE_H_

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "collector/export/export_check.h"
#include "sightline/internal/v1/export.pb.h"
#include "tests/collector/export/signed_world.h"
#include "tests/common/temp_folder.h"

namespace sightline {

using internal::v1::ExportBlock;
using internal::v1::ExportReport;
using ForgedBlocks = std::vector<ExportBlock>;

// The file: 14 windows of an hour from kTestNow on, whatsapp open in CN-BJ from hour 6 on; two
// nodes.
class ExportForgeryTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite();
  static void TearDownTestSuite();

  static absl::Time Hour(int hours);
  static const SignedWorld& World();

  // A file of the same blocks after `change`, and what is said of it. Blocks without content are
  // left out. With `recount` those without rows too, and the end says what the file holds then.
  absl::StatusOr<ExportReport> ForgeFile(const std::function<void(ForgedBlocks&)>& change,
                                         bool recount = true);
  // Block by block, without a new count.
  absl::StatusOr<ExportReport> Forge(const std::function<void(ExportBlock&)>& change);
  // Changes one verdict, or one record, on its way.
  absl::StatusOr<ExportReport> ForgeVerdict(
      const std::string& target, absl::Time start,
      const std::function<void(internal::v1::ExportVerdict&)>& change);
  absl::StatusOr<ExportReport> ForgeRecord(
      const std::string& node, uint64_t node_seq,
      const std::function<void(internal::v1::ExportRecord&)>& change);

  // Of everything that is wrong, in the order of the report.
  static std::vector<std::string> Kinds(const absl::StatusOr<ExportReport>& report);

 private:
  struct Original;
  static Original* original_;
  const RegionNames names_ = *RegionNames::Load();
  TempFolder folder_;
};

// Rows of the file. Each is there, or the test fails and a row of its own is returned.
internal::v1::ExportHeader& HeaderOf(ForgedBlocks& blocks);
internal::v1::ExportPlans& PlansOf(ForgedBlocks& blocks);
// Of the country; the one block that holds all.
internal::v1::ExportEvents& EventsOf(ForgedBlocks& blocks);
internal::v1::ExportVerdict& VerdictOf(ForgedBlocks& blocks, const std::string& target,
                                       absl::Time start);
internal::v1::ExportRecord& RecordOf(ForgedBlocks& blocks, const std::string& node,
                                     uint64_t node_seq);
internal::v1::ExportAgent& AgentOf(ForgedBlocks& blocks, const std::string& agent_id);

// Take away the rows that `gone` is true of.
void DropAgents(ForgedBlocks& blocks,
                const std::function<bool(const internal::v1::ExportAgent&)>& gone);
void DropRecords(
    ForgedBlocks& blocks,
    const std::function<bool(const std::string& node, const internal::v1::ExportRecord&)>& gone);
void DropVerdicts(ForgedBlocks& blocks,
                  const std::function<bool(const internal::v1::ExportVerdict&)>& gone);

void DropTimeline(ForgedBlocks& blocks, const std::string& target);

}  // namespace sightline

#endif  // SIGHTLINE_TESTS_COLLECTOR_EXPORT_FORGERY_FIXTURE_H_
