#include "collector/verdict/trust.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/types/span.h"

namespace sightline {
namespace {

constexpr double kHonest = 0.90;
constexpr double kBypassing = 0.05;
constexpr double kUnreliable = 0.05;
constexpr double kUnreliableMin = 0.02;
constexpr double kUnreliableMax = 0.40;
constexpr double kUnreliableAgents = 20;  // that the prior of their share is worth
constexpr double kOpenBehindVpn = 0.95;   // of any contrast
constexpr double kSureOfBypass = 0.9;
constexpr double kSuspect = 0.5;
constexpr double kSpeaks = 2;  // times likelier: a contrast speaks for a kind of agent
constexpr int kContrastsToConvict = 2;

// Posterior probabilities of the kinds of one agent.
struct Posteriors {
  double honest = 1;
  double bypassing = 0;
  double unreliable = 0;
};

// From prior times likelihood of each kind.
Posteriors PosteriorsOf(double honest, double bypassing, double unreliable) {
  const double sum = honest + bypassing + unreliable;
  return {honest / sum, bypassing / sum, unreliable / sum};
}

// Likelihoods by kind of agent of what one agent found on the contrasts, without priors.
struct Likelihoods {
  double bypassing = 1;
  double unreliable = 1;
};

// How many contrasts speak for a kind of agent that is not honest. `rates` are those of its cell.
struct Speaking {
  int for_bypassing = 0;
  int for_unreliable = 0;
};

double BehindVpn(const Answer& answer) { return answer.At(kOpenBehindVpn); }

double OneToss(const Answer& answer) { return answer.At(0.5); }

Likelihoods LikelihoodsOf(const WitnessTable& table, const std::vector<UsedContrast>& used,
                          size_t agent) {
  Likelihoods result;
  double once = 1;
  double each_round = 1;
  for (const UsedContrast& contrast : used) {
    const Answer& answer = table.At(agent, contrast.column);
    result.bypassing *= BehindVpn(answer);
    once *= OneToss(answer);
    each_round *= answer.coin;
  }
  result.unreliable = 0.5 * once + 0.5 * each_round;
  return result;
}

// The likelihood of an honest agent's answers, and which of them speak against its being honest.
std::pair<double, Speaking> HonestOf(const WitnessTable& table,
                                     const std::vector<UsedContrast>& used, size_t agent,
                                     absl::Span<const double> rates) {
  double likelihood = 1;
  Speaking speaking;
  for (size_t i = 0; i < used.size(); ++i) {
    const Answer& answer = table.At(agent, used[i].column);
    const double honest = answer.At(rates[i]);
    likelihood *= honest;
    if (BehindVpn(answer) > kSpeaks * honest) ++speaking.for_bypassing;
    if (std::max(OneToss(answer), answer.coin) > kSpeaks * honest) ++speaking.for_unreliable;
  }
  return {likelihood, speaking};
}

// Answers by small counts of rounds, which most are: a power is expensive.
class AnswerBook {
 public:
  AnswerBook() {
    for (uint32_t i = 0; i < kSide * kSide; ++i) known_.push_back(AnswerOf(i / kSide, i % kSide));
  }
  Answer Find(const TargetCounts& counts) const {
    if (counts.open >= kSide || counts.blocked >= kSide) {
      return AnswerOf(counts.open, counts.blocked);
    }
    return known_[counts.open * kSide + counts.blocked];
  }

 private:
  static constexpr uint32_t kSide = 16;
  std::vector<Answer> known_;
};

}  // namespace

std::vector<KnownTarget> ContrastsOf(const v1::Plan& plan) {
  std::vector<KnownTarget> contrasts;
  for (const v1::Target& target : plan.targets()) {
    const bool contrast = target.kind() == v1::TARGET_KIND_DOMESTIC_ANCHOR ||
                          target.kind() == v1::TARGET_KIND_FOREIGN_ANCHOR ||
                          target.kind() == v1::TARGET_KIND_CANARY;
    if (contrast) contrasts.push_back({target.target_id(), target.kind()});
  }
  std::sort(contrasts.begin(), contrasts.end(),
            [](const KnownTarget& a, const KnownTarget& b) { return a.target_id < b.target_id; });
  return contrasts;
}

double BypassEvidence(const VantageFacts& facts, uint32_t rounds) {
  const auto mostly = [&](uint32_t count) { return uint64_t{2} * count > rounds; };
  double evidence = 0;
  if (mostly(facts.tunnel)) evidence += 3;
  if (mostly(facts.fake_ip)) evidence += 3;
  if (mostly(facts.echoes_differ)) evidence += 3;
  if (mostly(facts.proxy)) evidence += 1;
  const uint64_t home_us = facts.domestic_connect_us;
  const uint64_t abroad_us = facts.foreign_connect_us;
  const bool near_abroad = abroad_us > 0 && abroad_us < 30'000;
  if (near_abroad && home_us > 60'000 && home_us > 3 * abroad_us) evidence += 2;
  return evidence;
}

TrustJudge::TrustJudge(const std::vector<Witness>& witnesses,
                       const std::vector<KnownTarget>& contrasts)
    : contrasts_(contrasts) {
  const AnswerBook book;
  table_.contrasts = contrasts.size();
  table_.answers.reserve(witnesses.size() * contrasts.size());
  for (size_t i = 0; i < witnesses.size(); ++i) {
    const Witness& witness = witnesses[i];
    for (const KnownTarget& contrast : contrasts) {
      const auto found = witness.rounds->targets.find(contrast.target_id);
      const bool none = found == witness.rounds->targets.end();
      table_.answers.push_back(none ? Answer() : book.Find(found->second));
    }
    table_.pull.push_back(witness.pull);
    table_.cells[witness.region][witness.asn].push_back(i);
    bypass_evidence_.push_back(BypassEvidence(witness.rounds->vantage, witness.rounds->rounds));
  }
}

std::vector<Trust> TrustJudge::Judge(absl::string_view target_id) const {
  std::vector<UsedContrast> used;
  bool canary = false;
  for (size_t i = 0; i < contrasts_.size(); ++i) {
    if (absl::string_view(contrasts_[i].target_id) == target_id) continue;
    used.push_back({i, contrasts_[i].kind});
    canary = canary || contrasts_[i].kind == v1::TARGET_KIND_CANARY;
  }
  if (!canary) return JudgeByVantage();
  // With the usual share of unreliable agents, and again with the share that was found.
  const double found = JudgeWith(used, kUnreliable).unreliable;
  return JudgeWith(used, found).trust;
}

TrustJudge::Pass TrustJudge::JudgeWith(const std::vector<UsedContrast>& used,
                                       double unreliable) const {
  const size_t agents = table_.pull.size();
  const double honest = 1 - kBypassing - unreliable;
  std::vector<double> bypass_terms(agents);
  std::vector<double> unreliable_terms(agents);
  Kinds kinds;
  kinds.honest.assign(agents, honest);
  kinds.others.resize(agents);
  for (size_t i = 0; i < agents; ++i) {
    const Likelihoods likelihoods = LikelihoodsOf(table_, used, i);
    bypass_terms[i] = kBypassing * std::exp(bypass_evidence_[i]) * likelihoods.bypassing;
    unreliable_terms[i] = unreliable * likelihoods.unreliable;
    kinds.others[i] = bypass_terms[i] + unreliable_terms[i];
  }
  const std::vector<double> rates = FitRates(table_, used, kinds);
  Pass pass;
  pass.trust.reserve(agents);
  double pull = kUnreliableAgents;
  double unreliable_pull = kUnreliableAgents * kUnreliable;
  for (size_t i = 0; i < agents; ++i) {
    const auto [likelihood, speaking] =
        HonestOf(table_, used, i, absl::MakeSpan(rates).subspan(i * used.size(), used.size()));
    const Posteriors posterior =
        PosteriorsOf(honest * likelihood, bypass_terms[i], unreliable_terms[i]);
    Trust trust;
    trust.reliability = posterior.honest;
    trust.bypassing = posterior.bypassing > kSureOfBypass &&
                      (bypass_evidence_[i] > 0 || speaking.for_bypassing >= kContrastsToConvict);
    trust.suspected =
        posterior.unreliable > kSuspect && speaking.for_unreliable >= kContrastsToConvict;
    pass.trust.push_back(trust);
    pull += table_.pull[i];
    unreliable_pull += table_.pull[i] * posterior.unreliable;
  }
  pass.unreliable = std::clamp(unreliable_pull / pull, kUnreliableMin, kUnreliableMax);
  return pass;
}

std::vector<Trust> TrustJudge::JudgeByVantage() const {
  std::vector<Trust> result;
  for (const double evidence : bypass_evidence_) {
    // Nothing striking means nothing learnt, and costs nothing.
    if (evidence <= 0) {
      result.emplace_back();
      continue;
    }
    const Posteriors posterior = PosteriorsOf(kHonest, kBypassing * std::exp(evidence), 0);
    Trust trust;
    trust.reliability = posterior.honest;
    trust.bypassing = posterior.bypassing > kSureOfBypass;
    result.push_back(trust);
  }
  return result;
}

}  // namespace sightline
