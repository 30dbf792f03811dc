// What is open where: how often honest agents of a cell (region and network) find each contrast
// open, learnt together with who is honest. Pure functions.
//
// Expectation-maximisation (Dempster, Laird, Rubin, JRSS B 39, 1977) with a fixed number of steps;
// the rate q of a contrast in a cell has a prior as strong as ten agents. It can end in a wrong
// place: where all canaries open, everybody looks like a VPN. So it is begun from a second place
// too, in which the canaries are open or the foreign anchors closed, whichever most of the agents
// say (a censor that gave up, an international line that is cut), and the likelier end is taken.
// The second place costs 1e-4 for either. A domestic anchor that is down needs none. A cell, a
// whole region or the whole country can be turned over at one price, so that two agents in each of
// thirty regions suffice to see a country open. A cell that is turned alone is looked at once more
// with as many VPNs as the rest of its region has: where half of a city is behind one, a network of
// it in which all are is no opening.
#ifndef SIGHTLINE_COLLECTOR_VERDICT_TRUST_FIT_H_
#define SIGHTLINE_COLLECTOR_VERDICT_TRUST_FIT_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "sightline/v1/plan.pb.h"

namespace sightline {

// What one witness found on one contrast: the likelihood of its rounds by what is behind them. All
// are 1 without a decided round.
struct Answer {
  double open = 1;       // the contrast is open for it
  double closed = 1;     // it is not
  double coin = 1;       // it tossed a coin for each round
  double share = 0;      // of decided rounds that reached it
  bool decided = false;  // there was such a round

  // When the contrast is open for a share `rate` of such agents.
  double At(double rate) const { return rate * open + (1 - rate) * closed; }
};

// From counts of rounds.
Answer AnswerOf(uint32_t open, uint32_t blocked);

// Answers of all witnesses.
struct WitnessTable {
  size_t contrasts = 0;
  std::vector<Answer> answers;  // [witness * contrasts + contrast]
  std::vector<double> pull;     // by witness
  // Witnesses in order, by region and network.
  std::map<std::string, std::map<uint32_t, std::vector<size_t>>> cells;

  const Answer& At(size_t witness, size_t contrast) const {
    return answers[witness * contrasts + contrast];
  }
};

// A contrast in use.
struct UsedContrast {
  size_t column = 0;  // in WitnessTable
  v1::TargetKind kind = v1::TARGET_KIND_UNSPECIFIED;
};

// What stands beside the contrasts, by witness: prior times likelihood of each kind of agent,
// without the contrasts for the honest, with them for the others.
struct Kinds {
  std::vector<double> honest;
  std::vector<double> others;  // bypassing and unreliable together
};

// Rates of the used contrasts, by witness [witness * used + number]: those of its cell.
std::vector<double> FitRates(const WitnessTable& table, const std::vector<UsedContrast>& used,
                             const Kinds& kinds);

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_VERDICT_TRUST_FIT_H_
