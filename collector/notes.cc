#include "collector/notes.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "collector/directory.h"
#include "collector/paging.h"
#include "collector/read_time.h"
#include "common/crypto.h"
#include "common/message.h"

namespace sightline {
namespace {

constexpr size_t kUrlBytesMax = 2000;
constexpr size_t kNameBytes = 4;

size_t Characters(absl::string_view text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

bool HasControlCharacter(absl::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return absl::ascii_iscntrl(static_cast<unsigned char>(c)); });
}

absl::Status CheckText(const std::string& text) {
  const std::string trimmed(absl::StripAsciiWhitespace(text));
  if (trimmed.empty()) {
    return absl::InvalidArgumentError("annotation.text: is empty; say what happened");
  }
  if (HasControlCharacter(text)) {
    return absl::InvalidArgumentError(
        "annotation.text: must be one line without control characters");
  }
  if (const size_t count = Characters(text); count > kNoteCharactersMax) {
    return absl::InvalidArgumentError(absl::StrCat(
        "annotation.text: has ", count, " characters, and at most ", kNoteCharactersMax, " fit"));
  }
  return absl::OkStatus();
}

// It becomes a link on a page.
absl::Status CheckUrl(const std::string& url) {
  const bool plain = std::all_of(url.begin(), url.end(), [](char c) {
    return absl::ascii_isgraph(static_cast<unsigned char>(c)) && c != '"' && c != '<' && c != '>';
  });
  const bool web = absl::StartsWith(url, "https://") || absl::StartsWith(url, "http://");
  if (url.empty() || (plain && web && url.size() <= kUrlBytesMax)) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("annotation.url: must begin with https:// or http://, without blanks, quotes or "
                   "brackets, and have at most ",
                   kUrlBytesMax, " bytes"));
}

std::string NoteKey(const v1::Annotation& note) {
  return absl::StrFormat("%015d %s", absl::ToUnixMillis(FromProto(note.time())),
                         note.annotation_id());
}

}  // namespace

AnnotationRecord ToRecord(const v1::Annotation& annotation) {
  return {annotation.country(), annotation.annotation_id(), FromProto(annotation.time()),
          annotation.SerializeAsString()};
}

absl::StatusOr<v1::Annotation> CreateAnnotation(Store& store, const v1::Plan& plan,
                                                const v1::CreateAnnotationRequest& request,
                                                absl::Time now) {
  v1::Annotation annotation = request.annotation();
  if (const auto entry = FindCountry(plan, annotation.country()); !entry.ok()) {
    return entry.status();
  }
  const std::string& target_id = annotation.target_id();
  const bool known = target_id.empty() || std::any_of(plan.targets().begin(), plan.targets().end(),
                                                      [&](const v1::Target& target) {
                                                        return target.target_id() == target_id;
                                                      });
  if (!known) {
    return absl::NotFoundError(absl::StrCat("annotation.target_id: the plan has no target \"",
                                            absl::Utf8SafeCEscape(target_id), "\""));
  }
  if (!annotation.has_time()) {
    return absl::InvalidArgumentError("annotation.time: is not set; say when it happened");
  }
  const absl::StatusOr<absl::Time> time = ReadTime("annotation.time", annotation.time());
  if (!time.ok()) return time.status();
  if (absl::Status text = CheckText(annotation.text()); !text.ok()) return text;
  if (absl::Status url = CheckUrl(annotation.url()); !url.ok()) return url;
  annotation.set_source(v1::ANNOTATION_SOURCE_OPERATOR);
  *annotation.mutable_create_time() = ToProto(now);
  annotation.set_annotation_id(absl::StrCat(absl::FormatTime("%Y%m%d", *time, absl::UTCTimeZone()),
                                            "-", absl::BytesToHexString(RandomBytes(kNameBytes))));
  if (absl::Status put = store.PutAnnotation(ToRecord(annotation)); !put.ok()) return put;
  return annotation;
}

absl::Status DeleteAnnotation(Store& store, const v1::DeleteAnnotationRequest& request) {
  const std::string& id = request.annotation_id();
  if (id.empty()) return absl::InvalidArgumentError("annotation_id: is empty");
  if (HasControlCharacter(id) || HasControlCharacter(request.country())) {
    return absl::InvalidArgumentError("annotation_id: has a control character");
  }
  return store.DeleteAnnotation(request.country(), id);
}

absl::StatusOr<v1::ListAnnotationsResponse> ListAnnotations(
    Store& store, const v1::Plan& plan, const v1::ListAnnotationsRequest& request) {
  if (const auto entry = FindCountry(plan, request.country()); !entry.ok()) return entry.status();
  const absl::StatusOr<std::vector<AnnotationRecord>> records =
      store.ReadAnnotations(request.country());
  if (!records.ok()) return records.status();
  std::vector<v1::Annotation> notes;
  for (const AnnotationRecord& record : *records) {
    if (notes.emplace_back().ParseFromString(record.annotation)) continue;
    return absl::DataLossError(
        absl::StrCat("the stored note ", record.annotation_id, " cannot be read"));
  }
  return SelectAnnotations(notes, request);
}

absl::StatusOr<v1::ListAnnotationsResponse> SelectAnnotations(
    absl::Span<const v1::Annotation> notes, const v1::ListAnnotationsRequest& request) {
  const absl::StatusOr<TimeSpan> span = ReadTimeSpan(request);
  if (!span.ok()) return span.status();
  const std::set<std::string> wanted(request.target_ids().begin(), request.target_ids().end());
  std::map<std::string, const v1::Annotation*> selected;
  for (const v1::Annotation& note : notes) {
    const absl::Time time = FromProto(note.time());
    const bool is_wanted =
        wanted.empty() || note.target_id().empty() || wanted.contains(note.target_id());
    if (is_wanted && time >= span->from && time < span->until) {
      selected.emplace(NoteKey(note), &note);
    }
  }
  v1::ListAnnotationsResponse response;
  const auto next = FillPage(
      selected, request, [&](const v1::Annotation* note) { *response.add_annotations() = *note; });
  if (!next.ok()) return next.status();
  response.set_next_page_token(*next);
  return response;
}

}  // namespace sightline
