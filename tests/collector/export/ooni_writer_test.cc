// OONI lines of stores.
#include "collector/export/ooni_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <map>

#include "absl/strings/escaping.h"
#include "collector/export/export_store.h"
#include "collector/export/export_writer.h"
#include "common/plan.h"
#include "common/wire.h"
#include "tests/collector/export/ooni_schema.h"
#include "tests/collector/export/signed_world.h"
#include "tests/collector/memory_store.h"
#include "tests/common/temp_folder.h"

namespace sightline {
namespace {

namespace json = boost::json;
using ::testing::ElementsAre;

std::string TextAt(const json::object& line, const char* key) {
  return std::string(line.at(key).as_string());
}
std::string Annotation(const json::object& line, const char* key) {
  return TextAt(line.at("annotations").as_object(), key);
}

class OoniWriterTest : public ::testing::Test {
 protected:
  // Runs it and parses every line.
  void Write(StoreReader& store, const OoniOptions& options) {
    text_.clear();
    lines_.clear();
    const auto counts = WriteOoniLines(store, options, [&](absl::string_view line) {
      text_.append(line.data(), line.size());
      EXPECT_EQ(line.back(), '\n');
      EXPECT_EQ(line.find('\n'), line.size() - 1);
      line.remove_suffix(1);
      if (lines_.size() % 10 == 0) {
        EXPECT_EQ(OoniComplaints(line), "");
      }
      lines_.push_back(json::parse({line.data(), line.size()}).as_object());
      return absl::OkStatus();
    });
    ASSERT_TRUE(counts.ok()) << counts.status();
    counts_ = *counts;
    EXPECT_EQ(counts_.lines, lines_.size());
  }

  std::string text_;
  std::vector<json::object> lines_;
  OoniCounts counts_;
};

// A store on the disk with 44 rounds of 11 agents in the logs of two nodes, five checks each.
class OoniWorldTest : public OoniWriterTest {
 protected:
  OoniWorldTest() : world_({.agents_each = 4, .windows = 4, .opening = 2}) {
    store_ = *OpenStore("sqlite:" + folder_ / "store.db");
    world_.Append(*store_);
  }

  TempFolder folder_;
  SignedWorld world_;
  std::unique_ptr<Store> store_;
};

TEST_F(OoniWorldTest, EveryObservationIsALine) {
  Write(*store_, {});
  EXPECT_EQ(counts_.records, 44u);
  EXPECT_EQ(counts_.rounds, 44u);
  EXPECT_EQ(lines_.size(), 220u);
  std::map<std::string, int> open;  // of whatsapp, by region and hour
  for (const json::object& line : lines_) {
    if (Annotation(line, "sightline_target") != "whatsapp") continue;
    const json::object& keys = line.at("test_keys").as_object();
    EXPECT_EQ(TextAt(line, "input"), "https://web.whatsapp.com/");
    EXPECT_EQ(TextAt(line, "test_name"), "urlgetter");
    if (keys.at("failure").is_null()) {
      ++open[Annotation(line, "sightline_region") + TextAt(line, "measurement_start_time")];
    } else {
      EXPECT_EQ(TextAt(keys, "failure"), "generic_timeout_error");
    }
  }
  EXPECT_EQ(open["CN-BJ2024-04-06 01:20:00"], 0);
  EXPECT_EQ(open["CN-BJ2024-04-06 02:20:00"], 4);
  EXPECT_EQ(open["CN-SH2024-04-06 02:20:00"], 0);
  EXPECT_EQ(open["DE2024-04-06 00:20:00"], 3);
}

TEST_F(OoniWorldTest, ALineLeadsToItsSignedBatch) {
  Write(*store_, {});
  std::set<std::string> known;
  for (const std::string node : {"n1", "n2"}) {
    const auto log = store_->ReadLog(node, 0, 100);
    for (const LogRecord& record : *log) {
      known.insert(absl::BytesToHexString(Sha256(record.batch)));
    }
  }
  EXPECT_EQ(known.size(), 44u);
  for (const json::object& line : lines_) {
    EXPECT_TRUE(known.contains(Annotation(line, "sightline_batch_sha256")));
    EXPECT_FALSE(line.at("annotations").as_object().contains("sightline_agent"));
  }
  for (const auto& agent : world_.agents()) {
    EXPECT_EQ(text_.find(absl::BytesToHexString(agent->Record().agent_id)), std::string::npos);
  }
  Write(*store_, {.agents = true});
  for (const auto& agent : world_.agents()) {
    EXPECT_NE(text_.find(absl::BytesToHexString(agent->Record().agent_id)), std::string::npos);
  }
}

TEST_F(OoniWorldTest, CountryAndTimesChoose) {
  Write(*store_, {.country = "CN"});
  EXPECT_EQ(lines_.size(), 160u);
  Write(*store_, {.country = "DE"});
  EXPECT_EQ(lines_.size(), 60u);
  Write(*store_, {.country = "C"});
  EXPECT_EQ(lines_.size(), 0u);
  const absl::Time second = kTestNow + absl::Hours(1) + absl::Minutes(20);
  Write(*store_, {.from = second, .until = second + absl::Hours(2)});
  std::set<std::string> times;
  for (const json::object& line : lines_) times.insert(TextAt(line, "measurement_start_time"));
  EXPECT_THAT(times, ElementsAre("2024-04-06 01:20:00", "2024-04-06 02:20:00"));
}

TEST_F(OoniWorldTest, AnExportGivesTheSameLinesAsItsStoreAndSoDoSmallPages) {
  Write(*store_, {});
  const std::string from_store = text_;
  Write(*store_, {.page_records = 1});
  EXPECT_EQ(text_, from_store);
  ExportOptions made;
  made.now = world_.end();
  ASSERT_TRUE(WriteExport(*store_, folder_ / "export", made).ok());
  const auto file = ExportStore::Open(folder_ / "export", nullptr);
  ASSERT_TRUE(file.ok()) << file.status();
  Write(**file, {});
  EXPECT_EQ(text_, from_store);
}

TEST_F(OoniWorldTest, TheSinksErrorEndsIt) {
  int calls = 0;
  const auto counts = WriteOoniLines(*store_, {}, [&](absl::string_view) {
    ++calls;
    return absl::ResourceExhaustedError("the disk is full");
  });
  EXPECT_EQ(counts.status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(calls, 1);
}

// One agent whose later rounds say "as before".
class OoniDetailTest : public OoniWriterTest {
 protected:
  OoniDetailTest() {
    EXPECT_TRUE(store_.AddPlan(1, SignPlan(TestPlan(1), SigningKey::Generate())).ok());
    store_.AddAgent(agent_.Record());
  }

  // `of`: 0 for detail of its own.
  void Append(const std::string& node, absl::Time round_time, uint64_t of, uint64_t plan = 1) {
    v1::Batch batch = agent_.NextBatch(round_time);
    batch.set_plan_version(plan);
    v1::Observation& observation = *batch.mutable_observations(0);
    observation.mutable_layers()->set_dns(v1::LAYER_STATE_OK);
    observation.mutable_layers()->set_tcp(v1::LAYER_STATE_OK);
    if (of == 0) {
      v1::Attempt& attempt = *observation.add_attempts();
      attempt.set_address("157.240.15.60");
      attempt.set_port(443);
      attempt.set_connect_us(1000);
    } else {
      observation.set_detail_unchanged(true);
      observation.set_detail_batch_seq(of);
    }
    const v1::SignedBatch sealed = agent_.Seal(batch);
    LogRecord record;
    record.agent_id = batch.agent_id();
    record.first_seq = record.batch_seq = batch.batch_seq();
    record.prev_hash = batch.prev_hash();
    record.chain_hash = ChainHash(sealed, batch);
    record.round_time = round_time;
    record.receive_time = round_time + absl::Seconds(3);
    record.batch = sealed.batch();
    record.signature = sealed.signature();
    const auto appended = store_.Append(node, {record});
    ASSERT_TRUE(appended.ok()) << appended.status();
    ASSERT_EQ(appended->outcomes[0], AppendOutcome::kAppended);
  }
  // What each line's detail is, and how many connects it has.
  std::vector<std::string> Details() const {
    std::vector<std::string> details;
    for (const json::object& line : lines_) {
      const size_t connects = line.at("test_keys").as_object().at("tcp_connect").as_array().size();
      details.push_back(Annotation(line, "sightline_detail") + " " + std::to_string(connects));
    }
    return details;
  }

  MemoryStore store_;
  TestAgent agent_;
};

TEST_F(OoniDetailTest, EarlierDetailIsFoundInTheLogOfAnotherNode) {
  Append("n2", kTestNow, 0);
  Append("n1", kTestNow + absl::Minutes(10), 1);
  Append("n2", kTestNow + absl::Minutes(20), 1);
  Write(store_, {});
  EXPECT_THAT(Details(), ElementsAre("own 1", "repeated 1", "repeated 1"));
  EXPECT_EQ(counts_.repeated, 2u);
  EXPECT_EQ(counts_.missing, 0u);
}

TEST_F(OoniDetailTest, EarlierDetailIsFoundBeforeTheTimeThatIsAskedFor) {
  Append("n1", kTestNow, 0);
  Append("n1", kTestNow + absl::Hours(5), 1);
  Write(store_, {.from = kTestNow + absl::Hours(1)});
  EXPECT_THAT(Details(), ElementsAre("repeated 1"));
}

TEST_F(OoniDetailTest, WhatIsNotAtHandIsSaidAndCounted) {
  Append("n1", kTestNow, 0);
  Append("n1", kTestNow + absl::Minutes(10), 1);
  Write(store_, {.agents = true, .detail_bytes_max = 0});
  EXPECT_THAT(Details(), ElementsAre("own 1", "missing 0"));
  EXPECT_EQ(counts_.missing, 1u);
  EXPECT_EQ(Annotation(lines_[1], "sightline_detail_batch_seq"), "1");
}

TEST_F(OoniDetailTest, ARoundByAnUnknownPlanIsLeftOutAndCounted) {
  Append("n1", kTestNow, 0, 9);
  Write(store_, {});
  EXPECT_TRUE(lines_.empty());
  EXPECT_EQ(counts_.unknown_plan, 1u);
  EXPECT_EQ(counts_.records, 1u);
}

TEST_F(OoniDetailTest, ErrorsOfTheStoreAreReturned) {
  Append("n1", kTestNow, 0);
  store_.FailWith(absl::UnavailableError("away"));
  const auto counts =
      WriteOoniLines(store_, {}, [](absl::string_view) { return absl::OkStatus(); });
  EXPECT_EQ(counts.status().code(), absl::StatusCode::kUnavailable);
}

}  // namespace
}  // namespace sightline
