#include "collector/atom_feed.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "collector/change_text.h"
#include "collector/xml_text.h"
#include "common/crypto.h"
#include "common/message.h"

namespace sightline {
namespace {

std::string Element(const char* name, absl::string_view text) {
  return absl::StrCat("<", name, ">", XmlText(text), "</", name, ">\n");
}

std::string Rfc3339(absl::Time time) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", time, absl::UTCTimeZone());
}

// A UUID (RFC 9562, version 8) that is a function of `name` in this deployment. No entry has the
// name of another feed or deployment, also where both are shown in one list.
std::string IdOf(const std::string& deployment, absl::string_view name) {
  std::string bytes = Sha256(absl::StrCat(Sha256(deployment), name)).substr(0, 16);
  bytes[6] = static_cast<char>((bytes[6] & 0x0F) | 0x80);
  bytes[8] = static_cast<char>((bytes[8] & 0x3F) | 0x80);
  const std::string hex = absl::BytesToHexString(bytes);
  return absl::StrCat("urn:uuid:", hex.substr(0, 8), "-", hex.substr(8, 4), "-", hex.substr(12, 4),
                      "-", hex.substr(16, 4), "-", hex.substr(20));
}

// "About 60% of origins had access while it lasted."
std::string ShareSentence(const v1::Event& event) {
  if (event.windows_different() == 0 || event.end() == v1::EVENT_END_WITHDRAWN) return "";
  const bool over = event.end() != v1::EVENT_END_ONGOING;
  return absl::StrCat(" About ", static_cast<int>(100 * event.rate_mean() + 0.5), "% of origins ",
                      over ? "had access while it lasted." : "have access.");
}

std::string SummaryOf(const v1::Event& event, const FeedSource& source) {
  std::string summary = absl::StrCat(source.target_name(event.target_id()), ": ",
                                     EventSentence(event, source.place_name), ShareSentence(event));
  if (event.amendments().empty()) return summary;
  const v1::EventAmendment& last = *event.amendments().rbegin();
  absl::StrAppend(
      &summary, " Amended on ",
      absl::FormatTime("%Y-%m-%d %H:%M UTC", FromProto(last.amend_time()), absl::UTCTimeZone()),
      ": ", last.text());
  return summary;
}

std::string TitleOf(const v1::Event& event, const FeedSource& source) {
  return absl::StrCat(source.target_name(event.target_id()), ": ",
                      event.end() == v1::EVENT_END_WITHDRAWN ? "taken back: " : "",
                      EventWords(event, source.place_name));
}

std::string LinkTo(const char* relation, const char* type, absl::string_view url) {
  return absl::StrCat("<link rel=\"", relation, "\" type=\"", type, "\" href=\"", XmlText(url),
                      "\"/>\n");
}

std::string EntryOf(const v1::Event& event, const FeedSource& source) {
  return absl::StrCat(
      "<entry>\n", Element("id", IdOf(source.deployment, event.event_id())),
      Element("title", TitleOf(event, source)), Element("updated", Rfc3339(UpdateTime(event))),
      Element("published", Rfc3339(FromProto(event.detect_time()))),
      LinkTo("alternate", "text/html", absl::StrCat(source.base_url, source.page_of(event))),
      "<category term=\"", XmlText(event.target_id()), "\"/>\n",
      Element("summary", SummaryOf(event, source)), "</entry>\n");
}

}  // namespace

absl::Time UpdateTime(const v1::Event& event) {
  absl::Time newest = FromProto(event.detect_time());
  const auto add = [&](bool set, const google::protobuf::Timestamp& time) {
    if (set) newest = std::max(newest, FromProto(time));
  };
  add(event.has_end_time(), event.end_time());
  add(event.has_sustained_time(), event.sustained_time());
  add(event.has_long_run_time(), event.long_run_time());
  for (const v1::EventAmendment& amendment : event.amendments()) {
    add(amendment.has_amend_time(), amendment.amend_time());
  }
  return newest;
}

std::string AtomFeed(const std::string& country, absl::Span<const v1::Event> events,
                     const FeedSource& source, absl::Time updated) {
  std::vector<std::pair<absl::Time, const v1::Event*>> newest;
  for (const v1::Event& event : events) newest.emplace_back(UpdateTime(event), &event);
  std::sort(newest.begin(), newest.end(), [](const auto& one, const auto& other) {
    if (one.first != other.first) return one.first > other.first;
    return one.second->event_id() < other.second->event_id();
  });
  if (newest.size() > kFeedEntriesMax) newest.resize(kFeedEntriesMax);
  if (!newest.empty()) updated = newest.front().first;
  std::string feed = absl::StrCat(
      "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\">\n",
      Element("id", IdOf(source.deployment, absl::StrCat("feed/", country))),
      Element("title",
              absl::StrCat("Sightline: openings and closings in ", source.place_name(country))),
      Element("updated", Rfc3339(updated)), "<author><name>Sightline</name></author>\n",
      LinkTo("self", "application/atom+xml",
             absl::StrCat(source.base_url, "/feed/", country, ".atom")),
      LinkTo("alternate", "text/html", absl::StrCat(source.base_url, "/")));
  for (const auto& [time, event] : newest) feed += EntryOf(*event, source);
  return feed + "</feed>\n";
}

}  // namespace sightline
