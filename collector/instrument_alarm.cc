#include "collector/instrument_alarm.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "collector/log.h"

namespace sightline {

std::vector<InstrumentNews> InstrumentAlarm::Note(const Judgement& judgement) {
  std::vector<InstrumentNews> news;
  Known seen;
  Known& known = known_[judgement.summary.country()];
  for (size_t i = 0; i < judgement.tallies.size(); ++i) {
    const std::string& target_id = judgement.summary.verdicts(static_cast<int>(i)).target_id();
    for (const InstrumentBug& bug : judgement.tallies[i].instrument_bugs) {
      const auto key = std::make_tuple(target_id, bug.agent_version, bug.disputed);
      seen.insert(key);
      if (!known.contains(key)) news.push_back({target_id, bug});
    }
  }
  known = std::move(seen);
  for (const InstrumentNews& each : news) {
    Log(LogLevel::kWarn, "verdict", "instrument_bug",
        {{"version", each.bug.agent_version},
         {"target", each.target_id},
         {"origins", absl::StrCat(each.bug.buckets)},
         {"detail", each.bug.disputed
                        ? "fails where other versions do not, and is on too many machines to be "
                          "left out: nothing is said of the target"
                        : "fails where other versions do not; its votes are left out"}});
  }
  return news;
}

}  // namespace sightline
