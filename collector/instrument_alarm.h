// Raises broken versions of the agent to the operator: once when they turn up, not every window.
#ifndef SIGHTLINE_COLLECTOR_INSTRUMENT_ALARM_H_
#define SIGHTLINE_COLLECTOR_INSTRUMENT_ALARM_H_

#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "collector/verdict/instrument.h"
#include "collector/verdict/verdict.h"

namespace sightline {

// A version that fails on a target where other versions do not.
struct InstrumentNews {
  std::string target_id;
  InstrumentBug bug;
};

// Not thread-safe.
class InstrumentAlarm {
 public:
  // Those of the judgement that the one before on the same country did not have. Also logs them.
  std::vector<InstrumentNews> Note(const Judgement& judgement);

 private:
  using Known = std::set<std::tuple<std::string, std::string, bool>>;  // target, version, disputed

  std::map<std::string, Known> known_;  // by country
};

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_INSTRUMENT_ALARM_H_
