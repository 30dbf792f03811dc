#include "collector/told_events.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "collector/event_name.h"
#include "common/message.h"

namespace sightline {
namespace {

absl::Time OnsetOf(const v1::Event& event) { return FromProto(event.onset_time()); }

absl::Time EndOf(const v1::Event& event) {
  return event.has_end_time() ? FromProto(event.end_time()) : absl::InfiniteFuture();
}

bool IsWithdrawn(const v1::Event& event) { return event.end() == v1::EVENT_END_WITHDRAWN; }

bool SamePlaceAndKind(const v1::Event& one, const v1::Event& other) {
  return one.region() == other.region() && one.asn() == other.asn() && one.kind() == other.kind();
}

absl::Duration Overlap(const v1::Event& one, const v1::Event& other) {
  return std::min(EndOf(one), EndOf(other)) - std::max(OnsetOf(one), OnsetOf(other));
}

std::string Moment(absl::Time time) {
  const bool whole = absl::ToUnixSeconds(time) % 60 == 0;
  return absl::FormatTime(whole ? "%-d %B %Y, %H:%M UTC" : "%-d %B %Y, %H:%M:%S UTC", time,
                          absl::UTCTimeZone());
}

// For each of `now`, which of `told` it is; nullptr for what is new.
std::vector<const v1::Event*> Match(const std::vector<v1::Event>& now,
                                    const std::vector<v1::Event>& told) {
  struct Pair {
    size_t now;
    size_t told;
    absl::Duration overlap;
  };
  std::vector<Pair> pairs;
  for (size_t i = 0; i < now.size(); ++i) {
    for (size_t k = 0; k < told.size(); ++k) {
      if (!SamePlaceAndKind(now[i], told[k])) continue;
      const absl::Duration overlap = Overlap(now[i], told[k]);
      if (overlap > absl::ZeroDuration()) pairs.push_back({i, k, overlap});
    }
  }
  const auto rank = [&](const Pair& pair) {
    return std::make_tuple(IsWithdrawn(told[pair.told]), -pair.overlap,
                           absl::AbsDuration(OnsetOf(now[pair.now]) - OnsetOf(told[pair.told])),
                           OnsetOf(told[pair.told]), told[pair.told].event_id(),
                           OnsetOf(now[pair.now]));
  };
  std::sort(pairs.begin(), pairs.end(),
            [&](const Pair& a, const Pair& b) { return rank(a) < rank(b); });
  std::vector<const v1::Event*> found(now.size());
  std::vector<bool> used(told.size());
  for (const Pair& pair : pairs) {
    if (found[pair.now] != nullptr || used[pair.told]) continue;
    found[pair.now] = &told[pair.told];
    used[pair.told] = true;
  }
  return found;
}

// Among `events`, the one of the same place, kind and onset; nullptr when there is none.
const v1::Event* FindSame(const std::vector<v1::Event>& events, const v1::Event& event) {
  for (const v1::Event& each : events) {
    if (SamePlaceAndKind(each, event) && OnsetOf(each) == OnsetOf(event)) return &each;
  }
  return nullptr;
}

// "to have ended at ..."
std::string EndWords(const v1::Event& event) {
  switch (event.end()) {
    case v1::EVENT_END_REVERSED:
      return absl::StrCat("to have ended at ", Moment(EndOf(event)));
    case v1::EVENT_END_LOST_SIGHT:
      return absl::StrCat("to have been seen last at ", Moment(EndOf(event)));
    default:
      return "to go on";
  }
}

void AddMilestone(absl::string_view name, bool said, const google::protobuf::Timestamp& said_time,
                  bool is, const google::protobuf::Timestamp& is_time,
                  std::vector<std::string>& parts) {
  if (said == is && (!said || FromProto(said_time) == FromProto(is_time))) return;
  parts.push_back(said ? absl::StrCat("to be ", name, " since ", Moment(FromProto(said_time)))
                       : absl::StrCat("not to be ", name));
}

// What had been said of the past that is not so; empty when all of it is. `is` is what should have
// been said then, or, when nothing should, what was said first.
std::string Contradictions(const v1::Event& said, const v1::Event& is, bool known_then) {
  std::vector<std::string> parts;
  if (OnsetOf(said) != OnsetOf(is)) {
    parts.push_back(absl::StrCat("to have begun at ", Moment(OnsetOf(said))));
  }
  if (FromProto(said.detect_time()) != FromProto(is.detect_time())) {
    parts.push_back(absl::StrCat("to be known since ", Moment(FromProto(said.detect_time()))));
  }
  if (known_then) {
    if (said.end() != is.end() || EndOf(said) != EndOf(is)) parts.push_back(EndWords(said));
    AddMilestone("sustained", said.has_sustained_time(), said.sustained_time(),
                 is.has_sustained_time(), is.sustained_time(), parts);
    AddMilestone("long-running", said.has_long_run_time(), said.long_run_time(),
                 is.has_long_run_time(), is.long_run_time(), parts);
  }
  if (parts.empty()) return "";
  const std::string last = std::move(parts.back());
  parts.pop_back();
  const std::string first = absl::StrJoin(parts, ", ");
  return absl::StrCat("it was said ", first, first.empty() ? "" : " and ", last, ".");
}

class Teller {
 public:
  explicit Teller(const Retelling& facts) : facts_(facts), names_(facts.names_taken) {
    for (const v1::Event& event : facts.told) names_.insert(event.event_id());
  }

  std::vector<v1::Event> Run() {
    const std::vector<const v1::Event*> before = Match(facts_.now, facts_.told);
    std::set<const v1::Event*> there;
    std::vector<v1::Event> events;
    for (size_t i = 0; i < facts_.now.size(); ++i) {
      there.insert(before[i]);
      events.push_back(before[i] == nullptr ? First(facts_.now[i])
                                            : Again(facts_.now[i], *before[i]));
    }
    for (const v1::Event& event : facts_.told) {
      if (!there.contains(&event)) events.push_back(Gone(event));
    }
    std::sort(events.begin(), events.end(), [](const v1::Event& a, const v1::Event& b) {
      const auto order = [](const v1::Event& event) {
        return std::make_tuple(OnsetOf(event), event.region(), event.asn(), event.event_id());
      };
      return order(a) < order(b);
    });
    return events;
  }

 private:
  v1::Event Named(const v1::Event& content, std::string name) const {
    v1::Event event = content;
    event.set_event_id(std::move(name));
    event.set_target_id(facts_.target_id);
    event.set_country(facts_.country);
    return event;
  }

  std::string NewName(const v1::Event& event) {
    const std::string name =
        absl::StrCat(EventNameStem(facts_.target_id, facts_.country, event),
                     absl::FormatTime("%Y%m%dT%H%M%SZ", OnsetOf(event), absl::UTCTimeZone()));
    std::string unused = name;
    for (int i = 2; !names_.insert(unused).second; ++i) unused = absl::StrCat(name, ".", i);
    return unused;
  }

  void Amend(const v1::Event& about, std::string text, v1::Event& event) const {
    v1::EventAmendment& amendment = *event.add_amendments();
    *amendment.mutable_amend_time() = ToProto(facts_.amend_time);
    *amendment.mutable_window_start_time() =
        ToProto(facts_.changed_window.value_or(OnsetOf(about)));
    amendment.set_text(std::move(text));
    auto& all = *event.mutable_amendments();
    if (all.size() > kAmendmentsKept) all.DeleteSubrange(1, 1);
  }

  v1::Event First(const v1::Event& now) {
    v1::Event event = Named(now, NewName(now));
    if (facts_.goes_on && facts_.then.has_value() && FindSame(*facts_.then, now) != nullptr) {
      Amend(now, "it was not known before; late reports show it.", event);
    }
    return event;
  }

  v1::Event Again(const v1::Event& now, const v1::Event& told) const {
    v1::Event event = Named(now, told.event_id());
    *event.mutable_amendments() = told.amendments();
    if (IsWithdrawn(told)) {
      Amend(now, "it had been withdrawn.", event);
      return event;
    }
    if (!facts_.then.has_value()) return event;
    const v1::Event* then = FindSame(*facts_.then, now);
    std::string text = Contradictions(told, then == nullptr ? now : *then, then != nullptr);
    if (!text.empty()) Amend(told, std::move(text), event);
    return event;
  }

  v1::Event Gone(const v1::Event& told) const {
    if (IsWithdrawn(told)) return told;
    const bool before_all = facts_.begin.has_value() && OnsetOf(told) < *facts_.begin;
    if (before_all && told.has_end_time()) return told;
    v1::Event event = told;
    event.set_lasts_probability(0);
    const absl::Time until = facts_.told_until.value_or(FromProto(told.detect_time()));
    if (!told.has_end_time()) {
      *event.mutable_end_time() = ToProto(before_all ? std::min(until, *facts_.begin) : until);
    }
    if (before_all) {
      event.set_end(v1::EVENT_END_LOST_SIGHT);
      Amend(told, "it is not followed any more, because the rules or the windows changed.", event);
    } else {
      event.set_end(v1::EVENT_END_WITHDRAWN);
      Amend(told, "late reports show that it never was.", event);
    }
    return event;
  }

  const Retelling& facts_;
  std::set<std::string> names_;
};

v1::Event ContentOf(const v1::Event& event) {
  v1::Event content = event;
  content.clear_event_id();
  content.clear_target_id();
  content.clear_country();
  content.clear_amendments();
  return content;
}

}  // namespace

std::vector<v1::Event> Retell(const Retelling& retelling) { return Teller(retelling).Run(); }

bool SameContent(const v1::Event& one, const v1::Event& other) {
  return ContentOf(one).SerializeAsString() == ContentOf(other).SerializeAsString();
}

EventRecord ToRecord(const v1::Event& event) {
  return {event.event_id(), event.target_id(), event.country(),
          OnsetOf(event),   EndOf(event),      event.SerializeAsString()};
}

}  // namespace sightline
