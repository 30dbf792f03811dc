// Each forgery of an event, or of the history that events are told from, is named with its place.
#include <gtest/gtest.h>

#include <map>

#include "common/message.h"
#include "tests/collector/export/forgery_table.h"

namespace sightline {
namespace {

using internal::v1::ExportVerdict;

TEST_F(ExportForgeryTableTest, AColumnOfAnEventIsNamed) {
  const std::string place = std::string(kOpeningPlace) + kOpening;
  const std::string differs = ": the columns are not those of the event: ";
  ExpectWrong({
      {"event_id",
       [](ForgedBlocks& blocks) { Opening(blocks).set_event_id("x"); },
       {std::string(kOpeningPlace) + "x" + differs + "event_id x where it has " + kOpening}},
      {"target_id",
       [](ForgedBlocks& blocks) { Opening(blocks).set_target_id("signal"); },
       {"CN signal: " + std::string(kOpening) + differs +
        "target_id signal where it has whatsapp"}},
      {"onset",
       [](ForgedBlocks& blocks) { Opening(blocks).set_onset_ms(absl::ToUnixMillis(Hour(5))); },
       {"EVENT, window 2024-04-06T05:00:00+00:00, CN whatsapp: " + std::string(kOpening) + differs +
        "onset 2024-04-06T05:00:00+00:00 where it has 2024-04-06T06:00:00+00:00"}},
      {"end",
       [](ForgedBlocks& blocks) { Opening(blocks).set_end_ms(absl::ToUnixMillis(Hour(9))); },
       {place + differs + "end 2024-04-06T09:00:00+00:00 where it has none"}},
  });
}

// Another value for a field.
void ChangeField(const google::protobuf::FieldDescriptor* field, v1::Event& event) {
  const google::protobuf::Reflection& fields = *event.GetReflection();
  switch (field->cpp_type()) {
    case google::protobuf::FieldDescriptor::CPPTYPE_STRING:
      return fields.SetString(&event, field, "other");
    case google::protobuf::FieldDescriptor::CPPTYPE_ENUM:
      return fields.SetEnumValue(&event, field, fields.GetEnumValue(event, field) % 3 + 1);
    case google::protobuf::FieldDescriptor::CPPTYPE_UINT32:
      return fields.SetUInt32(&event, field, 99);
    case google::protobuf::FieldDescriptor::CPPTYPE_DOUBLE:
      return fields.SetDouble(&event, field, 0.125);
    default:
      *static_cast<google::protobuf::Timestamp*>(fields.MutableMessage(&event, field)) =
          ToProto(kTestNow + absl::Hours(3));
  }
}

// What an event says, with columns that fit.
TEST_F(ExportForgeryTableTest, EveryFieldOfAnEventIsNamed) {
  const std::string name = "the name is not that of target, place and kind";
  const std::map<std::string, std::vector<std::string>> others = {
      {"event_id", {std::string(kOpeningPlace) + "other: " + name}},
      {"target_id", {"CN other: " + std::string(kOpening) + ": " + name}},
      {"country",
       {std::string(kOpeningPlace) + kOpening + ": the columns", "CN where it has other"}},
      {"region", {std::string(kOpeningPlace) + kOpening + ": " + name}},
      {"asn", {std::string(kOpeningPlace) + "stored ", "\"asn\":99", "by the cells none"}},
      {"kind", {std::string(kOpeningPlace) + kOpening + ": " + name}},
      {"onset_time",
       {"EVENT, window 2024-04-06T03:00:00+00:00, CN whatsapp: stored ", "by the cells none",
        std::string(kOpeningPlace) + "stored none, by the cells "}},
  };
  std::vector<Forgery> table;
  const auto* fields = v1::Event::descriptor();
  for (int i = 0; i < fields->field_count(); ++i) {
    const google::protobuf::FieldDescriptor* field = fields->field(i);
    if (field->is_repeated()) continue;  // amendments
    const auto other = others.find(field->name());
    table.push_back(
        {field->name(), ChangeEvent([field](v1::Event& event) { ChangeField(field, event); }),
         other != others.end()
             ? other->second
             : std::vector<std::string>{std::string(kOpeningPlace) + "stored -> by the cells: ",
                                        field->name()}});
  }
  ASSERT_EQ(table.size(), 17u);
  ExpectWrong(table);
}

TEST_F(ExportForgeryTableTest, AnEventThatIsMovedInventedOrLeftOutIsNamed) {
  const std::string none = "there are no cells that it could come from";
  ExpectWrong({
      {"moved, with its name",
       ChangeEvent([](v1::Event& event) {
         *event.mutable_onset_time() = ToProto(Hour(4));
         event.set_event_id("whatsapp.CN-BJ.opening.20240406T040000Z");
       }),
       {"EVENT, window 2024-04-06T04:00:00+00:00, CN whatsapp: stored ",
        std::string(kOpeningPlace) + "stored none, by the cells "}},
      {"elsewhere, with its name",
       ChangeEvent([](v1::Event& event) {
         event.set_region("CN-SH");
         event.set_event_id("whatsapp.CN-SH.opening.20240406T060000Z");
       }),
       {std::string(kOpeningPlace) + "stored ", std::string(kOpeningPlace) + "stored none"}},
      {"left out",
       [](ForgedBlocks& blocks) { EventsOf(blocks).clear_events(); },
       {std::string(kOpeningPlace) + "stored none, by the cells "}},
      {"left out with what it was told from",
       [](ForgedBlocks& blocks) {
         EventsOf(blocks).clear_events();
         DropTimeline(blocks, "whatsapp");
       },
       {"TIMELINE, window 2024-04-06T00:00:00+00:00, CN whatsapp: there is no history",
        std::string(kOpeningPlace) + "stored none"}},
      {"invented",
       AddEvent([](v1::Event& event) {
         event.set_target_id("signal");
         event.set_event_id("signal.CN-BJ.opening.20240406T060000Z");
       }),
       {"EVENT, window 2024-04-06T06:00:00+00:00, CN signal: stored ", "by the cells none"}},
      {"twice",
       AddEvent([](v1::Event& event) { event.set_event_id(event.event_id() + ".2"); }),
       {std::string(kOpeningPlace) + "stored ", "by the cells none"}},
      {"of a target that nobody probes",
       AddEvent([](v1::Event& event) {
         event.set_target_id("telegram");
         event.set_event_id("telegram.CN-BJ.opening.20240406T060000Z");
       }),
       {"EVENT, window 2024-04-06T06:00:00+00:00, CN telegram: " + none}},
      {"from before all cells",
       AddEvent([](v1::Event& event) {
         *event.mutable_onset_time() = ToProto(Hour(-6));
         event.set_event_id("whatsapp.CN-BJ.opening.20240405T180000Z");
       }),
       {"EVENT, window 2024-04-05T18:00:00+00:00, CN whatsapp: " + none}},
      {"all verdicts left out",
       [](ForgedBlocks& blocks) {
         DropVerdicts(blocks, [](const ExportVerdict&) { return true; });
       },
       {std::string(kOpeningPlace) + kOpening + ": " + none}},
      {"bytes",
       [](ForgedBlocks& blocks) { Opening(blocks).set_event("\xff"); },
       {std::string(kOpeningPlace) + kOpening + ": the stored bytes are no event"}},
  });
}

TEST_F(ExportForgeryTableTest, AHistoryIsNamed) {
  const auto forge_change = [](std::function<void(internal::v1::ExportTimeline&)> change) {
    return [change = std::move(change)](ForgedBlocks& blocks) {
      for (internal::v1::ExportTimeline& row : *EventsOf(blocks).mutable_timelines()) {
        if (row.target_id() == "signal") change(row);
      }
    };
  };
  ExpectWrong({
      {"left out",
       [](ForgedBlocks& blocks) { DropTimeline(blocks, "signal"); },
       {"TIMELINE, window 2024-04-06T00:00:00+00:00, CN signal: there is no history"}},
      {"bytes",
       forge_change([](auto& row) { row.set_timeline("\xff"); }),
       {"CN signal: the stored bytes are no history"}},
      {"begins later",
       forge_change([](auto& row) { row.set_window_start_ms(row.window_start_ms() * 2); }),
       {"CN signal: the history is said to begin after it"}},
  });
}

}  // namespace
}  // namespace sightline
