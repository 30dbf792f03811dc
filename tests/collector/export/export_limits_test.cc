// Forgeries that are not told from what can be in an honest file: the file is called a part of one,
// or it is one of those that nobody can see, which collector/export/README.md lists.
#include <gtest/gtest.h>

#include <algorithm>

#include "common/wire.h"
#include "sightline/internal/v1/history.pb.h"
#include "tests/collector/export/forgery_table.h"

namespace sightline {
namespace {

using internal::v1::ExportAgent;
using internal::v1::ExportRecord;
using internal::v1::ExportVerdict;

// What could be so in a file that nobody forged: the last line says what was not compared.
TEST_F(ExportForgeryTableTest, AFileThatCannotBeComparedIsAPart) {
  const std::string part = "\nwhat was compared fits, but NOT EVERYTHING WAS COMPARED: ";
  const auto forge_end_of_events = [](std::function<void(internal::v1::ExportTimeline&)> change) {
    return [change = std::move(change)](ForgedBlocks& blocks) {
      change(*EventsOf(blocks).mutable_timelines(0));
    };
  };
  Expect(
      {
          {"events left out, and how far they were told",
           [](ForgedBlocks& blocks) { EventsOf(blocks).Clear(); },
           {part + "70 verdicts that no events were told from yet\n"}},
          {"an event, and the events are said to await the fold",
           [&](ForgedBlocks& blocks) {
             EventsOf(blocks).clear_events();
             forge_end_of_events([](auto& row) {
               ASSERT_EQ(row.target_id(), "");
               internal::v1::HistoryEnd end;
               ASSERT_TRUE(end.ParseFromString(row.timeline()));
               end.set_behind(true);
               row.set_timeline(end.SerializeAsString());
             })(blocks);
           },
           {"differs, but the fold may not have come that far: " + std::string(kOpeningPlace),
            part + "1 events that await the fold\n"}},
          {"an event that was withdrawn",
           AddEvent([](v1::Event& event) {
             event.set_target_id("signal");
             event.set_event_id("signal.CN-BJ.opening.20240406T060000Z");
             event.set_end(v1::EVENT_END_WITHDRAWN);
           }),
           {part + "1 events that were withdrawn\n"}},
          {"a correction",
           ChangeEvent(
               [](v1::Event& event) { event.add_amendments()->set_text("it was said to go on."); }),
           {part + "1 events with corrections, which nothing tells of\n"}},
          {"a window",
           [](ForgedBlocks& blocks) {
             EventsOf(blocks).Clear();
             DropVerdicts(blocks, [](const ExportVerdict& row) {
               return row.window_start_ms() == absl::ToUnixMillis(Hour(13));
             });
           },
           {"VERDICT_SET, window 2024-04-06T13:00:00+00:00, CN: the log has records of it",
            part + "1 windows with records and without verdicts; 65 verdicts that no events"}},
          {"all verdicts and events",
           [](ForgedBlocks& blocks) {
             DropVerdicts(blocks, [](const ExportVerdict&) { return true; });
             EventsOf(blocks).Clear();
           },
           {part + "266 records without any verdict\n"}},
          {"days are said to be dropped",
           [](ForgedBlocks& blocks) {
             DropRecords(blocks, [](const std::string&, const ExportRecord&) { return true; });
             DropVerdicts(blocks, [](const ExportVerdict&) { return true; });
             EventsOf(blocks).Clear();
             HeaderOf(blocks).set_first_day(1);
           },
           {part + "19 holes in the log, of days that were dropped\n"}},
          {"other rules",
           [](ForgedBlocks& blocks) {
             VerdictOf(blocks, "signal", Hour(0)).set_ruleset_version("0");
           },
           {part + "5 verdicts by other rules or another window length\n"}},
      },
      internal::v1::AUDIT_RESULT_PARTIAL);
}

// The limits of what can be checked, as README.md has them.
TEST_F(ExportForgeryTableTest, WhatNobodyCanCheckPasses) {
  Expect(
      {
          {"receive times",
           [](ForgedBlocks& blocks) {
             ExportRecord& row = RecordOf(blocks, "n1", 3);
             row.set_receive_time_ms(row.receive_time_ms() + 1000);
           },
           {"\neverything fits\n"}},
          {"flags of the registry",
           [](ForgedBlocks& blocks) {
             AgentOf(blocks, AgentId(2)).set_end(v1::AGENT_END_REVOKED);
             AgentOf(blocks, AgentId(2)).set_equivocated(true);
           },
           {"\neverything fits\n"}},
          {"an agent that sent nothing",
           [](ForgedBlocks& blocks) {
             const SigningKey key = SigningKey::Generate();
             for (ExportBlock& block : blocks) {
               if (!block.has_agents()) continue;
               auto& rows = *block.mutable_agents()->mutable_agents();
               ExportAgent& row = *rows.Add();
               row = rows.Get(0);
               row.set_agent_id(key.public_key().Id());
               row.set_public_key(key.public_key().raw());
               row.set_last_seq(0);
               row.set_head(GenesisHash());
               std::sort(rows.begin(), rows.end(), [](const ExportAgent& a, const ExportAgent& b) {
                 return a.agent_id() < b.agent_id();
               });
             }
           },
           {"\neverything fits\n"}},
          {"the hour of the export",
           [](ForgedBlocks& blocks) {
             HeaderOf(blocks).set_export_time_ms(absl::ToUnixMillis(Hour(20)));
           },
           {"\neverything fits\n"}},
          {"the onset in a name",
           ChangeEvent([](v1::Event& event) {
             event.set_event_id("whatsapp.CN-BJ.opening.20240406T050000Z");
           }),
           {"\neverything fits\n"}},
      },
      internal::v1::AUDIT_RESULT_FITS);
}

}  // namespace
}  // namespace sightline
