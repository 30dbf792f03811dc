#include "collector/change_text.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "collector/verdict/words.h"
#include "common/message.h"

namespace sightline {
namespace {

constexpr size_t kNamesMax = 5;

// "Beijing Shi and Shanghai Shi"; of many "A, B, C, D, E and 7 more".
std::string Abridged(std::vector<std::string> names) {
  if (names.empty()) return "places";
  if (names.size() > kNamesMax) {
    const size_t more = names.size() - kNamesMax;
    names.resize(kNamesMax);
    names.push_back(absl::StrCat(more, " more"));
  }
  return Listed(names);
}

template <typename Codes>
std::string Regions(const Codes& codes, const RegionNameOf& name_of) {
  std::vector<std::string> names;
  for (const std::string& code : codes) names.push_back(name_of(code));
  return Abridged(std::move(names));
}

std::vector<std::string> Disputed(const v1::Change& change) {
  std::vector<std::string> codes;
  for (const v1::RegionChange& region : change.regions()) {
    if (region.state() == v1::ACCESS_STATE_DISPUTED) codes.push_back(region.region());
  }
  return codes;
}

std::string Day(const google::protobuf::Timestamp& time) {
  return absl::FormatTime("%Y-%m-%d %H:%M UTC", FromProto(time), absl::UTCTimeZone());
}

std::string Place(const v1::Event& event, const RegionNameOf& name_of) {
  return event.region().empty() ? absl::StrCat("AS", event.asn()) : name_of(event.region());
}

std::string Noun(const v1::Event& event) {
  return event.kind() == v1::EVENT_KIND_CLOSING ? "closing" : "opening";
}

std::string EventSentences(const v1::Change& change, const RegionNameOf& name_of) {
  std::vector<std::string> sentences;
  for (const v1::Event& event : change.events()) {
    if (sentences.size() == kNamesMax) {
      const size_t more = static_cast<size_t>(change.events_size()) - kNamesMax;
      sentences.push_back(absl::StrCat("And ", NumberOf(more, "event"), " more."));
      break;
    }
    sentences.push_back(EventSentence(event, name_of));
  }
  return absl::StrJoin(sentences, " ");
}

std::string FromTo(const v1::Change& change) {
  std::string text = ShortName(change.scope());
  if (change.previous_scope() != v1::SCOPE_UNSPECIFIED &&
      change.previous_scope() != change.scope()) {
    absl::StrAppend(&text, ", was ", ShortName(change.previous_scope()));
  }
  return text;
}

std::string SentenceOf(v1::ChangeKind kind, const v1::Change& change, const RegionNameOf& name_of) {
  const std::string& name =
      change.display_name().empty() ? change.target_id() : change.display_name();
  const std::string opened = Regions(change.opened_regions(), name_of);
  const std::string closed = Regions(change.closed_regions(), name_of);
  const std::string open_now = NumberOf(static_cast<size_t>(change.open_regions_size()), "region");
  switch (kind) {
    case v1::CHANGE_KIND_OPENED:
      return absl::StrCat(name, " opened in ", opened, ".");
    case v1::CHANGE_KIND_CLOSED:
      return absl::StrCat(name, " closed in ", closed, "; it is not known to be open anywhere.");
    case v1::CHANGE_KIND_WIDENED:
      return absl::StrCat(name, " opened in ", opened, " as well; it is open in ", open_now, ".");
    case v1::CHANGE_KIND_NARROWED:
      return absl::StrCat(name, " closed in ", closed, "; it is still open in ", open_now, ".");
    case v1::CHANGE_KIND_DISPUTED:
      return absl::StrCat("Reports on ", name, " from ", Regions(Disputed(change), name_of),
                          " contradict what is known to work and not to; nothing is said of it.");
    case v1::CHANGE_KIND_SERVICE:
      return change.service_state() == v1::SERVICE_STATE_DOWN
                 ? absl::StrCat(name, " itself is down; nothing is said about blocking.")
                 : absl::StrCat(name, " itself is not down any more.");
    case v1::CHANGE_KIND_CORRECTED:
      return absl::StrCat("Late reports changed what is said about ", name, " at ",
                          Day(change.window_start_time()), ": ", FromTo(change), ".");
    case v1::CHANGE_KIND_OTHER:
      return absl::StrCat(name, ": ", FromTo(change), ", open in ", open_now, ".");
    default:
      return "";
  }
}

}  // namespace

std::string EventWords(const v1::Event& event, const RegionNameOf& name_of) {
  return absl::StrCat(Noun(event), " in ", Place(event, name_of), " since ",
                      Day(event.onset_time()));
}

std::string EventSentence(const v1::Event& event, const RegionNameOf& name_of) {
  const std::string what = absl::StrCat("The ", EventWords(event, name_of));
  switch (event.end()) {
    case v1::EVENT_END_REVERSED:
      return absl::StrCat(what, " ended at ", Day(event.end_time()), ".");
    case v1::EVENT_END_LOST_SIGHT:
      return absl::StrCat(what, " was lost sight of: nobody reports from there.");
    case v1::EVENT_END_WITHDRAWN:
      return absl::StrCat(what, " is taken back: late reports show that it never was.");
    default:
      break;
  }
  if (event.duration() == v1::EVENT_DURATION_LONG_RUN) {
    return absl::StrCat(what, " has lasted for 14 days.");
  }
  if (event.duration() == v1::EVENT_DURATION_SUSTAINED) {
    return absl::StrCat(what, " has lasted for 3 days.");
  }
  return absl::StrCat(what, " is certain enough to be called one.");
}

std::string ChangeText(const v1::Change& change, const RegionNameOf& name_of) {
  std::vector<std::string> sentences;
  for (const int kind : change.kinds()) {
    std::string sentence = SentenceOf(static_cast<v1::ChangeKind>(kind), change, name_of);
    if (!sentence.empty()) sentences.push_back(std::move(sentence));
  }
  if (!change.events().empty()) sentences.push_back(EventSentences(change, name_of));
  return absl::StrJoin(sentences, " ");
}

}  // namespace sightline
