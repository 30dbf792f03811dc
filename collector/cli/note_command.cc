#include "collector/cli/note_command.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "collector/cli/client.h"
#include "collector/cli/note_text.h"
#include "collector/cli/reader.h"
#include "collector/cli/table.h"
#include "common/message.h"

namespace sightline::cli {
namespace {

void AddCountry(CLI::App* command, NoteFlags& flags) {
  command->add_option("--country", flags.reader.country, "ISO 3166-1 code")
      ->capture_default_str()
      ->type_name("CODE");
}

absl::Status Add(const NoteFlags& flags, const Terminal& terminal) {
  v1::Annotation wish;
  wish.set_country(flags.reader.country);
  wish.set_target_id(flags.target_id);
  wish.set_text(flags.text);
  wish.set_url(flags.url);
  const absl::Status time =
      SetMoment("--time", flags.time, [&wish] { return wish.mutable_time(); });
  if (!time.ok()) return time;
  const absl::StatusOr<v1::CreateAnnotationResponse> created = CreateAnnotation(flags.admin, wish);
  if (!created.ok()) return created.status();
  const v1::Annotation& note = created->annotation();
  *terminal.out << "Note " << Printable(note.annotation_id()) << " is on the timeline of "
                << Printable(note.country()) << "\n";
  return absl::OkStatus();
}

absl::Status List(const NoteFlags& flags, const Terminal& terminal) {
  const absl::StatusOr<Collector> collector = CollectorOf(flags.reader);
  if (!collector.ok()) return collector.status();
  v1::ListAnnotationsRequest request;
  request.set_country(flags.reader.country);
  for (const std::string& id : flags.reader.target_ids) request.add_target_ids(id);
  absl::Status times =
      SetMoment("--since", flags.since, [&request] { return request.mutable_start_time(); });
  times.Update(
      SetMoment("--until", flags.until, [&request] { return request.mutable_end_time(); }));
  if (!times.ok()) return times;
  const absl::StatusOr<v1::ListAnnotationsResponse> notes =
      ListAnnotations(*collector, std::move(request));
  if (!notes.ok()) return notes.status();
  switch (flags.reader.format) {
    case Format::kJson:
      *terminal.out << ToJson(*notes, /*indent=*/true) << "\n";
      break;
    case Format::kCsv:
      *terminal.out << NoteCsv(*notes);
      break;
    case Format::kTable:
      *terminal.out << NoteTable(*notes, terminal.colour);
      break;
  }
  return absl::OkStatus();
}

absl::Status Remove(const NoteFlags& flags, const Terminal& terminal) {
  const absl::Status status =
      DeleteAnnotation(flags.admin, flags.reader.country, flags.annotation_id).status();
  if (!status.ok()) return status;
  *terminal.out << "Note " << Printable(flags.annotation_id) << " is gone\n";
  return absl::OkStatus();
}

void AddAdd(CLI::App* add, NoteFlags& flags) {
  AddAdmin(add, flags.admin);
  AddCountry(add, flags);
  add->add_option("--target", flags.target_id, "The target that it concerns; without it: all")
      ->type_name("ID");
  add->add_option("--time", flags.time,
                  "When it happened (UTC): 2024-04-19, \"2024-04-19 13:00\" or "
                  "2024-04-19T13:00:00+08:00")
      ->required()
      ->type_name("TIME");
  add->add_option("--url", flags.url, "Where to read about it")->type_name("URL");
  add->add_option("TEXT", flags.text, "What happened: one line of up to 500 characters")
      ->required()
      ->type_name("");
  add->footer(
      "Example:\n"
      "  sightline note add --admin admin.sock --target whatsapp --time 2024-04-19 "
      "\"App removed from the App Store\"");
}

void AddList(CLI::App* list, NoteFlags& flags) {
  AddCollector(list, flags.reader);
  list->add_option("--target", flags.reader.target_ids,
                   "Only notes on this target and on all; repeat for more")
      ->type_name("ID");
  list->add_option("--since", flags.since, "Only notes on this time (UTC) or later: 2024-04-08")
      ->type_name("TIME");
  list->add_option("--until", flags.until, "Only notes on an earlier time")->type_name("TIME");
  AddFormat(list, flags.reader.format, /*csv=*/true);
  list->footer(
      "Example:\n"
      "  sightline note list --collector sightline.example:7443 --target whatsapp");
}

void AddRemove(CLI::App* remove, NoteFlags& flags) {
  AddAdmin(remove, flags.admin);
  AddCountry(remove, flags);
  remove->add_option("NOTE", flags.annotation_id, "As \"note list\" shows it")
      ->required()
      ->type_name("");
  remove->footer("Example:\n  sightline note remove 20240419-0123abcd --admin admin.sock");
}

}  // namespace

void AddNoteFlags(CLI::App& app, NoteFlags& flags, std::function<void(NoteAction)> chosen) {
  CLI::App* note =
      app.add_subcommand("note", "Dated notes on a timeline: what is known from elsewhere");
  note->require_subcommand(1);
  CLI::App* add = note->add_subcommand("add", "Put a note on a timeline, for every reader to see");
  CLI::App* list = note->add_subcommand("list", "List the notes, the earliest first");
  CLI::App* remove = note->add_subcommand("remove", "Take a note away");
  AddAdd(add, flags);
  AddList(list, flags);
  AddRemove(remove, flags);
  const std::pair<CLI::App*, NoteAction> actions[] = {
      {add, &Add}, {list, &List}, {remove, &Remove}};
  for (const auto& [command, action] : actions) {
    command->callback([chosen, action_of = action] { chosen(action_of); });
  }
}

}  // namespace sightline::cli
