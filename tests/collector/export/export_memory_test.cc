// However large the store and the file are, little of them is in memory at once.
#include <gtest/gtest.h>

#include <algorithm>

#include "collector/export/export_blocks.h"
#include "collector/export/export_check.h"
#include "collector/export/export_store.h"
#include "collector/export/export_writer.h"
#include "collector/export/ooni_writer.h"
#include "common/crypto.h"
#include "common/files.h"
#include "common/plan.h"
#include "common/wire.h"
#include "tests/collector/export/counted_memory.h"
#include "tests/collector/memory_store.h"
#include "tests/collector/test_agent.h"
#include "tests/common/temp_folder.h"

namespace sightline {
namespace {

constexpr size_t kPage = 64;
constexpr int64_t kMiB = 1024 * 1024;

// A store whose log is made while it is read: one agent, a batch of 10 KB every minute. Counts
// what it hands out.
class EndlessStore : public MemoryStore {
 public:
  explicit EndlessStore(uint64_t records) : records_(records) {
    EXPECT_TRUE(AddPlan(1, SignPlan(TestPlan(1), operator_key_)).ok());
  }

  absl::StatusOr<std::vector<std::string>> ListNodes() override {
    return std::vector<std::string>{"n1"};
  }
  absl::StatusOr<uint64_t> SeekLog(absl::string_view, absl::Time) override { return records_; }
  absl::StatusOr<std::vector<AgentRecord>> ListAgents(absl::string_view after,
                                                      size_t /*limit*/) override {
    if (!after.empty()) return std::vector<AgentRecord>();
    AgentRecord agent = agent_.Record();
    agent.last_seq = records_;  // whose hash is not known before the log is read
    return std::vector<AgentRecord>{agent};
  }
  absl::StatusOr<std::vector<LogRecord>> ReadLog(absl::string_view, uint64_t after,
                                                 size_t limit) override {
    EXPECT_LE(limit, kPage);
    EXPECT_EQ(after, agent_.seq()) << "every record is read once, in its order";
    std::vector<LogRecord> page;
    while (page.size() < limit && agent_.seq() < records_) page.push_back(Next());
    handed_out_ += page.size();
    return page;
  }

  uint64_t handed_out() const { return handed_out_; }

 private:
  LogRecord Next() {
    v1::Batch batch = agent_.NextBatch(kTestNow + absl::Minutes(1) * agent_.seq());
    for (int i = 0; i < 40; ++i) {
      v1::Observation& observation = *batch.add_observations();
      observation.set_check_id("weibo-web");
      observation.mutable_layers()->set_dns(v1::LAYER_STATE_OK);
      observation.add_redirects()->set_location(std::string(250, 'x'));
    }
    const v1::SignedBatch sealed = agent_.Seal(batch);
    LogRecord record;
    record.node = "n1";
    record.node_seq = batch.batch_seq();
    record.agent_id = batch.agent_id();
    record.receive_time = absl::FromUnixMillis(batch.round_time_ms());
    record.batch = sealed.batch();
    record.signature = sealed.signature();
    return record;
  }

  const uint64_t records_;
  const SigningKey operator_key_ = SigningKey::Generate();
  TestAgent agent_;
  uint64_t handed_out_ = 0;
};

TEST(ExportMemoryTest, APageAndABlockAtATimeAreInMemory) {
  constexpr uint64_t kRecords = 4000;
  const RegionNames names = *RegionNames::Load();
  const TempFolder folder;
  EndlessStore store(kRecords);
  ExportOptions options;
  options.now = kTestNow;
  options.page_records = kPage;

  ForgetPeak();
  const auto written = WriteExport(store, folder / "export", options);
  ASSERT_TRUE(written.ok()) << written.status();
  EXPECT_EQ(store.handed_out(), kRecords);
  ASSERT_GT(written->bytes, 40 * kMiB);
  EXPECT_LT(PeakBytes(), 4 * kMiB);

  ForgetPeak();
  const auto read = ExportStore::Open(folder / "export", nullptr);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_LT(PeakBytes(), 2 * kMiB);

  ForgetPeak();
  CheckOptions check;
  check.page_records = kPage;
  const auto report = CheckExport(folder / "export", names, check);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->audit().records(), kRecords);
  // The end of the chain, which this registry does not know.
  EXPECT_EQ(report->audit().problems_total(), 1u) << ToText(*report);
  EXPECT_LT(PeakBytes(), 8 * kMiB);
}

TEST(ExportMemoryTest, APageAndSomeDetailAreInMemoryWhileOoniLinesAreWritten) {
  constexpr uint64_t kRecords = 1000;
  EndlessStore store(kRecords);
  OoniOptions options;
  options.page_records = kPage;
  options.detail_bytes_max = 1 * kMiB;
  uint64_t bytes = 0;
  ForgetPeak();
  const auto counts = WriteOoniLines(store, options, [&](absl::string_view line) {
    bytes += line.size();
    return absl::OkStatus();
  });
  ASSERT_TRUE(counts.ok()) << counts.status();
  EXPECT_EQ(counts->lines, 40 * kRecords);
  EXPECT_GT(bytes, 40 * kMiB);
  EXPECT_LT(PeakBytes(), 5 * kMiB);
}

TEST(ExportMemoryTest, ABlockOfShortRowsIsRefusedBeforeItIsParsed) {
  // As many empty rows as fit into a block: each would take forty times its bytes.
  std::string rows;
  for (size_t i = 0; i < 5 * kMiB; ++i) rows.append("\x12\x00", 2);
  std::string message = "\x2a";  // ExportBlock.verdicts
  for (size_t length = rows.size(); length > 0; length >>= 7) {
    message.push_back(static_cast<char>((length & 0x7f) | (length >> 7 > 0 ? 0x80 : 0)));
  }
  message += rows;
  std::string bytes(kExportMagic);
  for (int i = 0; i < 4; ++i) bytes.push_back(static_cast<char>(message.size() >> (8 * i)));
  bytes += message;
  bytes += Sha256(bytes);
  const TempFolder folder;
  ASSERT_TRUE(SystemFiles().WriteAtomically(folder / "export", bytes, 0600).ok());
  ForgetPeak();
  const absl::Status status = ExportStore::Open(folder / "export", nullptr).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_NE(status.message().find("it has more than 65536 rows"), absl::string_view::npos)
      << status;
  EXPECT_LT(PeakBytes(), 3 * static_cast<int64_t>(bytes.size()));
}

TEST(ExportMemoryTest, TheCountSeesWhatIsTaken) {
  ForgetPeak();
  { const std::string large(3 * kMiB, 'x'); }
  EXPECT_GE(PeakBytes(), 3 * kMiB);
  EXPECT_LT(PeakBytes(), 4 * kMiB);
}

}  // namespace
}  // namespace sightline
