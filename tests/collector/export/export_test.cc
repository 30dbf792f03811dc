// From a store to a file and back.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "collector/export/export_check.h"
#include "collector/export/export_store.h"
#include "collector/export/export_writer.h"
#include "collector/store/snapshot.h"
#include "common/files.h"
#include "tests/collector/export/signed_world.h"
#include "tests/collector/memory_store.h"
#include "tests/common/temp_folder.h"

namespace sightline {
namespace {

using ::testing::HasSubstr;

template <typename T>
T Value(absl::StatusOr<T> value) {
  EXPECT_TRUE(value.ok()) << value.status();
  return value.ok() ? *std::move(value) : T();
}

std::string TextOf(const AgentRecord& a) {
  return absl::StrCat("agent ", a.agent_id, a.public_key, a.role, a.region, " ",
                      absl::ToUnixMillis(a.enroll_time), a.end, absl::ToUnixMillis(a.end_time),
                      a.key_generation, a.equivocated, " ", a.last_seq, " ", a.head, "\n");
}

std::string TextOf(const LogRecord& r) {
  return absl::StrCat("record ", r.node, " ", r.node_seq, " ", r.agent_id, " ", r.first_seq, " ",
                      r.batch_seq, " ", r.prev_hash, r.chain_hash, absl::ToUnixMillis(r.round_time),
                      " ", absl::ToUnixMillis(r.receive_time), r.country, r.asn, " ", r.bucket,
                      r.batch, r.signature, "\n");
}

std::string TextOf(const VerdictRecord& v) {
  return absl::StrCat("verdict ", v.target_id, v.country, absl::ToUnixMillis(v.window_start), " ",
                      absl::ToInt64Milliseconds(v.window_length), " ", v.ruleset_version, " ",
                      v.verdict, " ", v.cells, "\n");
}

std::string TextOf(const EventRecord& e) {
  return absl::StrCat("event ", e.event_id, " ", e.target_id, e.country, absl::FormatTime(e.onset),
                      absl::FormatTime(e.end), e.event, "\n");
}

std::string TextOf(const TimelineRecord& t) {
  return absl::StrCat("timeline ", t.target_id, " ", t.country, absl::ToUnixMillis(t.window_start),
                      " ", t.timeline, "\n");
}

// Everything that the store tells, read in pages of `page`.
std::string Everything(StoreReader& store, size_t page) {
  std::string all = absl::StrCat("first day ", Value(store.FirstDay()), "\n");
  std::string after_agent;
  for (size_t got = page; got == page;) {
    const std::vector<AgentRecord> agents = Value(store.ListAgents(after_agent, page));
    got = agents.size();
    for (const AgentRecord& agent : agents) {
      after_agent = agent.agent_id;
      absl::StrAppend(&all, TextOf(agent), TextOf(Value(store.FindAgent(agent.agent_id))));
    }
  }
  for (const v1::SignedPlan& plan : Value(store.ListPlans())) all += plan.SerializeAsString();
  for (const std::string& node : Value(store.ListNodes())) {
    absl::StrAppend(&all, "end ", Value(store.SeekLog(node, absl::InfiniteFuture())), " ",
                    Value(store.SeekLog(node, kTestNow + absl::Hours(3))), "\n");
    uint64_t after = 0;
    for (size_t got = page; got == page;) {
      const std::vector<LogRecord> records = Value(store.ReadLog(node, after, page));
      got = records.size();
      for (const LogRecord& record : records) {
        after = record.node_seq;
        all += TextOf(record);
      }
    }
  }
  for (const auto& [node, seq] : Value(store.ReadCheckpoint()).positions) {
    absl::StrAppend(&all, "folded ", node, " ", seq, "\n");
  }
  const std::vector<absl::Time> times = {absl::InfinitePast(), kTestNow, kTestNow + absl::Hours(1),
                                         kTestNow + absl::Hours(7) + absl::Milliseconds(1),
                                         absl::InfiniteFuture()};
  for (size_t i = 0; i + 1 < times.size(); ++i) {
    for (const VerdictRecord& v : Value(store.ReadVerdicts("CN", times[i], times[i + 1]))) {
      all += TextOf(v);
    }
    for (const VerdictRecord& v : Value(store.ReadCells("CN", times[i], times[i + 1]))) {
      all += TextOf(v);
    }
    for (const EventRecord& e : Value(store.ReadEvents("CN", times[i], times[i + 1]))) {
      all += TextOf(e);
    }
  }
  for (const TimelineRecord& t : Value(store.ReadTimelines("CN"))) all += TextOf(t);
  for (const char* country : {"CN", "IR"}) {
    for (const auto& time :
         {Value(store.OldestVerdict(country)), Value(store.NewestVerdict(country))}) {
      absl::StrAppend(&all, country, " ", time.has_value() ? absl::FormatTime(*time) : "none",
                      "\n");
    }
  }
  return all;
}

class ExportTest : public ::testing::Test {
 protected:
  ExportOptions Options(size_t block_bytes, size_t page_records) const {
    ExportOptions options;
    options.now = world_.end();
    options.block_bytes = block_bytes;
    options.page_records = page_records;
    return options;
  }

  // The same store read through the file, whatever the sizes of blocks and pages.
  void ExpectRoundTrip(StoreReader& store) {
    const std::string everything = Everything(store, 1000);
    int file = 0;
    for (const size_t block_bytes : {size_t{1}, size_t{3000}, size_t{256} * 1024}) {
      const std::string path = folder_ / absl::StrCat("export", ++file);
      const auto written = WriteExport(store, path, Options(block_bytes, 7));
      ASSERT_TRUE(written.ok()) << written.status();
      const auto read = ExportStore::Open(path, nullptr);
      ASSERT_TRUE(read.ok()) << read.status();
      for (const size_t page : {size_t{1}, size_t{7}, size_t{1000}}) {
        // Without showing the difference, which is binary and long.
        EXPECT_TRUE(Everything(**read, page) == everything) << block_bytes << " " << page;
      }
      EXPECT_EQ(Value((*read)->Fingerprint()), written->fingerprint);
      EXPECT_EQ((*read)->bytes(), written->bytes);
      EXPECT_EQ((*read)->counts().SerializeAsString(), written->counts.SerializeAsString());
      ExpectFits(path);
    }
    EXPECT_THAT(everything, HasSubstr("event whatsapp.CN-BJ.opening."));
  }

  void ExpectFits(const std::string& path) {
    CheckOptions options;
    options.operator_key = world_.operator_key().public_key();
    const auto report = CheckExport(path, names_, options);
    ASSERT_TRUE(report.ok()) << report.status();
    EXPECT_EQ(report->audit().problems_total(), 0u) << ToText(*report);
    EXPECT_EQ(report->audit().records(), report->end().records());
    EXPECT_EQ(report->audit().agents(), world_.agents().size());
    EXPECT_EQ(report->audit().verdicts_compared(), report->end().verdicts());
    EXPECT_GT(report->audit().cells_compared(), 0u);
    EXPECT_THAT(ToText(*report), HasSubstr("\neverything fits\n"));
  }

  const RegionNames names_ = *RegionNames::Load();
  TempFolder folder_;
  SignedWorld world_;
};

TEST_F(ExportTest, WhatAMemoryStoreHoldsIsInTheFile) {
  MemoryStore store;
  world_.Fill(store);
  ExpectRoundTrip(store);
}

TEST_F(ExportTest, WhatASqliteStoreHoldsIsInTheFileWhileItIsInUse) {
  const std::string url = "sqlite:" + folder_ / "store.db";
  const auto store = OpenStore(url);
  ASSERT_TRUE(store.ok()) << store.status();
  world_.Fill(**store);
  const absl::Status status = WithSnapshot(url, [&](StoreReader& snapshot) {
    ExpectRoundTrip(snapshot);
    return absl::OkStatus();
  });
  EXPECT_TRUE(status.ok()) << status;
}

TEST_F(ExportTest, TheFileIsItsOwnersAndOthersAreLeftAlone) {
  MemoryStore store;
  world_.Append(store);
  const std::string path = folder_ / "export";
  ASSERT_TRUE(WriteExport(store, path, Options(1000, 10)).ok());
  struct stat info = {};
  ASSERT_EQ(stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  const std::string before = Value(SystemFiles().Read(path));
  EXPECT_EQ(WriteExport(store, path, Options(1000, 10)).status().code(),
            absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(Value(SystemFiles().Read(path)), before);
}

TEST_F(ExportTest, AnExportThatFailsLeavesNothing) {
  MemoryStore store;
  world_.Append(store);
  ExportOptions options = Options(1000, 10);
  // When half of the log is written.
  options.progress = [&](uint64_t done, uint64_t total) {
    if (2 * done > total) store.FailWith(absl::UnavailableError("gone"));
  };
  EXPECT_EQ(WriteExport(store, folder_ / "export", options).status().code(),
            absl::StatusCode::kUnavailable);
  EXPECT_TRUE(std::filesystem::is_empty(folder_.path()));
}

TEST_F(ExportTest, NothingButWhatIsNeededIsInIt) {
  MemoryStore store;
  world_.Fill(store);
  const std::string key = Value(store.BucketKey(19819));
  ASSERT_TRUE(WriteExport(store, folder_ / "export", Options(1000, 10)).ok());
  const std::string bytes = Value(SystemFiles().Read(folder_ / "export"));
  EXPECT_EQ(bytes.find(key), std::string::npos);
  for (const auto& agent : world_.agents()) {
    EXPECT_EQ(bytes.find(Sha256(agent->key().public_key().Id())), std::string::npos) << "an invite";
  }
}

// When it fails, the format has changed and export_seeds.cc has to run again: else the fuzzer would
// begin with files that nothing is read of.
TEST_F(ExportTest, WhatTheFuzzerBeginsWithIsReadToItsEnd) {
  const std::string folder = std::string(SIGHTLINE_SEEDS) + "/";
  for (const char* name : {"opening", "one_window", "not_judged", "empty"}) {
    const auto report = CheckExport(folder + name, names_, CheckOptions());
    ASSERT_TRUE(report.ok()) << name << ": " << report.status();
    EXPECT_EQ(report->audit().records(), report->end().records()) << name;
    EXPECT_EQ(report->audit().verdicts_compared() + report->audit().verdicts_other_rules(),
              report->end().verdicts())
        << name;
    EXPECT_LT(report->bytes(), 65536u) << name << ": tests/fuzz/run cuts what is longer";
  }
  const auto report = CheckExport(folder + "opening", names_, CheckOptions());
  EXPECT_EQ(report->end().events(), 1u);
  EXPECT_GT(report->audit().events_compared() + report->audit().events_other_rules(), 0u);
}

TEST_F(ExportTest, AnEmptyStoreGivesAFileThatFits) {
  MemoryStore store;
  ASSERT_TRUE(WriteExport(store, folder_ / "export", Options(1000, 10)).ok());
  const auto report = CheckExport(folder_ / "export", names_, CheckOptions());
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->audit().problems_total(), 0u);
  EXPECT_EQ(report->audit().result(), internal::v1::AUDIT_RESULT_FITS);
}

TEST_F(ExportTest, DroppedDaysExplainTheirHoles) {
  MemoryStore store;
  world_.Fill(store);
  ASSERT_TRUE(store.DropDaysBefore(absl::ToUnixSeconds(kTestNow) / 86400 + 1).ok());
  ASSERT_TRUE(WriteExport(store, folder_ / "export", Options(1000, 10)).ok());
  const auto report = CheckExport(folder_ / "export", names_, CheckOptions());
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->audit().problems_total(), 0u) << ToText(*report);
  EXPECT_EQ(report->audit().records(), 0u);
  EXPECT_EQ(report->audit().verdicts_dropped(), report->end().verdicts());
  EXPECT_EQ(report->audit().result(), internal::v1::AUDIT_RESULT_PARTIAL);
  EXPECT_THAT(ToText(*report), HasSubstr(" holes in the log, of days that were dropped; "));
}

}  // namespace
}  // namespace sightline
