// How often scope and states are right on made-up countries. Not a test; prints tables.
//
//   scope_report FIRST_SEED LAST_SEED
//
// The shapes and weights of posterior.h and scope.h were chosen on seeds 1 to 9 and are reported on
// 101 to 109.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <iostream>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/message.h"
#include "tests/collector/verdict/country.h"

namespace sightline {
namespace {

struct Seeds {
  uint64_t first = 0;
  uint64_t last = 0;
};

constexpr uint64_t kEach = 20;  // countries of a row and seed

struct Kind {
  const char* name;
  v1::Scope scope;
  double rate;
  bool mirror;
};

constexpr Kind kKinds[] = {
    {"NOWHERE", v1::SCOPE_NOWHERE, 1, false},
    {"ISOLATED 1", v1::SCOPE_ISOLATED, 1, false},
    {"LOCAL 1", v1::SCOPE_LOCAL, 1, false},
    {"LOCAL .6", v1::SCOPE_LOCAL, 0.6, false},
    {"LOCAL mirror", v1::SCOPE_LOCAL, 1, true},
    {"BY_NETWORK 1", v1::SCOPE_BY_NETWORK, 1, false},
    {"WIDESPREAD 1", v1::SCOPE_WIDESPREAD, 1, false},
    {"WIDESPREAD .6", v1::SCOPE_WIDESPREAD, 0.6, false},
};

// Not asked for, so not in the sums.
constexpr Kind kMore[] = {
    {"ISOLATED .6", v1::SCOPE_ISOLATED, 0.6, false},
    {"BY_NETWORK .6", v1::SCOPE_BY_NETWORK, 0.6, false},
    {"MIXED 1", v1::SCOPE_MIXED, 1, false},
};

// Answers with their probabilities.
class Score {
 public:
  void Add(v1::Scope truth, const ScopeOdds& odds) {
    ++said_[odds.best];
    Add(odds.best == truth, odds.best_posterior);
  }
  void Add(bool right, double probability) {
    ++all_;
    right_ += right ? 1 : 0;
    const bool stated = probability >= kScopeSure;
    stated_ += stated ? 1 : 0;
    stated_right_ += stated && right ? 1 : 0;
    auto& [count, sum, hits] =
        bins_[std::min<size_t>(kBins - 1, static_cast<size_t>(probability * kBins))];
    count += 1;
    sum += probability;
    hits += right ? 1 : 0;
  }
  // Mean distance of probability and share of right answers, over ten bins of probability.
  double Ece() const {
    double error = 0;
    for (const auto& [count, sum, hits] : bins_) error += std::abs(sum - hits);
    return error / all_;
  }
  // What was most probable, and how often.
  std::string Said() const {
    std::string text;
    for (const auto& [scope, count] : said_) {
      absl::StrAppend(&text, " ", ShortName(scope), " ", count);
    }
    return text;
  }
  std::string Row() const {
    return absl::StrFormat("accuracy %.3f  stated %.3f  precision %.4f  ECE %.3f", right_ / all_,
                           stated_ / all_, stated_ > 0 ? stated_right_ / stated_ : 1.0, Ece());
  }

 private:
  static constexpr size_t kBins = 10;
  struct Bin {
    double count = 0;
    double sum = 0;
    double hits = 0;
  };
  double all_ = 0;
  double right_ = 0;
  double stated_ = 0;
  double stated_right_ = 0;
  std::array<Bin, kBins> bins_;
  std::map<v1::Scope, int> said_;
};

// Calls `see(country)` with the countries of every seed.
template <typename See>
void ForEach(const Seeds& seeds, const CountryOptions& options, See see) {
  for (uint64_t seed = seeds.first; seed <= seeds.last; ++seed) {
    for (uint64_t i = 0; i < kEach; ++i) see(MakeCountry(options, seed * 1000 + i));
  }
}

void PrintScopes(const Seeds& seeds, bool each_kind) {
  Score overall;
  for (const size_t regions : {6, 31}) {
    for (const int agents : {4, 6}) {
      for (const double contamination : {0.0, 0.05, 0.1, 0.2}) {
        const std::string world =
            absl::StrFormat("%2d x 3 x %d, %2.0f%%", regions, agents, 100 * contamination);
        Score sum;
        const auto run = [&](const Kind& kind, bool counted) {
          Score score;
          CountryOptions options;
          options.regions = regions;
          options.agents = agents;
          options.scope = kind.scope;
          options.rate = kind.rate;
          options.mirror = kind.mirror;
          options.contamination = contamination;
          ForEach(seeds, options, [&](const Country& country) {
            const ScopeOdds odds = OddsOf(country.input).value();
            const bool right = odds.best == kind.scope;
            score.Add(kind.scope, odds);
            if (!counted) return;
            sum.Add(right, odds.best_posterior);
            overall.Add(right, odds.best_posterior);
          });
          if (each_kind)
            std::cout << absl::StrFormat("%s %-14s %s %s\n", world, kind.name, score.Row(),
                                         score.Said());
        };
        for (const Kind& kind : kKinds) run(kind, true);
        for (const Kind& kind : kMore) run(kind, false);
        std::cout << absl::StrFormat("%s %-14s %s\n", world, "all", sum.Row());
      }
    }
  }
  std::cout << "overall " << overall.Row() << "\n";
}

// One region of so many origins at a share with access, contamination included.
void PrintStates(const Seeds& seeds) {
  Score score;
  for (const int agents : {4, 6, 8, 10, 12, 19, 30}) {
    for (const double share : {0.0, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0}) {
      CountryOptions options;
      options.regions = 10;
      options.networks = 1;
      options.agents = agents;
      options.contamination = share;
      std::array<double, 4> counts{};  // blocked, partial, open, unknown
      double all = 0;
      ForEach({seeds.first, seeds.last}, options, [&](const Country& country) {
        for (const VoteSums& votes : country.votes) {
          const Posterior posterior = PosteriorOf(votes);
          const v1::AccessState state = StateOf(votes, posterior);
          ++all;
          if (state == v1::ACCESS_STATE_BLOCKED) ++counts[0];
          if (state == v1::ACCESS_STATE_PARTIAL) ++counts[1];
          if (state == v1::ACCESS_STATE_OPEN) ++counts[2];
          if (state == v1::ACCESS_STATE_UNKNOWN) ++counts[3];
        }
      });
      std::cout << absl::StrFormat(
          "%2d origins, share %.2f: blocked %.3f  partial %.3f  open %.3f  unknown %.3f\n", agents,
          share, counts[0] / all, counts[1] / all, counts[2] / all, counts[3] / all);
    }
  }
}

}  // namespace
}  // namespace sightline

int main(int argc, char** argv) {
  const sightline::Seeds seeds{argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 101,
                               argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 109};
  sightline::PrintScopes(seeds, argc > 3);
  if (argc <= 4) sightline::PrintStates(seeds);
  return 0;
}
