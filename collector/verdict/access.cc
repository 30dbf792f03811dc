#include "collector/verdict/access.h"

#include <map>
#include <string>

#include "collector/verdict/posterior.h"

namespace sightline {
namespace {

// The key with the highest value, the first of equal ones; nullptr when there is none.
template <typename Key>
const Key* MostFrequent(const std::map<Key, double>& votes) {
  const Key* best = nullptr;
  double most = 0;
  for (const auto& [key, count] : votes) {
    if (count <= most) continue;
    best = &key;
    most = count;
  }
  return best;
}

// The most frequent layer, and in it the most frequent failure.
void SetCause(const std::map<Cause, double>& causes, v1::Access& access) {
  std::map<std::string, double> layers;
  for (const auto& [cause, votes] : causes) layers[cause.layer] += votes;
  const std::string* layer = MostFrequent(layers);
  if (layer == nullptr) return;
  std::map<Cause, double> in_layer;
  for (const auto& [cause, votes] : causes) {
    if (cause.layer == *layer) in_layer.emplace(cause, votes);
  }
  access.set_blocked_layer(*layer);
  access.set_blocked_failure(MostFrequent(in_layer)->failure);
}

v1::Access StateAndRate(const Evidence& evidence, const Contrasts& contrasts) {
  if (evidence.votes.buckets < kBucketsMin) return NoAccess(v1::ACCESS_STATE_UNKNOWN);
  if (contrasts.disputed || Disputed(evidence.buckets_suspected, evidence.votes.buckets)) {
    return NoAccess(v1::ACCESS_STATE_DISPUTED);
  }
  const Posterior posterior = PosteriorOf(evidence.votes);
  const v1::AccessState state = StateOf(evidence.votes, posterior);
  if (contrasts.outside != Contrast::kReached && state != v1::ACCESS_STATE_OPEN) {
    return NoAccess(contrasts.outside == Contrast::kNotReached ? v1::ACCESS_STATE_DOWN
                                                               : v1::ACCESS_STATE_UNKNOWN);
  }
  v1::Access access;
  access.set_state(state);
  access.set_state_probability(ProbabilityOf(state, posterior));
  access.set_buckets_open(evidence.buckets_open);
  access.set_buckets_blocked(evidence.buckets_blocked);
  access.set_rate_mean(posterior.mean);
  access.set_rate_low(posterior.low);
  access.set_rate_high(posterior.high);
  access.set_flip_cost(FlipCost(evidence.votes, posterior, state));
  if (evidence.buckets_blocked > 0) SetCause(evidence.causes, access);
  return access;
}

}  // namespace

v1::Access NoAccess(v1::AccessState state) {
  v1::Access access;
  access.set_state(state);
  access.set_rate_high(1);
  return access;
}

v1::Access AccessOf(const Evidence& evidence, const Contrasts& contrasts) {
  v1::Access access = StateAndRate(evidence, contrasts);
  const auto told = [](uint32_t buckets) { return buckets < kBucketsMin ? 0 : buckets; };
  if (evidence.votes.buckets >= kBucketsMin) {
    access.set_buckets_bypassing(told(evidence.buckets_bypassing));
    access.set_buckets_suspected(told(evidence.buckets_suspected));
  }
  return access;
}

}  // namespace sightline
