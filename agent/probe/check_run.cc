#include <algorithm>
#include <boost/asio/this_coro.hpp>
#include <utility>

#include "agent/probe/evidence.h"
#include "agent/probe/judge.h"
#include "agent/probe/redirect.h"
#include "agent/probe/round_state.h"

namespace sightline::probe {
namespace {

namespace asio = boost::asio;
using std::chrono::microseconds;
using std::chrono::milliseconds;

// Whom a name's evidence is asked of at most: A, AAAA, system, control.
constexpr int kQuestionsPerName = 4;
// Contrasts beforehand at this many addresses of a check.
constexpr int kBeforehandMax = 2;
constexpr size_t kAddressesPerHopMax = 2;
constexpr uint32_t kRedirectsMax = 10;

uint32_t MillisecondsBetween(TimePoint from, TimePoint to) {
  const auto ms = std::chrono::duration_cast<milliseconds>(to - from).count();
  return static_cast<uint32_t>(std::clamp<int64_t>(ms, 0, UINT32_MAX));
}

// How much of the time left one of `count` addresses gets: an equal share, so that a black hole
// cannot starve the rest, but never less than the round's patience. nullopt when not even one fits.
std::optional<TimePoint> Share(const Round& round, TimePoint deadline, size_t count) {
  const TimePoint now = SteadyClock::now();
  if (deadline - now < round.times.patience) return std::nullopt;
  const auto equal = std::chrono::duration_cast<microseconds>(deadline - now) /
                     static_cast<int>(std::max<size_t>(count, 1));
  return now + std::max<microseconds>(equal, round.times.patience);
}

bool WantsNeutralNameFirst(const Round& round, const CheckRun& run) {
  return run.sensitive && ProtocolHasTls(run.check.protocol()) &&
         !round.plan.contrasts().neutral_name().empty() &&
         !round.memory.good_checks.contains(run.check.check_id());
}

// The neutral name goes to the address before the sensitive one, which could bring a penalty. The
// connect is the same in both: when it fails, that is the attempt. nullopt when the attempt itself
// has yet to be made.
asio::awaitable<std::optional<Tried>> TryNeutralNameFirst(Round& round, CheckRun& run,
                                                          IpAddress address, TimePoint deadline) {
  if (round.memory.penalties.Inside(address, run.request.port, SteadyClock::now())) {
    co_return std::nullopt;
  }
  v1::ContrastEvidence contrast =
      co_await NeutralName(round, run, address, run.request.port, deadline);
  if (contrast.state() == v1::LAYER_STATE_UNTESTED) co_return std::nullopt;
  if (!contrast.attempt().connect_failure().empty()) {
    co_return Tried{std::move(*contrast.mutable_attempt()), {}, {}};
  }
  *run.seen.add_contrasts() = std::move(contrast);
  co_return std::nullopt;
}

// Whether the attempt did what `check` (the run's own, or one of its hops) asks for; keeps where it
// leads to, or what the last page lists.
bool NoteLead(const v1::Check& check, const Tried& tried, CheckRun* run) {
  if (AttemptSucceeded(check, tried.attempt)) {
    run->location.reset();
    run->seen.set_listing(tried.listing);
    return true;
  }
  if (!LeadsOn(check, tried.attempt)) return false;
  run->location = tried.location;
  return true;
}

// Stops at the first address that succeeds, unless `hear_all`.
asio::awaitable<void> TryAddresses(Round& round, CheckRun& run,
                                   const std::vector<std::string>& addresses, bool hear_all) {
  bool refused = false;
  for (size_t i = 0; i < addresses.size(); ++i) {
    const std::optional<IpAddress> address = ParseIpAddress(addresses[i]);
    if (!address.has_value() || address->v6) continue;
    const std::optional<TimePoint> share = Share(round, run.deadline, addresses.size() - i);
    if (!share.has_value()) break;
    std::optional<Tried> tried;
    if (i < kBeforehandMax && WantsNeutralNameFirst(round, run)) {
      tried = co_await TryNeutralNameFirst(round, run, *address, *share);
    }
    if (!tried.has_value()) {
      const TimePoint until =
          std::max<TimePoint>(*share, SteadyClock::now() + round.times.patience);
      tried = co_await TryAddress(round, {run.request, run.trust, *address, run.sensitive, until});
    }
    if (!tried.has_value()) {
      refused = true;
      continue;
    }
    const bool good = NoteLead(run.check, *tried, &run);
    *run.seen.add_attempts() = std::move(tried->attempt);
    if (good && !hear_all) break;
  }
  if (run.seen.attempts().empty() && !addresses.empty()) {
    run.seen.set_untested_reason(refused ? v1::UNTESTED_REASON_BUDGET
                                         : v1::UNTESTED_REASON_ROUND_TIMEOUT);
  }
}

// Follows one redirect; the check that the hop amounted to, or nullopt when it led nowhere.
asio::awaitable<std::optional<v1::Check>> FollowOnce(Round& round, CheckRun& run, v1::Check from,
                                                     std::string location) {
  const RedirectBase base{ProtocolHasTls(from.protocol()), from.host(),
                          static_cast<uint16_t>(from.port()), from.path()};
  const std::optional<RedirectTarget> target = FollowLocation(base, location);
  if (!target.has_value()) co_return std::nullopt;
  std::optional<v1::Check> hop = CheckOfHop(run.check, target->absolute_url);
  if (!hop.has_value()) co_return std::nullopt;
  const int index = run.seen.redirects_size();
  run.seen.add_redirects()->set_location(target->absolute_url);
  const NameEvidence* names = co_await LookUp(round, hop->host(), run.deadline);
  if (names == nullptr) co_return std::nullopt;
  v1::Redirect& redirect = *run.seen.mutable_redirects(index);
  *redirect.mutable_dns() = names->first;
  SSL_CTX* trust = run.trust;
  if (ProtocolHasTls(hop->protocol()) && trust == nullptr) {
    const absl::StatusOr<SSL_CTX*> found = round.memory.trust.Get(round.plan, hop->root_set());
    if (!found.ok()) co_return std::nullopt;
    trust = *found;
  }
  const Request request{hop->protocol(), hop->host(), static_cast<uint16_t>(hop->port()),
                        hop->path(),     &run.check,  nullptr};
  std::vector<std::string> addresses = AddressesToTry(names->first, {});
  addresses.resize(std::min(addresses.size(), kAddressesPerHopMax));
  for (size_t i = 0; i < addresses.size(); ++i) {
    const std::optional<TimePoint> share = Share(round, run.deadline, addresses.size() - i);
    const std::optional<IpAddress> address = ParseIpAddress(addresses[i]);
    if (!share.has_value() || !address.has_value() || address->v6) continue;
    std::optional<Tried> tried =
        co_await TryAddress(round, {request, trust, *address, run.sensitive, *share});
    if (!tried.has_value()) continue;
    const bool good = NoteLead(*hop, *tried, &run);
    *redirect.add_attempts() = std::move(tried->attempt);
    if (good) break;
  }
  co_return hop;
}

// Returns the check that the last hop amounted to; nullopt when there was none.
asio::awaitable<std::optional<v1::Check>> FollowRedirects(Round& round, CheckRun& run) {
  std::optional<v1::Check> hop = run.check;
  const uint32_t redirects_max = std::min(run.check.redirects_max(), kRedirectsMax);
  for (uint32_t i = 0; i < redirects_max && hop.has_value() && run.location.has_value(); ++i) {
    std::string location = *std::exchange(run.location, std::nullopt);
    hop = co_await FollowOnce(round, run, *hop, std::move(location));
  }
  if (run.seen.redirects().empty()) co_return std::nullopt;
  co_return hop;
}

// What the round is asked for but cannot do: the reason, or empty.
absl::string_view Prepare(Round& round, CheckRun& run) {
  const v1::Check& check = run.check;
  if (!v1::CheckProtocol_IsValid(check.protocol()) ||
      check.protocol() == v1::CHECK_PROTOCOL_UNSPECIFIED) {
    return "unknown_failure: unknown protocol";
  }
  if (ProtocolHasTls(check.protocol())) {
    const absl::StatusOr<SSL_CTX*> found = round.memory.trust.Get(round.plan, check.root_set());
    if (!found.ok()) return "unknown_failure: unusable root set";
    run.trust = *found;
  }
  if (ProtocolHasNoise(check.protocol())) {
    for (const v1::NoiseProfile& profile : round.plan.noise_profiles()) {
      if (profile.name() == check.noise_profile()) run.request.noise = &profile;
    }
    if (run.request.noise == nullptr) return "unknown_failure: unusable Noise profile";
  }
  return round.resolvers.has_value() ? "" : "unknown_failure: unusable resolver";
}

bool AnySucceeded(const v1::Check& check,
                  const google::protobuf::RepeatedPtrField<v1::Attempt>& attempts) {
  return std::any_of(attempts.begin(), attempts.end(), [&](const v1::Attempt& attempt) {
    return AttemptSucceeded(check, attempt) || LeadsOn(check, attempt);
  });
}

bool AnyAttemptSlow(const v1::Observation& seen) {
  return std::any_of(seen.attempts().begin(), seen.attempts().end(), IsSlow);
}

// Contrasts that nothing failed beside are of no interest.
void DropNeedlessContrasts(v1::Observation* seen) {
  if (seen->causes().empty() && seen->failure().empty()) seen->clear_contrasts();
}

}  // namespace

asio::awaitable<const NameEvidence*> LookUp(Round& round, const std::string& host,
                                            TimePoint deadline) {
  const TimePoint now = SteadyClock::now();
  // Half of the time stays for what the answers lead to.
  const TimePoint until = std::min<TimePoint>(
      deadline, now + std::max(round.times.dns_hold, round.times.check_timeout / 2));
  const auto* names =
      co_await round.names.Get(host, [&]() -> asio::awaitable<std::optional<NameEvidence>> {
        const bool literal = ParseIpAddress(host).has_value();
        if (!literal && !round.memory.budget.TakeQuestions(kQuestionsPerName, SteadyClock::now())) {
          co_return std::nullopt;
        }
        const ResolveTask task{host, round.times.dns_hold, until};
        co_return co_await ResolveName(task, *round.resolvers, round.policy);
      });
  co_return names == nullptr || !names->has_value() ? nullptr : &**names;
}

asio::awaitable<void> RunCheck(Round& round, const v1::Check& check, bool sensitive,
                               v1::Observation* observation) {
  const TimePoint start = SteadyClock::now();
  CheckRun run{check, sensitive, nullptr, {}, {}, {}, {}};
  run.deadline = std::min<TimePoint>(start + round.times.check_timeout, round.times.deadline);
  if (run.deadline - start < round.times.check_timeout / 2) {
    observation->set_untested_reason(v1::UNTESTED_REASON_ROUND_TIMEOUT);
    co_return;
  }
  run.request = {check.protocol(), check.host(), static_cast<uint16_t>(check.port()),
                 check.path(),     &check,       nullptr};
  if (const absl::string_view trouble = Prepare(round, run); !trouble.empty()) {
    observation->set_failure(std::string(trouble));
    observation->set_untested_reason(v1::UNTESTED_REASON_LOCAL);
    co_return;
  }
  run.seen.set_check_id(check.check_id());
  run.seen.set_start_offset_ms(MillisecondsBetween(round.times.start, start));
  const NameEvidence* names = co_await LookUp(round, check.host(), run.deadline);
  if (names == nullptr) {
    observation->set_untested_reason(v1::UNTESTED_REASON_BUDGET);
    co_return;
  }
  *run.seen.mutable_dns() = names->first;
  for (const v1::DnsEvidence& lookup : names->others) *run.seen.add_other_lookups() = lookup;
  if (check.protocol() != v1::CHECK_PROTOCOL_DNS) {
    const bool hear_all = AnswersDisagree(run.seen.dns());
    co_await TryAddresses(round, run, AddressesToTry(run.seen.dns(), run.seen.other_lookups()),
                          hear_all);
    const std::optional<v1::Check> hop = co_await FollowRedirects(round, run);
    const bool good = AnySucceeded(check, run.seen.attempts());
    if (!good || AnyAttemptSlow(run.seen)) co_await AddContrasts(round, run);
    if (hop.has_value() && !AnySucceeded(*hop, run.seen.redirects().rbegin()->attempts())) {
      co_await AddContrastsOfHop(round, run, *hop);
    }
    if (good) {
      round.memory.good_checks.insert(check.check_id());
    } else {
      round.memory.good_checks.erase(check.check_id());
    }
  }
  Judgement judgement = Judge(check, run.seen);
  *run.seen.mutable_layers() = judgement.layers;
  run.seen.set_failure(std::move(judgement.failure));
  run.seen.set_failed_operation(std::move(judgement.failed_operation));
  for (v1::Cause& cause : judgement.causes) *run.seen.add_causes() = std::move(cause);
  DropNeedlessContrasts(&run.seen);
  run.seen.set_duration_ms(MillisecondsBetween(start, SteadyClock::now()));
  *observation = std::move(run.seen);
}

}  // namespace sightline::probe
