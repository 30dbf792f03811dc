#include "collector/storefront_notes.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "collector/log.h"
#include "collector/store/store.h"
#include "common/message.h"

namespace sightline {
namespace {

constexpr char kStem[] = "storefront";
constexpr char kPresent[] = "present";
constexpr char kAbsent[] = "absent";

struct Known {
  StoreKey key;
  bool listed = false;
};

// Names of targets and stores have no dots.
std::optional<Known> ReadNoteId(const std::string& country, const std::string& id) {
  const std::vector<std::string> parts = absl::StrSplit(id, '.');
  if (parts.size() != 5 || parts[0] != kStem) return std::nullopt;
  if (parts[3] != kPresent && parts[3] != kAbsent) return std::nullopt;
  return Known{{country, parts[1], parts[2]}, parts[3] == kPresent};
}

// A plan may have any text here, and a note is one line.
std::string TargetName(const std::string& target_id, const v1::Plan& plan) {
  for (const v1::Target& target : plan.targets()) {
    if (target.target_id() != target_id || target.display_name().empty()) continue;
    std::string name = target.display_name();
    std::replace_if(
        name.begin(), name.end(),
        [](char c) { return absl::ascii_iscntrl(static_cast<unsigned char>(c)); }, ' ');
    return name;
  }
  return target_id;
}

std::string StoreName(const StoreKey& key, const v1::Plan& plan) {
  for (const v1::Storefront& store : plan.storefronts()) {
    if (store.country() == key.country && store.store_id() == key.store_id) {
      return store.display_name();
    }
  }
  return key.store_id;
}

}  // namespace

std::string StorefrontNoteId(const StoreChange& change) {
  return absl::StrCat(kStem, ".", change.key.target_id, ".", change.key.store_id, ".",
                      change.listed ? kPresent : kAbsent, ".",
                      absl::FormatTime("%Y%m%dT%H%M%SZ", change.time, absl::UTCTimeZone()));
}

v1::Annotation StorefrontNote(const StoreChange& change, const v1::Plan& plan) {
  v1::Annotation note;
  note.set_annotation_id(StorefrontNoteId(change));
  note.set_country(change.key.country);
  note.set_target_id(change.key.target_id);
  *note.mutable_time() = ToProto(change.time);
  *note.mutable_create_time() = ToProto(change.known);
  note.set_source(v1::ANNOTATION_SOURCE_STOREFRONT);
  const char* is = change.listed ? " is back in the " : " is no longer in the ";
  if (change.first) is = change.listed ? " is in the " : " is not in the ";
  note.set_text(absl::StrCat(TargetName(change.key.target_id, plan), is,
                             StoreName(change.key, plan), " of ", change.key.country,
                             change.first ? ", when first looked up" : ""));
  return note;
}

absl::Status StorefrontNotes::Load(const std::set<std::string>& countries) {
  for (const std::string& country : countries) {
    if (loaded_.contains(country)) continue;
    // By time: of several the last one counts.
    const auto records = store_.ReadAnnotations(country);
    if (!records.ok()) return records.status();
    for (const AnnotationRecord& record : *records) {
      const std::optional<Known> known = ReadNoteId(country, record.annotation_id);
      if (known.has_value()) watch_.Know(known->key, known->listed, record.time);
    }
    loaded_.insert(country);
  }
  return absl::OkStatus();
}

absl::Status StorefrontNotes::Write(absl::Time newest, const v1::Plan& plan,
                                    const std::set<std::string>& countries) {
  if (absl::Status status = Load(countries); !status.ok()) return status;
  for (StoreChange& change : watch_.Judge(newest)) unwritten_.push_back(std::move(change));
  while (!unwritten_.empty()) {
    const v1::Annotation note = StorefrontNote(unwritten_.front(), plan);
    const absl::Status put = store_.PutAnnotation(
        {note.country(), note.annotation_id(), unwritten_.front().time, note.SerializeAsString()});
    if (!put.ok()) return put;
    Log(LogLevel::kInfo, "fold", "storefront_note",
        {{"country", note.country()}, {"note", note.annotation_id()}});
    unwritten_.pop_front();
  }
  return absl::OkStatus();
}

}  // namespace sightline
