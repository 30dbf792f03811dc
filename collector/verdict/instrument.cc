#include "collector/verdict/instrument.h"

#include <map>
#include <optional>
#include <utility>

namespace sightline {
namespace {

constexpr double kFailsMin = 0.8;
constexpr double kOthersFailMax = 0.2;
constexpr uint32_t kBucketsOfVersionMin = 4;
constexpr uint32_t kCellsMin = 2;
constexpr double kChiSquaredMin = 15;
constexpr double kOthersShareMin = 0.15;

struct Count {
  uint32_t buckets = 0;
  uint32_t failed = 0;
  double weight = 0;

  void Add(const Count& other) {
    buckets += other.buckets;
    failed += other.failed;
    weight += other.weight;
  }
  Count Without(const Count& part) const {
    return {buckets - part.buckets, failed - part.failed, weight - part.weight};
  }
};

using Cell = std::pair<std::string, uint32_t>;  // region, asn

// One version against the others, over the cells that have both.
struct Comparison {
  Count own;
  Count others;
  uint32_t cells = 0;
  double excess = 0;    // failures of the version above what would be expected
  double variance = 0;  // of that, if the version did not matter

  void Add(const Count& version, const Count& all) {
    const Count rest = all.Without(version);
    if (version.buckets == 0 || rest.buckets == 0) return;
    own.Add(version);
    others.Add(rest);
    ++cells;
    const double n = all.buckets;
    const double mean = static_cast<double>(version.buckets) * all.failed / n;
    excess += version.failed - mean;
    variance += mean * (n - all.failed) / n * rest.buckets / (n - 1);
  }

  bool Suspicious() const {
    return own.buckets >= kBucketsOfVersionMin && cells >= kCellsMin &&
           own.failed >= kFailsMin * own.buckets &&
           others.failed <= kOthersFailMax * others.buckets && excess > 0 &&
           excess * excess > kChiSquaredMin * variance;
  }
};

// Whether controls say that it is the version.
bool ControlsSettle(const std::vector<VersionControl>& controls, const std::string& version) {
  Count own;
  Count others;
  for (const VersionControl& control : controls) {
    Count& count = control.agent_version == version ? own : others;
    count.Add({1, control.failed ? 1U : 0U, 1});
  }
  return own.buckets > 0 && own.failed == own.buckets && 2 * others.failed < others.buckets;
}

// What is made of a suspicious version: nothing, a bug (false) or disputed (true).
std::optional<bool> DisputedOf(const Comparison& comparison, const Count& version, const Count& all,
                               bool settled) {
  if (settled) return false;
  const bool minority =
      2 * comparison.own.weight < comparison.own.weight + comparison.others.weight &&
      2 * version.weight < all.weight;
  if (minority) return false;
  const Count others = all.Without(version);
  if (others.buckets >= kBucketsOfVersionMin && others.weight >= kOthersShareMin * all.weight) {
    return true;
  }
  return std::nullopt;
}

}  // namespace

std::vector<InstrumentBug> FindInstrumentBugs(const std::vector<VersionVote>& votes,
                                              const std::vector<VersionControl>& controls) {
  std::map<Cell, Count> cells;
  std::map<std::string, std::map<Cell, Count>> versions;
  Count all;
  for (const VersionVote& vote : votes) {
    const Count one{1, vote.failed ? 1U : 0U, vote.weight};
    const Cell cell{vote.region, vote.asn};
    cells[cell].Add(one);
    versions[vote.agent_version][cell].Add(one);
    all.Add(one);
  }
  std::vector<InstrumentBug> bugs;
  for (const auto& [name, by_cell] : versions) {
    Comparison comparison;
    Count version;
    for (const auto& [cell, count] : by_cell) {
      comparison.Add(count, cells.at(cell));
      version.Add(count);
    }
    if (!comparison.Suspicious()) continue;
    const std::optional<bool> disputed =
        DisputedOf(comparison, version, all, ControlsSettle(controls, name));
    if (disputed) bugs.push_back({name, version.failed, *disputed});
  }
  return bugs;
}

}  // namespace sightline
