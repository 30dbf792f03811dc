// Evidence detail only where it says something new, so that a day's reports stay small.
#ifndef SIGHTLINE_AGENT_DETAIL_H_
#define SIGHTLINE_AGENT_DETAIL_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "sightline/v1/observation.pb.h"

namespace sightline::agent {

// Detail is told again after this time, so that a reader of one day finds it there.
inline constexpr absl::Duration kDetailRefresh = absl::Hours(6);
// Variants of a check's detail that are remembered: names whose addresses rotate have several.
inline constexpr size_t kDetailVariantsMax = 16;
// What detail may take in the long run, and how much of it may be saved up: bytes.
inline constexpr int64_t kDetailBytesPerHour = 14 * 1024;
inline constexpr int64_t kDetailBytesSavedMax = 32 * 1024;
// How far news may overdraw the allowance: bytes. Far above the first round of a common plan.
inline constexpr int64_t kDetailBytesDebtMax = 256 * 1024;

// Whether an observation holds detail: dns, attempts, contrasts, redirects or other_lookups.
bool HasDetail(const v1::Observation& observation);

// Takes the detail from an observation; states, failures, causes and times stay.
void DropDetail(v1::Observation& observation);

// 16 bytes that are equal for observations that say the same. Left out of it are times, times to
// live, byte counts, the order of answers and of addresses, hashes and exact sizes of bodies,
// queries of URLs, and what is random by design. Everything else counts, also fields that are added
// later. Pure.
std::string DetailFingerprint(const v1::Observation& observation);

// Decides which observations keep their detail. Deterministic; not thread-safe. After a start, and
// after Reset, everything is new.
//
//   1. Detail that says the same as one that a batch kept less than kDetailRefresh ago is left out,
//      and the observation names that batch.
//   2. Otherwise it is news when the state (layers, failure, causes) is not that of the check's
//   last
//      observation, or when none of the check was kept within kDetailRefresh. News is kept, in debt
//      if need be.
//   3. Otherwise only answers differ, and some differ every time: forged addresses are drawn from
//      large pools. Such detail is kept while the allowance lasts.
//
// What 2 and 3 have no bytes for is left out without naming a batch.
//
// A batch that is named may be lost afterwards, while it waits in a full spool; its detail is then
// gone for those that name it. What verdicts are made of is in every observation.
class DetailFilter {
 public:
  // Leaves out detail from the observations of one round. Call before sealing.
  void Thin(absl::Time round_time, std::vector<v1::Observation>& observations);

  // Tells that the batch, which holds these observations of that round, is in the spool.
  void Remember(uint64_t batch_seq, absl::Time round_time,
                const google::protobuf::RepeatedPtrField<v1::Observation>& observations);

  // Forgets everything: a batch that held detail may be lost.
  void Reset();

 private:
  // Detail that a batch holds.
  struct Variant {
    std::string fingerprint;
    uint64_t batch_seq = 0;
    absl::Time round_time;
  };
  // One check's past.
  struct Past {
    std::string state;
    // Oldest first.
    std::vector<Variant> variants;
  };

  void Expire(absl::Time now);
  void Earn(absl::Time now);
  const Variant* Find(absl::string_view check_id, absl::string_view fingerprint) const;
  bool IsNews(const v1::Observation& observation) const;

  absl::flat_hash_map<std::string, Past> pasts_;
  int64_t allowance_bytes_ = kDetailBytesSavedMax;
  absl::Time earned_until_ = absl::InfinitePast();
};

}  // namespace sightline::agent

#endif  // SIGHTLINE_AGENT_DETAIL_H_
