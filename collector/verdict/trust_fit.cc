#include "collector/verdict/trust_fit.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace sightline {
namespace {

constexpr double kMistake = 0.01;     // a round differs from what the window was like
constexpr double kUnsteady = 0.02;    // the contrast was this and that within the window
constexpr double kRoundsMax = 4;      // more rounds repeat these
constexpr double kRateOpen = 0.97;    // of an anchor, before anything is known of the cell
constexpr double kRateClosed = 0.05;  // of a canary
constexpr double kTurnedOpen = 0.9;   // of a canary where canaries are said to be open
constexpr double kTurnedClosed = 0.1;
constexpr double kRateAgents = 10;  // that the prior of a rate is worth
constexpr int kSteps = 4;
constexpr double kLogPriceOfTurning = -9.21034;  // ln 1e-4
// Beta prior of the share of a region's agents that are not what they seem: mean 0.05.
constexpr double kOthersPrior = 1;
constexpr double kHonestPrior = 19;

using Agents = std::vector<size_t>;
using Rates = std::vector<double>;  // by number of the used contrast

struct Fit {
  double score = 0;  // ln of likelihood, prior of rates and price of where it began
  Rates rates;
  bool turned = false;  // begun from what most agents say
};

// How common honest agents and others are in a place, over how common they are everywhere.
struct Mix {
  double honest = 1;
  double others = 1;
};

// The fits of several cells, whose scores add up.
struct Fits {
  double score = 0;
  std::vector<std::pair<const Agents*, Fit>> cells;

  void Add(const Agents& agents, Fit fit) {
    score += fit.score;
    cells.emplace_back(&agents, std::move(fit));
  }
  void Add(Fits other) {
    score += other.score;
    for (auto& cell : other.cells) cells.push_back(std::move(cell));
  }
};

// ln of the density of a rate under its prior, less that at the prior's own rate.
double LogPrior(double rate, double expected) {
  return kRateAgents * (expected * std::log(rate / expected) +
                        (1 - expected) * std::log((1 - rate) / (1 - expected)));
}

class Fitter {
 public:
  Fitter(const WitnessTable& table, const std::vector<UsedContrast>& used, const Kinds& kinds)
      : table_(table), used_(used), kinds_(kinds) {
    for (const UsedContrast& each : used) {
      usual_.push_back(each.kind == v1::TARGET_KIND_CANARY ? kRateClosed : kRateOpen);
    }
  }

  Fits Country() const {
    std::vector<const Agents*> all;
    Fits apart;
    for (const auto& [region, networks] : table_.cells) {
      std::vector<const Agents*> cells;
      for (const auto& [asn, agents] : networks) cells.push_back(&agents);
      all.insert(all.end(), cells.begin(), cells.end());
      Fits separate;
      for (const Agents* cell : cells) separate.Add(Best({cell}, Usual(*cell)));
      if (cells.size() > 1) separate = Best(cells, std::move(separate));
      Reconsider(separate);
      apart.Add(std::move(separate));
    }
    return table_.cells.size() > 1 ? Best(all, std::move(apart)) : apart;
  }

 private:
  Fits Usual(const Agents& cell) const {
    Fits fits;
    fits.Add(cell, Run(cell, usual_));
    return fits;
  }

  // `apart`, or the cells begun from what most of their agents say, whichever is likelier.
  Fits Best(const std::vector<const Agents*>& cells, Fits apart) const {
    Rates turned = usual_;
    const int kinds = Turn(cells, turned);
    if (kinds == 0) return apart;
    Fits together;
    together.score = kinds * kLogPriceOfTurning;
    for (const Agents* cell : cells) {
      Fit fit = Run(*cell, turned);
      fit.turned = true;
      together.Add(*cell, std::move(fit));
    }
    return together.score > apart.score ? together : std::move(apart);
  }

  // Cells of a region that were turned while others were not. Where many of the others' agents are
  // behind VPNs, a cell in which nearly all are is no wonder, and hardly an opening.
  void Reconsider(Fits& region) const {
    double others = kOthersPrior;
    double all = kOthersPrior + kHonestPrior;
    for (const auto& [cell, fit] : region.cells) {
      if (fit.turned) continue;
      for (const size_t agent : *cell) {
        const double honest = Honest(agent, fit.rates);
        others += table_.pull[agent] * kinds_.others[agent] / (honest + kinds_.others[agent]);
        all += table_.pull[agent];
      }
    }
    const double usual = kOthersPrior / (kOthersPrior + kHonestPrior);
    const Mix mix = {(1 - others / all) / (1 - usual), others / all / usual};
    if (mix.others <= 1) return;
    for (auto& [cell, fit] : region.cells) {
      if (!fit.turned) continue;
      Rates turned = usual_;
      const int kinds = Turn({cell}, turned);
      if (Run(*cell, usual_, mix).score <
          Run(*cell, turned, mix).score + kinds * kLogPriceOfTurning) {
        continue;
      }
      region.score -= fit.score;
      fit = Run(*cell, usual_);
      region.score += fit.score;
    }
  }

  // Turns over what most of the agents in `cells` contradict; returns how many kinds that are.
  int Turn(const std::vector<const Agents*>& cells, Rates& rates) const {
    std::vector<double> open(used_.size());
    std::vector<double> decided(used_.size());
    for (const Agents* cell : cells) {
      for (const size_t agent : *cell) {
        for (size_t i = 0; i < used_.size(); ++i) {
          const Answer& answer = table_.At(agent, used_[i].column);
          if (!answer.decided) continue;
          open[i] += table_.pull[agent] * answer.share;
          decided[i] += table_.pull[agent];
        }
      }
    }
    const auto sum = [&](const std::vector<double>& values, v1::TargetKind kind) {
      double result = 0;
      for (size_t i = 0; i < used_.size(); ++i) result += used_[i].kind == kind ? values[i] : 0;
      return result;
    };
    const bool canaries_open =
        sum(open, v1::TARGET_KIND_CANARY) > 0.5 * sum(decided, v1::TARGET_KIND_CANARY);
    const bool abroad_cut = sum(open, v1::TARGET_KIND_FOREIGN_ANCHOR) <
                            0.5 * sum(decided, v1::TARGET_KIND_FOREIGN_ANCHOR);
    for (size_t i = 0; i < used_.size(); ++i) {
      if (used_[i].kind == v1::TARGET_KIND_CANARY) {
        if (canaries_open) rates[i] = kTurnedOpen;
      } else if (used_[i].kind == v1::TARGET_KIND_FOREIGN_ANCHOR) {
        if (abroad_cut) rates[i] = kTurnedClosed;
      }
    }
    return (canaries_open ? 1 : 0) + (abroad_cut ? 1 : 0);
  }

  double Honest(size_t agent, const Rates& rates) const {
    double likelihood = kinds_.honest[agent];
    for (size_t i = 0; i < used_.size(); ++i) {
      likelihood *= table_.At(agent, used_[i].column).At(rates[i]);
    }
    return likelihood;
  }

  Fit Run(const Agents& cell, const Rates& expected, const Mix& mix = {}) const {
    Fit fit;
    fit.rates = expected;
    for (int step = 0; step < kSteps; ++step) {
      Rates open(used_.size());
      Rates decided(used_.size());
      for (size_t i = 0; i < used_.size(); ++i) {
        open[i] = kRateAgents * expected[i];
        decided[i] = kRateAgents;
      }
      for (const size_t agent : cell) {
        const double honest = mix.honest * Honest(agent, fit.rates);
        const double others = mix.others * kinds_.others[agent];
        const double weight = table_.pull[agent] * honest / (honest + others);
        for (size_t i = 0; i < used_.size(); ++i) {
          const Answer& answer = table_.At(agent, used_[i].column);
          if (!answer.decided) continue;
          open[i] += weight * answer.share;
          decided[i] += weight;
        }
      }
      for (size_t i = 0; i < used_.size(); ++i) fit.rates[i] = open[i] / decided[i];
    }
    for (const size_t agent : cell) {
      fit.score += table_.pull[agent] * std::log(mix.honest * Honest(agent, fit.rates) +
                                                 mix.others * kinds_.others[agent]);
    }
    for (size_t i = 0; i < used_.size(); ++i) fit.score += LogPrior(fit.rates[i], expected[i]);
    return fit;
  }

  const WitnessTable& table_;
  const std::vector<UsedContrast>& used_;
  const Kinds& kinds_;
  Rates usual_;
};

}  // namespace

Answer AnswerOf(uint32_t open, uint32_t blocked) {
  Answer answer;
  const double rounds = static_cast<double>(open) + blocked;
  if (rounds == 0) return answer;
  answer.decided = true;
  answer.share = open / rounds;
  const double counted = std::min(rounds, kRoundsMax);
  const double reached = counted * answer.share;
  answer.coin = std::pow(0.5, counted);
  const auto steady = [&](double right) {
    const double likelihood = std::pow(1 - kMistake, right) * std::pow(kMistake, counted - right);
    return (1 - kUnsteady) * likelihood + kUnsteady * answer.coin;
  };
  answer.open = steady(reached);
  answer.closed = steady(counted - reached);
  return answer;
}

std::vector<double> FitRates(const WitnessTable& table, const std::vector<UsedContrast>& used,
                             const Kinds& kinds) {
  std::vector<double> rates(table.pull.size() * used.size());
  for (const auto& [agents, fit] : Fitter(table, used, kinds).Country().cells) {
    for (const size_t agent : *agents) {
      std::copy(fit.rates.begin(), fit.rates.end(), rates.begin() + agent * used.size());
    }
  }
  return rates;
}

}  // namespace sightline
