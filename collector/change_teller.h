// From the verdicts and events that the fold is about to write to the changes that readers are told
// of, each once and in order.
#ifndef SIGHTLINE_COLLECTOR_CHANGE_TELLER_H_
#define SIGHTLINE_COLLECTOR_CHANGE_TELLER_H_

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "collector/changes.h"
#include "collector/store/store.h"

namespace sightline {

// A target's verdict on the newest window that was ever judged is compared with the last statement
// on it; one on an earlier window with the stored verdict on that window, and then it is a
// correction. What is told rests on the rows that go into the store with it: after a restart, or
// with another leader, it goes on where the store is.
//
// Not thread-safe; blocks on the store.
class ChangeTeller {
 public:
  // `store` must outlive it.
  explicit ChangeTeller(Store& store) : store_(store) {}

  struct Rows {
    std::vector<ChangeRecord> changes;
    std::vector<StatementRecord> statements;
  };

  // What is to be written with `verdicts` and with the events of `steps`. `time` is how far the log
  // was read. It counts as told after Commit. Errors are those of the store; call again.
  absl::StatusOr<Rows> Tell(absl::Span<const VerdictRecord> verdicts,
                            absl::Span<const EventStep> steps, absl::Time time);

  // The rows of the last Tell were written.
  void Commit();

  // Whether they were is not known: what was told is read from the store again.
  void Forget() { countries_.clear(); }

 private:
  struct Country {
    int64_t newest = 0;  // change_seq
    std::map<std::string, internal::v1::Statement> statements;
    // Of the last Tell.
    int64_t next_newest = 0;
    std::map<std::string, internal::v1::Statement> next_statements;
  };
  absl::StatusOr<Country*> Load(const std::string& name);
  absl::Status TellTarget(const std::vector<const VerdictRecord*>& windows,
                          std::vector<EventStep> steps, absl::Time time, Country& country,
                          Rows& rows);
  absl::Status Correct(const VerdictRecord& record, const v1::TargetVerdict& verdict,
                       absl::Time time, Country& country, Rows& rows);
  absl::StatusOr<const v1::TargetVerdict*> Replaced(const VerdictRecord& record);
  static void Add(const std::string& name, v1::Change change, absl::Time time, Country& country,
                  Rows& rows);

  Store& store_;
  std::map<std::string, Country> countries_;
  // During a Tell: the stored verdicts of the windows that it corrects, by target. Each is read
  // once.
  std::map<std::pair<std::string, absl::Time>, std::map<std::string, v1::TargetVerdict>> replaced_;
};

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_CHANGE_TELLER_H_
