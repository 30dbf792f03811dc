// Files that are whole but say what the log does not: each forgery is named with its place.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "common/plan.h"
#include "sightline/internal/v1/fold.pb.h"
#include "sightline/v1/summary.pb.h"
#include "tests/collector/export/forgery_fixture.h"

namespace sightline {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST_F(ExportForgeryTest, AFileThatIsWrittenAgainAsItWasFits) {
  const auto report = Forge([](ExportBlock&) {});
  EXPECT_THAT(Kinds(report), IsEmpty());
  EXPECT_THAT(ToText(*report), HasSubstr("\neverything fits\n"));
}

TEST_F(ExportForgeryTest, AVerdictIsNamedWithWindowTargetAndField) {
  const auto report = ForgeVerdict("signal", Hour(4), [](internal::v1::ExportVerdict& row) {
    v1::TargetVerdict verdict;
    ASSERT_TRUE(verdict.ParseFromString(row.verdict()));
    verdict.add_open_regions("CN-SH");
    row.set_verdict(verdict.SerializeAsString());
  });
  ASSERT_THAT(Kinds(report), ElementsAre("VERDICT"));
  EXPECT_THAT(
      ToText(*report),
      AllOf(HasSubstr("VERDICT, window 2024-04-06T04:00:00+00:00, CN signal: "),
            HasSubstr("deleted: open_regions[0]: \"CN-SH\""), HasSubstr("SOMETHING IS WRONG")));
}

TEST_F(ExportForgeryTest, TheNewestVerdictIsComparedLikeEveryOtherOne) {
  const auto report = ForgeVerdict("whatsapp", Hour(13), [](internal::v1::ExportVerdict& row) {
    v1::TargetVerdict verdict;
    ASSERT_TRUE(verdict.ParseFromString(row.verdict()));
    verdict.clear_open_regions();
    row.set_verdict(verdict.SerializeAsString());
  });
  EXPECT_THAT(Kinds(report), ElementsAre("VERDICT"));
}

TEST_F(ExportForgeryTest, CellsAreNamedWithWindowTargetAndField) {
  const auto report = ForgeVerdict("whatsapp", Hour(9), [](internal::v1::ExportVerdict& row) {
    internal::v1::Cells cells;
    ASSERT_TRUE(cells.ParseFromString(row.cells()));
    cells.mutable_cells(1)->set_buckets_open(77);
    row.set_cells(cells.SerializeAsString());
  });
  EXPECT_THAT(Kinds(report), Contains("CELLS"));
  EXPECT_THAT(ToText(*report),
              AllOf(HasSubstr("CELLS, window 2024-04-06T09:00:00+00:00, CN whatsapp: "),
                    HasSubstr("modified: cells[1].buckets_open: 77 -> ")));
}

TEST_F(ExportForgeryTest, BytesThatAreNoVerdictAreTold) {
  const auto report = ForgeVerdict(
      "signal", Hour(4), [](internal::v1::ExportVerdict& row) { row.set_verdict("\xff\xff\xff"); });
  ASSERT_THAT(Kinds(report), ElementsAre("VERDICT"));
  EXPECT_THAT(report->audit().problems(0).detail(), HasSubstr("cannot be parsed"));
}

TEST_F(ExportForgeryTest, AVerdictThatIsMissingIsNamed) {
  const auto report = Forge([](ExportBlock& block) {
    if (block.has_end()) block.mutable_end()->set_verdicts(block.end().verdicts() - 1);
    if (!block.has_verdicts()) return;
    auto& rows = *block.mutable_verdicts()->mutable_verdicts();
    rows.erase(std::remove_if(rows.begin(), rows.end(),
                              [](const internal::v1::ExportVerdict& row) {
                                return row.target_id() == "weibo" &&
                                       row.window_start_ms() == absl::ToUnixMillis(Hour(4));
                              }),
               rows.end());
  });
  ASSERT_THAT(Kinds(report), Contains("VERDICT_SET"));
  EXPECT_EQ(report->audit().problems(0).target_id(), "weibo");
}

TEST_F(ExportForgeryTest, VerdictsThatWereGivenOtherRulesAreNotCalledFitting) {
  const auto report = Forge([](ExportBlock& block) {
    if (!block.has_verdicts()) return;
    for (auto& row : *block.mutable_verdicts()->mutable_verdicts()) row.set_ruleset_version("0");
  });
  EXPECT_THAT(Kinds(report), IsEmpty());
  EXPECT_EQ(report->audit().verdicts_other_rules(), report->end().verdicts());
  EXPECT_EQ(report->audit().result(), internal::v1::AUDIT_RESULT_PARTIAL);
  EXPECT_THAT(ToText(*report),
              HasSubstr("NOT EVERYTHING WAS COMPARED: 70 verdicts by other rules"));
}

TEST_F(ExportForgeryTest, AVerdictThatHidesBehindAFoldThatIsLateIsShownAllTheSame) {
  const auto report = Forge([](ExportBlock& block) {
    if (block.has_header()) {
      for (auto& node : *block.mutable_header()->mutable_nodes()) node.set_folded_node_seq(0);
    }
    if (block.has_verdicts()) block.mutable_verdicts()->mutable_verdicts(0)->clear_cells();
  });
  EXPECT_THAT(Kinds(report), IsEmpty());
  EXPECT_GT(report->audit().undecided_size(), 0);
  EXPECT_THAT(ToText(*report),
              AllOf(HasSubstr("known to be folded up to 0"),
                    HasSubstr("differs, but the fold may not have come that far: CELLS, window "),
                    HasSubstr("verdicts that await the fold\n")));
}

TEST_F(ExportForgeryTest, ABatchIsNamedWithItsNodeAndNumber) {
  const auto report = ForgeRecord("n2", 7, [](internal::v1::ExportRecord& row) {
    v1::Batch batch;
    ASSERT_TRUE(batch.ParseFromString(row.batch()));
    batch.mutable_observations(0)->mutable_layers()->set_tcp(v1::LAYER_STATE_OK);
    row.set_batch(batch.SerializeAsString());
  });
  ASSERT_THAT(Kinds(report), Contains("BAD_SIGNATURE"));
  // The next batch of that agent does not continue from these bytes.
  EXPECT_THAT(Kinds(report), Contains("BROKEN_CHAIN"));
  EXPECT_EQ(report->audit().problems(0).node(), "n2");
  EXPECT_EQ(report->audit().problems(0).node_seq(), 7u);
}

TEST_F(ExportForgeryTest, ASignatureIsNamedWithItsNodeAndNumber) {
  const auto report = ForgeRecord(
      "n1", 3, [](internal::v1::ExportRecord& row) { (*row.mutable_signature())[9] ^= 1; });
  ASSERT_THAT(Kinds(report), ElementsAre("BAD_SIGNATURE"));
  EXPECT_THAT(ToText(*report), HasSubstr("BAD_SIGNATURE, node n1 record 3, agent "));
}

TEST_F(ExportForgeryTest, BytesThatAreNoBatchAreTold) {
  const auto report =
      ForgeRecord("n1", 3, [](internal::v1::ExportRecord& row) { row.set_batch("\xff\xff\xff"); });
  EXPECT_THAT(Kinds(report), AllOf(Contains("BAD_SIGNATURE"), Contains("MALFORMED")));
}

TEST_F(ExportForgeryTest, ABatchOfAnotherAgentIsTold) {
  const std::string other = World().agents()[5]->key().public_key().Id();
  const auto report =
      ForgeRecord("n1", 3, [&](internal::v1::ExportRecord& row) { row.set_agent_id(other); });
  EXPECT_THAT(Kinds(report), AllOf(Contains("BAD_SIGNATURE"), Contains("MALFORMED")));
}

TEST_F(ExportForgeryTest, WhatTheCollectorAddsToABatchShowsInTheVerdicts) {
  // One bucket less votes.
  const auto report =
      ForgeRecord("n1", 3, [](internal::v1::ExportRecord& row) { row.set_country("US"); });
  EXPECT_THAT(Kinds(report), AllOf(Contains("CELLS"), Each(testing::AnyOf("VERDICT", "CELLS"))));
}

TEST_F(ExportForgeryTest, ARecordThatIsLeftOutIsNamed) {
  const auto report = Forge([](ExportBlock& block) {
    if (block.has_end()) block.mutable_end()->set_records(block.end().records() - 1);
    if (!block.has_log() || block.log().node() != "n1") return;
    auto& rows = *block.mutable_log()->mutable_records();
    rows.erase(
        std::remove_if(rows.begin(), rows.end(),
                       [](const internal::v1::ExportRecord& row) { return row.node_seq() == 40; }),
        rows.end());
  });
  EXPECT_THAT(Kinds(report), AllOf(Contains("NODE_GAP"), Contains("CHAIN_GAP"), Contains("CELLS")));
  EXPECT_EQ(report->audit().problems(0).node_seq(), 41u);
}

TEST_F(ExportForgeryTest, AnEndOfTheLogThatIsLeftOutIsNoticedByTheRegistry) {
  uint64_t cut = 0;
  const auto report = Forge([&](ExportBlock& block) {
    if (block.has_end()) block.mutable_end()->set_records(block.end().records() - cut);
    if (!block.has_log() || block.log().node() != "n2") return;
    auto& rows = *block.mutable_log()->mutable_records();
    const int before = rows.size();
    rows.erase(
        std::remove_if(rows.begin() + 1, rows.end(),
                       [](const internal::v1::ExportRecord& row) { return row.node_seq() > 74; }),
        rows.end());
    cut += static_cast<uint64_t>(before - rows.size());
  });
  ASSERT_GT(cut, 0u);
  EXPECT_THAT(Kinds(report), Contains("CHAIN_GAP"));
}

TEST_F(ExportForgeryTest, AKeyThatIsNotTheAgentsIsTold) {
  const auto report = Forge([](ExportBlock& block) {
    if (!block.has_agents()) return;
    block.mutable_agents()->mutable_agents(0)->set_public_key(
        SigningKey::Generate().public_key().raw());
  });
  EXPECT_THAT(Kinds(report), Contains("UNKNOWN_AGENT"));
}

TEST_F(ExportForgeryTest, ARoleThatIsNotTheAgentsShowsInTheVerdicts) {
  const auto report = Forge([](ExportBlock& block) {
    if (!block.has_agents()) return;
    for (auto& agent : *block.mutable_agents()->mutable_agents()) {
      agent.set_role(v1::AGENT_ROLE_VOLUNTEER);
    }
  });
  EXPECT_THAT(Kinds(report), Contains("VERDICT"));
}

TEST_F(ExportForgeryTest, APlanThatTheOperatorDidNotSignIsNamed) {
  const auto report = Forge([](ExportBlock& block) {
    if (!block.has_plans()) return;
    v1::SignedPlan& signed_plan = *block.mutable_plans()->mutable_plans(0);
    v1::Plan plan;
    ASSERT_TRUE(plan.ParseFromString(signed_plan.plan()));
    plan.mutable_targets(0)->set_display_name("Another name");
    signed_plan.set_plan(plan.SerializeAsString());
  });
  ASSERT_THAT(Kinds(report), Contains("PLAN"));
  EXPECT_THAT(report->audit().problems(0).detail(),
              AllOf(HasSubstr("plan 1 of 1: version 1"), HasSubstr("SIGNATURE")));
}

TEST_F(ExportForgeryTest, APlanOfAnotherOperatorIsNamed) {
  const SigningKey other = SigningKey::Generate();
  const auto report = Forge([&](ExportBlock& block) {
    if (!block.has_plans()) return;
    *block.mutable_plans()->mutable_plans(0) = SignPlan(TestPlan(1), other);
  });
  EXPECT_THAT(Kinds(report), ElementsAre("PLAN"));
}

TEST_F(ExportForgeryTest, VerdictsOnACountryThatNoPlanObservesAreTold) {
  const auto report = Forge([](ExportBlock& block) {
    if (block.has_verdicts()) block.mutable_verdicts()->set_country("IR");
  });
  ASSERT_THAT(Kinds(report), Contains("VERDICT_SET"));
  EXPECT_THAT(report->audit().problems(0).detail(), HasSubstr("IR"));
}

// What is no export in itself although its checksums fit.
TEST_F(ExportForgeryTest, RowsAndBlocksOutOfOrderAreRefusedWithTheirPlace) {
  const std::vector<std::pair<std::string, std::function<void(ExportBlock&)>>> cases = {
      {"agents are not in order",
       [](ExportBlock& block) {
         if (block.has_agents()) block.mutable_agents()->mutable_agents()->SwapElements(0, 1);
       }},
      {"records of node n1 are not in order",
       [](ExportBlock& block) {
         if (!block.has_log() || block.log().node() != "n1") return;
         block.mutable_log()->mutable_records(0)->set_node_seq(5);
       }},
      {"verdicts on CN are not in order",
       [](ExportBlock& block) {
         if (!block.has_verdicts()) return;
         block.mutable_verdicts()->mutable_verdicts(1)->set_window_start_ms(0);
       }},
      {"the header has no such node",
       [](ExportBlock& block) {
         if (block.has_log()) block.mutable_log()->set_node("n9");
       }},
      {"the file does not hold as much as it says",
       [](ExportBlock& block) {
         if (block.has_end()) block.mutable_end()->set_events(99);
       }},
      {"retain_ms cannot be -1",
       [](ExportBlock& block) {
         if (block.has_header()) block.mutable_header()->set_retain_ms(-1);
       }},
      {"events in CN are not in order",
       [](ExportBlock& block) {
         if (!block.has_events()) return;
         *block.mutable_events()->add_events() = block.events().events(0);
       }},
      {"timelines in CN are not in order",
       [](ExportBlock& block) {
         if (!block.has_events()) return;
         *block.mutable_events()->add_timelines() = block.events().timelines(0);
       }},
      {"window_length_ms cannot be 1",
       [](ExportBlock& block) {
         if (!block.has_verdicts()) return;
         block.mutable_verdicts()->mutable_verdicts(0)->set_window_length_ms(1);
       }},
      {"first_day cannot be 9999999",
       [](ExportBlock& block) {
         if (block.has_header()) block.mutable_header()->set_first_day(9999999);
       }},
      {"receive_time_ms cannot be -1",
       [](ExportBlock& block) {
         if (block.has_log()) block.mutable_log()->mutable_records(0)->set_receive_time_ms(-1);
       }},
      {"batch has 262145 bytes, at most 262144",
       [](ExportBlock& block) {
         if (!block.has_log()) return;
         block.mutable_log()->mutable_records(0)->set_batch(std::string(262145, 'x'));
       }},
      {"length of agent_id cannot be 0",
       [](ExportBlock& block) {
         if (block.has_agents()) block.mutable_agents()->mutable_agents(0)->clear_agent_id();
       }},
      {"it has more than 65536 rows",
       [](ExportBlock& block) {
         if (!block.has_verdicts()) return;
         for (int i = 0; i < 65536; ++i) block.mutable_verdicts()->add_verdicts();
       }},
      {"it holds something that this program does not know",
       [](ExportBlock& block) {
         if (!block.has_plans()) return;
         internal::v1::ExportPlans& plans = *block.mutable_plans();
         plans.GetReflection()->MutableUnknownFields(&plans)->AddVarint(1000, 1);
       }},
      {"blocks of this kind come elsewhere",
       [](ExportBlock& block) {
         if (block.has_events()) block.mutable_plans();
       }},
  };
  for (const auto& [text, change] : cases) {
    const absl::Status status = Forge(change).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << text;
    EXPECT_THAT(std::string(status.message()), AllOf(HasSubstr(text), HasSubstr("block at byte")));
  }
}

}  // namespace
}  // namespace sightline
