#include "tests/collector/verdict/crowd.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace sightline {

std::vector<KnownTarget> SomeContrasts(int canaries, int domestic, int foreign) {
  std::vector<KnownTarget> contrasts;
  const auto add = [&](const char* name, int count, v1::TargetKind kind) {
    for (int i = 1; i <= count; ++i) contrasts.push_back({absl::StrCat(name, " ", i), kind});
  };
  add("abroad", foreign, v1::TARGET_KIND_FOREIGN_ANCHOR);
  add("canary", canaries, v1::TARGET_KIND_CANARY);
  add("home", domestic, v1::TARGET_KIND_DOMESTIC_ANCHOR);
  return contrasts;
}

std::vector<KnownTarget> UsualContrasts() { return SomeContrasts(4, 3, 2); }

Crowd::Crowd(std::vector<KnownTarget> the_contrasts) : contrasts(std::move(the_contrasts)) {}

OriginCounts& Crowd::Join(const std::string& region, uint32_t asn, const Reaches& reaches,
                          uint32_t rounds) {
  OriginCounts& counts = rounds_.emplace_back();
  counts.rounds = rounds;
  counts.vantage.agent_version = "0.1.0";
  for (uint32_t i = 0; i < rounds; ++i) {
    for (const KnownTarget& contrast : contrasts) {
      TargetCounts& target = counts.targets[contrast.target_id];
      ++(reaches(contrast) ? target.open : target.blocked);
    }
  }
  witnesses.push_back({region, asn, &counts, 1});
  return counts;
}

std::vector<Trust> Crowd::Judge(const std::string& target_id) const {
  return TrustJudge(witnesses, contrasts).Judge(target_id);
}

Trust Crowd::JudgeOne(size_t i, const std::string& target_id) const {
  return Judge(target_id).at(i);
}

bool AtHome(const KnownTarget& contrast) { return contrast.kind != v1::TARGET_KIND_CANARY; }

bool BehindVpn(const KnownTarget& /*contrast*/) { return true; }

Reaches AtHomeBut(const std::string& target_id) {
  return [=](const KnownTarget& contrast) {
    return AtHome(contrast) != (contrast.target_id == target_id);
  };
}

Reaches WithMistakes(std::mt19937& random, uint32_t odds) {
  return [&random, odds](const KnownTarget& contrast) {
    return AtHome(contrast) != (random() % odds == 0);
  };
}

Reaches CoinTosser(std::mt19937& random) {
  return [&random](const KnownTarget& /*contrast*/) { return random() % 2 == 0; };
}

}  // namespace sightline
