// A store with verdicts, events and changes of made-up hours, for tests of what readers get.
#ifndef SIGHTLINE_TESTS_COLLECTOR_SAID_WORLD_H_
#define SIGHTLINE_TESTS_COLLECTOR_SAID_WORLD_H_

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "collector/change_teller.h"
#include "collector/stored_verdicts.h"
#include "tests/collector/cells_world.h"
#include "tests/collector/memory_store.h"

namespace sightline {

// Writes as the fold does. Whatsapp in Beijing and Shanghai, and signal beside it, always blocked.
class SaidWorld {
 public:
  SaidWorld() { EXPECT_TRUE(*store.MoveLease("fold", {}, lease)); }

  static v1::TargetVerdict Verdict(const std::string& target_id, bool open) {
    v1::TargetVerdict verdict;
    verdict.set_target_id(target_id);
    verdict.set_scope(open ? v1::SCOPE_LOCAL : v1::SCOPE_NOWHERE);
    verdict.set_service_state(v1::SERVICE_STATE_UP);
    for (const char* code : {"CN-BJ", "CN-SH"}) {
      v1::RegionAccess& region = *verdict.add_regions();
      region.set_region(code);
      const bool is_open = open && code == std::string("CN-BJ");
      region.mutable_access()->set_state(is_open ? v1::ACCESS_STATE_OPEN
                                                 : v1::ACCESS_STATE_BLOCKED);
      region.mutable_access()->set_rate_mean(is_open ? 0.9 : 0.1);
    }
    return verdict;
  }

  // Says of the hour whether whatsapp is open in Beijing.
  void Say(int hour, bool open) {
    std::vector<VerdictRecord> rows;
    for (const char* target : {"signal", "whatsapp"}) {
      VerdictRecord row = CellRow(target, hour, CellsOf({{"CN-BJ", 0}}));
      row.verdict = Verdict(target, open && target == std::string("whatsapp")).SerializeAsString();
      rows.push_back(std::move(row));
    }
    const auto said = teller.Tell(rows, {}, CellTime(hour + 1));
    ASSERT_TRUE(said.ok()) << said.status();
    ASSERT_TRUE(
        store
            .WriteFold("fold", lease,
                       {.verdicts = rows, .changes = said->changes, .statements = said->statements})
            .ok());
    teller.Commit();
  }

  // Puts the newest hour on the board.
  void Show(Board& board) { EXPECT_TRUE(ShowStored(store, plan, FollowerOptions(), board).ok()); }

  const LeaseRecord lease = {"n1", 1, 1};
  const v1::Plan plan = TestPlan();
  MemoryStore store;
  ChangeTeller teller{store};
};

}  // namespace sightline

#endif  // SIGHTLINE_TESTS_COLLECTOR_SAID_WORLD_H_
