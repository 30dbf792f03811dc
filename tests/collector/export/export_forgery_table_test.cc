// Each forgery of a verdict, a cell, a record, an agent or a plan is named with its place.
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "common/plan.h"
#include "sightline/internal/v1/fold.pb.h"
#include "sightline/v1/summary.pb.h"
#include "tests/collector/export/forgery_table.h"

namespace sightline {
namespace {

using internal::v1::ExportAgent;
using internal::v1::ExportRecord;
using internal::v1::ExportVerdict;

TEST_F(ExportForgeryTableTest, AVerdictOrItsCellsAreNamed) {
  const std::string place = ", window 2024-04-06T04:00:00+00:00, CN signal: ";
  const auto forge_row = [](std::function<void(ExportVerdict&)> change) {
    return [change = std::move(change)](ForgedBlocks& blocks) {
      change(VerdictOf(blocks, "signal", Hour(4)));
    };
  };
  const auto forge_verdict = [&](std::function<void(v1::TargetVerdict&)> change) {
    return forge_row([change = std::move(change)](ExportVerdict& row) {
      v1::TargetVerdict verdict;
      ASSERT_TRUE(verdict.ParseFromString(row.verdict()));
      change(verdict);
      row.set_verdict(verdict.SerializeAsString());
    });
  };
  ExpectWrong({
      {"scope",
       forge_verdict([](auto& verdict) { verdict.set_scope(v1::SCOPE_LOCAL); }),
       {"VERDICT" + place, "modified: scope: "}},
      {"name",
       forge_verdict([](auto& verdict) { verdict.set_display_name("S"); }),
       {"VERDICT" + place, "modified: display_name: \"S\" -> "}},
      {"bytes",
       forge_row([](auto& row) { row.set_verdict("\xff"); }),
       {"VERDICT" + place + "the stored bytes cannot be parsed"}},
      {"other bytes of the same verdict",
       forge_row([](auto& row) { row.set_verdict(row.verdict() + "\x0a\x06signal"); }),
       {"VERDICT" + place + "stored -> by the log: the same fields in other bytes"}},
      {"cells",
       forge_row([](auto& row) {
         internal::v1::Cells cells;
         ASSERT_TRUE(cells.ParseFromString(row.cells()));
         cells.mutable_cells(0)->set_buckets_open(1);
         row.set_cells(cells.SerializeAsString());
       }),
       {"CELLS" + place, "deleted: cells[0].buckets_open: 1"}},
      {"struck out",
       forge_row([](auto& row) {
         row.clear_verdict();
         row.clear_cells();
       }),
       {"VERDICT" + place, "CELLS" + place}},
      {"left out",
       [](ForgedBlocks& blocks) {
         DropVerdicts(blocks, [](const ExportVerdict& row) {
           return row.target_id() == "signal" &&
                  row.window_start_ms() == absl::ToUnixMillis(Hour(4));
         });
       },
       {"VERDICT_SET" + place + "the store has no verdict on this target"}},
      {"of another target",
       [](ForgedBlocks& blocks) { VerdictOf(blocks, "signal", Hour(4)).set_target_id("signal2"); },
       {"VERDICT_SET, window 2024-04-06T04:00:00+00:00, CN signal2: the plan of the window has no",
        "VERDICT_SET" + place}},
  });
}

TEST_F(ExportForgeryTableTest, ARecordOfTheLogIsNamed) {
  const std::string place = ", node n1 record 3, agent " + Hex(2) + ": ";
  const auto forge_row = [](std::function<void(ExportRecord&)> change) {
    return
        [change = std::move(change)](ForgedBlocks& blocks) { change(RecordOf(blocks, "n1", 3)); };
  };
  const auto cells = [](const char* target) {
    return absl::StrCat("CELLS, window 2024-04-06T00:00:00+00:00, CN ", target, ": ");
  };
  ExpectWrong({
      {"batch",
       forge_row([](auto& row) {
         v1::Batch batch;
         ASSERT_TRUE(batch.ParseFromString(row.batch()));
         batch.mutable_observations(0)->mutable_layers()->set_tcp(v1::LAYER_STATE_OK);
         row.set_batch(batch.SerializeAsString());
       }),
       {"BAD_SIGNATURE" + place + "of batch 1", "BROKEN_CHAIN"}},
      {"bytes", forge_row([](auto& row) { row.set_batch("\xff"); }), {"MALFORMED" + place}},
      {"signature",
       forge_row([](auto& row) { (*row.mutable_signature())[9] ^= 1; }),
       {"BAD_SIGNATURE" + place}},
      {"agent",
       forge_row([](auto& row) { row.set_agent_id(AgentId(5)); }),
       {"MALFORMED, node n1 record 3, agent " + Hex(5) +
        ": stored otherwise than signed: agent_id"}},
      {"country",
       forge_row([](auto& row) { row.set_country("US"); }),
       {cells("signal"), cells("weibo")}},
      {"network", forge_row([](auto& row) { row.set_asn(9808); }), {cells("signal"), "asn"}},
      {"bucket",
       [](ForgedBlocks& blocks) {
         RecordOf(blocks, "n1", 3).set_bucket(RecordOf(blocks, "n1", 1).bucket());
       },
       {cells("signal")}},
      {"received too late",
       forge_row([](auto& row) {
         row.set_receive_time_ms(row.receive_time_ms() +
                                 absl::ToInt64Milliseconds(absl::Hours(80)));
       }),
       {cells("signal")}},
      {"left out",
       [](ForgedBlocks& blocks) {
         DropRecords(blocks, [](const std::string& node, const ExportRecord& row) {
           return node == "n1" && row.node_seq() == 3;
         });
       },
       {"NODE_GAP, node n1 record 4", "CHAIN_GAP", Hex(2) + ": batches 1 to 1 are missing",
        cells("signal")}},
      {"twice",
       [](ForgedBlocks& blocks) {
         ExportRecord again = RecordOf(blocks, "n2", 5);
         again.set_node_seq(77);
         for (ExportBlock& block : blocks) {
           if (!block.has_log() || block.log().node() != "n2") continue;
           if (block.log().records().rbegin()->node_seq() != 76) continue;
           *block.mutable_log()->add_records() = again;
         }
         HeaderOf(blocks).mutable_nodes(1)->set_last_node_seq(77);
       },
       {"DUPLICATE, node n2 record 77, agent "}},
      {"the last ones left out, and the header says so",
       [](ForgedBlocks& blocks) {
         DropRecords(blocks, [](const std::string& node, const ExportRecord& row) {
           return node == "n1" && row.node_seq() > 189;
         });
         HeaderOf(blocks).mutable_nodes(0)->set_last_node_seq(189);
         HeaderOf(blocks).mutable_nodes(0)->set_folded_node_seq(189);
       },
       {"CHAIN_END, node n1 record ", "the registry ends with batch 14"}},
      {"the header says more than there is",
       [](ForgedBlocks& blocks) { HeaderOf(blocks).mutable_nodes(0)->set_last_node_seq(191); },
       {"NODE_GAP, node n1 record 190: is the last one in the file, and the header says 191"}},
      {"a node of which there is nothing",
       [](ForgedBlocks& blocks) {
         internal::v1::ExportNode& node = *HeaderOf(blocks).add_nodes();
         node.set_node("n3");
         node.set_last_node_seq(5);
       },
       {"NODE_GAP, node n3 record 0: is the last one in the file, and the header says 5"}},
  });
}

TEST_F(ExportForgeryTableTest, AnEntryOfTheRegistryIsNamed) {
  const std::string agent = "agent " + Hex(2) + ": ";
  const auto forge_row = [](std::function<void(ExportAgent&)> change) {
    return
        [change = std::move(change)](ForgedBlocks& blocks) { change(AgentOf(blocks, AgentId(2))); };
  };
  ExpectWrong({
      {"key",
       forge_row([](auto& row) { row.set_public_key(SigningKey::Generate().public_key().raw()); }),
       {"UNKNOWN_AGENT, " + agent + "agent_id: is not the hash of the agent's first key"}},
      {"key that is none",
       forge_row([](auto& row) { row.set_public_key("x"); }),
       {"UNKNOWN_AGENT, " + agent}},
      {"role",
       forge_row([](auto& row) { row.set_role(v1::AGENT_ROLE_CONTROL); }),
       {"CELLS, window 2024-04-06T00:00:00+00:00, CN signal: "}},
      {"region",
       forge_row([](auto& row) { row.set_region("CN-SH"); }),
       {"MALFORMED, node n1 record 3, " + agent + "stored otherwise than signed: region"}},
      {"end of the chain",
       forge_row([](auto& row) { row.set_last_seq(13); }),
       {"CHAIN_END, ", agent + "the registry ends with batch 13"}},
      {"head",
       forge_row([](auto& row) { (*row.mutable_head())[0] ^= 1; }),
       {"CHAIN_END, ", agent + "the registry ends with batch 14"}},
      {"left out",
       [](ForgedBlocks& blocks) {
         DropAgents(blocks, [](const ExportAgent& row) { return row.agent_id() == AgentId(2); });
       },
       {"UNKNOWN_AGENT, node n1 record 3, " + agent + "the registry has no such agent",
        "CELLS, window 2024-04-06T00:00:00+00:00, CN signal: "}},
      {"without its records",
       [](ForgedBlocks& blocks) {
         DropRecords(blocks, [](const std::string&, const ExportRecord& row) {
           return row.agent_id() == AgentId(2);
         });
       },
       {"CHAIN_END, " + agent + "the registry ends with batch 14", "the log with batch 0"}},
  });
}

TEST_F(ExportForgeryTableTest, APlanIsNamed) {
  const auto forge_plan = [](std::function<void(v1::Plan&)> change) {
    return [change = std::move(change)](ForgedBlocks& blocks) {
      v1::SignedPlan& row = *PlansOf(blocks).mutable_plans(0);
      v1::Plan plan;
      ASSERT_TRUE(plan.ParseFromString(row.plan()));
      change(plan);
      row.set_plan(plan.SerializeAsString());
    };
  };
  ExpectWrong({
      {"name of a target",
       forge_plan([](auto& plan) { plan.mutable_targets(0)->set_display_name("Another"); }),
       {"PLAN: plan 1 of 1: version 1: BAD_SIGNATURE: ",
        "VERDICT, window 2024-04-06T00:00:00+00:00, CN "}},
      {"rules",
       forge_plan([](auto& plan) { plan.clear_countries(); }),
       {"PLAN: plan 1 of 1: version 1 breaks the rules of plans: countries"}},
      {"version",
       forge_plan([](auto& plan) { plan.set_version(2); }),
       {"PLAN: plan 1 of 1: version 2: BAD_SIGNATURE", "UNKNOWN_PLAN, node n1 record 1, agent "}},
      {"signature",
       [](ForgedBlocks& blocks) {
         (*PlansOf(blocks).mutable_plans(0)->mutable_signature())[0] ^= 1;
       },
       {"PLAN: plan 1 of 1: version 1: BAD_SIGNATURE"}},
      {"by somebody else",
       [](ForgedBlocks& blocks) {
         *PlansOf(blocks).mutable_plans(0) = SignPlan(TestPlan(1), SigningKey::Generate());
       },
       {"PLAN: plan 1 of 1: version 1: UNKNOWN_KEY"}},
      {"one more",
       [](ForgedBlocks& blocks) {
         *PlansOf(blocks).add_plans() = SignPlan(TestPlan(2), SigningKey::Generate());
       },
       {"PLAN: plan 2 of 2: version 2: UNKNOWN_KEY"}},
      {"twice",
       [](ForgedBlocks& blocks) { *PlansOf(blocks).add_plans() = PlansOf(blocks).plans(0); },
       {"PLAN: plan 2 of 2: version 1 follows version 1"}},
      {"left out",
       [](ForgedBlocks& blocks) { PlansOf(blocks).clear_plans(); },
       {"UNKNOWN_PLAN, node n1 record 1, agent ",
        "VERDICT_SET: there are verdicts or events on CN, which no plan observes"}},
  });
}

}  // namespace
}  // namespace sightline
