// Votes by place and window as CSV: what is in it, and what must never be.
#include "collector/export/cells_csv.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "collector/export/csv_row.h"
#include "collector/verdict/posterior.h"
#include "common/message.h"
#include "tests/collector/export/signed_world.h"
#include "tests/collector/store/private_postgres.h"
#include "tests/common/temp_folder.h"

namespace sightline {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST(CsvRowTest, FieldsAreQuotedWhereTheyMustBe) {
  std::string csv;
  AddCsvRow({"plain", "", "a,b", "say \"no\"", "two\r\nlines", " space "}, csv);
  EXPECT_EQ(csv, "plain,,\"a,b\",\"say \"\"no\"\"\",\"two\r\nlines\", space \r\n");
}

TEST(CellsRowsTest, PlacesOfAVerdictAreRowsAndEmptyOnesAreNot) {
  v1::TargetVerdict verdict;
  ASSERT_TRUE(ParseText(R"(
    target_id: "whatsapp" service_state: SERVICE_STATE_UP
    regions {
      region: "CN-BJ"
      access {
        state: ACCESS_STATE_PARTIAL buckets_open: 7 buckets_blocked: 5 rate_mean: 0.5
        rate_low: 0.25 rate_high: 0.75 flip_cost: 3 state_probability: 0.9
        blocked_layer: "tls" blocked_failure: "odd, \"word\"" buckets_bypassing: 4
      }
      networks { asn: 4134 access { state: ACCESS_STATE_OPEN buckets_open: 7 } }
    }
    regions { region: "CN-GD" access { state: ACCESS_STATE_UNKNOWN rate_mean: 0.5 } }
    regions { region: "CN-SH" access { state: ACCESS_STATE_DOWN } }
    networks { asn: 4837 access { state: ACCESS_STATE_BLOCKED buckets_blocked: 5 } })",
                        &verdict)
                  .ok());
  const VerdictRecord record = {
      "whatsapp", "CN", kTestNow, absl::Hours(1), "2", verdict.SerializeAsString(), "no cells"};
  uint64_t rows = 0;
  const auto csv = CellsRows(record, rows);
  ASSERT_TRUE(csv.ok()) << csv.status();
  const std::string at = "whatsapp,2024-04-06T00:00:00+00:00,3600,";
  EXPECT_EQ(*csv, "CN,,4837," + at + "BLOCKED,0,5,0,0,0,0,0,,,0,0,UP,2\r\n" +  //
                      "CN,CN-BJ,," + at +
                      "PARTIAL,7,5,0.5,0.25,0.75,0.9,3,tls,\"odd, \"\"word\"\"\",4,0,UP,2\r\n" +  //
                      "CN,CN-BJ,4134," + at + "OPEN,7,0,0,0,0,0,0,,,0,0,UP,2\r\n" +               //
                      "CN,CN-SH,," + at + "DOWN,0,0,0,0,0,0,0,,,0,0,UP,2\r\n");
  EXPECT_EQ(rows, 4u);
}

TEST(CellsRowsTest, WhatIsNoVerdictIsNamed) {
  uint64_t rows = 0;
  const VerdictRecord record = {"whatsapp", "CN", kTestNow, absl::Hours(1), "2", "\x01", ""};
  const absl::Status status = CellsRows(record, rows).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("the verdict on whatsapp in CN at 2024-04-06T00:00:00+00:00"));
}

// A row by its columns.
using Row = std::map<std::string, std::string>;

class CellsStoreTest : public ::testing::TestWithParam<bool> {
 protected:
  CellsStoreTest() : world_({.agents_each = 7, .windows = 4, .opening = 2}) {
    if (GetParam()) server_ = std::make_unique<PrivatePostgres>();
    store_ = *OpenStore(GetParam() ? server_->NewDatabase() : "sqlite:" + folder_ / "store.db");
    world_.Fill(*store_);
  }

  absl::StatusOr<std::string> Write(const CellsOptions& options) {
    std::string csv;
    const auto counts = WriteCellsCsv(*store_, options, [&](absl::string_view rows) {
      csv.append(rows.data(), rows.size());
      return absl::OkStatus();
    });
    if (!counts.ok()) return counts.status();
    counts_ = *counts;
    return csv;
  }
  // None of these has a quoted field.
  static std::vector<Row> Parse(const std::string& csv) {
    std::vector<Row> rows;
    std::vector<std::string> head;
    for (const absl::string_view line : absl::StrSplit(csv, "\r\n", absl::SkipEmpty())) {
      const std::vector<std::string> fields = absl::StrSplit(line, ',');
      if (head.empty()) {
        head = fields;
        continue;
      }
      EXPECT_EQ(fields.size(), head.size()) << line;
      Row& row = rows.emplace_back();
      for (size_t i = 0; i < head.size(); ++i) row[head[i]] = fields[i];
    }
    return rows;
  }

  TempFolder folder_;
  std::unique_ptr<PrivatePostgres> server_;
  SignedWorld world_;
  std::unique_ptr<Store> store_;
  CellsCounts counts_;
};

INSTANTIATE_TEST_SUITE_P(BothStores, CellsStoreTest, ::testing::Bool(), [](const auto& store) {
  return std::string(store.param ? "Postgresql" : "Sqlite");
});

// In each region seven origins vote: four in AS4134 or AS4837, three in the other. The three may
// not be seen, nor be found by subtraction, so neither network of a region has a row.
TEST_P(CellsStoreTest, RowsAreThoseOfTheVerdictsAndSmallCellsAreNowhere) {
  const auto csv = Write({});
  ASSERT_TRUE(csv.ok()) << csv.status();
  EXPECT_THAT(*csv, StartsWith(CellsHead()));
  const std::vector<Row> rows = Parse(*csv);
  EXPECT_EQ(rows.size(), counts_.rows);
  EXPECT_EQ(counts_.verdicts, 20u);
  int whatsapp_open = 0;
  int networks = 0;
  std::map<std::string, int> votes_of_networks;
  for (Row row : rows) {
    const int votes = std::stoi(row["buckets_open"]) + std::stoi(row["buckets_blocked"]);
    EXPECT_GE(votes, static_cast<int>(kBucketsMin));
    EXPECT_EQ(row["country"], "CN");
    if (!row["region"].empty()) {
      EXPECT_EQ(row["asn"], "") << "three origins of the other network could be told";
      EXPECT_EQ(votes, 7);
      whatsapp_open += row["target_id"] == "whatsapp" && row["state"] == "OPEN" ? 1 : 0;
    } else {
      ++networks;
      EXPECT_EQ(votes, 7) << "four of one region and three of the other";
    }
  }
  EXPECT_EQ(whatsapp_open, 2) << "CN-BJ in the last two windows";
  EXPECT_EQ(networks, 40);
  EXPECT_EQ(*Write({}), *csv);
}

TEST_P(CellsStoreTest, RowsAreInOrder) {
  std::vector<std::vector<std::string>> keys;
  for (Row row : Parse(*Write({}))) {
    keys.push_back(
        {row["country"], row["window_start"], row["target_id"], row["region"], row["asn"]});
  }
  ASSERT_GT(keys.size(), 50u);
  for (size_t i = 1; i < keys.size(); ++i) EXPECT_LT(keys[i - 1], keys[i]);
}

TEST_P(CellsStoreTest, CountryAndTimesChoose) {
  std::map<std::string, int> windows;
  const auto csv = Write(
      {.country = "CN", .from = kTestNow + absl::Hours(1), .until = kTestNow + absl::Hours(3)});
  ASSERT_TRUE(csv.ok()) << csv.status();
  for (Row row : Parse(*csv)) ++windows[row["window_start"]];
  ASSERT_EQ(windows.size(), 2u);
  EXPECT_EQ(windows.begin()->first, "2024-04-06T01:00:00+00:00");
  const absl::Status other = Write({.country = "US"}).status();
  EXPECT_EQ(other.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(other.message(), "country: no plan has \"US\"; there are CN");
}

}  // namespace
}  // namespace sightline
