// Made-up agents of one window and what they found on the contrasts, for what is judged of them.
#ifndef SIGHTLINE_TESTS_COLLECTOR_VERDICT_CROWD_H_
#define SIGHTLINE_TESTS_COLLECTOR_VERDICT_CROWD_H_

#include <deque>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "collector/verdict/trust.h"

namespace sightline {

// As the plan that we ship: four canaries, three domestic anchors, two foreign ones.
std::vector<KnownTarget> UsualContrasts();
// `canaries`, `domestic` and `foreign` of them.
std::vector<KnownTarget> SomeContrasts(int canaries, int domestic, int foreign);

// Whether a round of an agent reaches a contrast.
using Reaches = std::function<bool(const KnownTarget& contrast)>;

class Crowd {
 public:
  explicit Crowd(std::vector<KnownTarget> contrasts = UsualContrasts());

  // An agent with `rounds` rounds, alone in its bucket. Its rounds may be changed until the next
  // call, and those of all agents are valid as long as the crowd.
  OriginCounts& Join(const std::string& region, uint32_t asn, const Reaches& reaches,
                     uint32_t rounds = 1);

  std::vector<Trust> Judge(const std::string& target_id = "whatsapp") const;
  // What is made of the agent that joined as number `i`.
  Trust JudgeOne(size_t i, const std::string& target_id = "whatsapp") const;

  std::vector<KnownTarget> contrasts;
  std::vector<Witness> witnesses;

 private:
  std::deque<OriginCounts> rounds_;
};

// Anchors are reached and canaries are not.
bool AtHome(const KnownTarget& contrast);
// Everything is reached.
bool BehindVpn(const KnownTarget& contrast);
// AtHome, but the one named is the other way round.
Reaches AtHomeBut(const std::string& target_id);
// AtHome, with one answer in `odds` wrong.
Reaches WithMistakes(std::mt19937& random, uint32_t odds);
// Tosses a coin for every round.
Reaches CoinTosser(std::mt19937& random);

}  // namespace sightline

#endif  // SIGHTLINE_TESTS_COLLECTOR_VERDICT_CROWD_H_
