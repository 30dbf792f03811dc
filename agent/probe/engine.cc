#include "agent/probe/engine.h"

#include <google/protobuf/duration.pb.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/this_coro.hpp>
#include <cstdint>
#include <exception>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "agent/probe/failure.h"
#include "agent/probe/judge.h"
#include "agent/probe/resolve.h"
#include "agent/probe/steps.h"
#include "agent/probe/trust.h"

namespace sightline::probe {
namespace {

namespace asio = boost::asio;
using std::chrono::microseconds;
using std::chrono::milliseconds;

constexpr int kConcurrencyMax = 64;
constexpr std::chrono::seconds kCheckTimeoutMax(60);

struct ProtocolSteps {
  v1::CheckProtocol protocol;
  std::array<Step, 4> steps;  // After name resolution; ends at the first nullptr.
};

constexpr std::array<ProtocolSteps, 8> kSteps = {{
    {v1::CHECK_PROTOCOL_DNS, {}},
    {v1::CHECK_PROTOCOL_TCP, {ConnectStep}},
    {v1::CHECK_PROTOCOL_TLS, {ConnectStep, TlsStep}},
    {v1::CHECK_PROTOCOL_HTTP, {ConnectStep, HttpStep}},
    {v1::CHECK_PROTOCOL_HTTPS, {ConnectStep, TlsStep, HttpStep}},
    {v1::CHECK_PROTOCOL_NOISE, {ConnectStep, NoiseStep}},
    {v1::CHECK_PROTOCOL_WEBSOCKET, {ConnectStep, TlsStep, WebSocketStep}},
    {v1::CHECK_PROTOCOL_NOISE_WEBSOCKET, {ConnectStep, TlsStep, WebSocketStep, NoiseStep}},
}};

const ProtocolSteps* StepsOf(v1::CheckProtocol protocol) {
  const auto* found = std::find_if(kSteps.begin(), kSteps.end(), [&](const ProtocolSteps& entry) {
    return entry.protocol == protocol;
  });
  return found == kSteps.end() ? nullptr : found;
}

microseconds ToMicroseconds(const google::protobuf::Duration& duration) {
  const int64_t seconds = std::clamp<int64_t>(duration.seconds(), 0, kCheckTimeoutMax.count());
  return std::min<microseconds>(microseconds(seconds * 1'000'000 + duration.nanos() / 1000),
                                kCheckTimeoutMax);
}

uint32_t MillisecondsBetween(TimePoint from, TimePoint to) {
  const auto ms = std::chrono::duration_cast<milliseconds>(to - from).count();
  return static_cast<uint32_t>(std::clamp<int64_t>(ms, 0, UINT32_MAX));
}

// What the checks of one round share.
struct Round {
  const v1::Plan& plan;
  const std::vector<const v1::Check*>& checks;
  const DestinationPolicy& policy;
  TrustCache& trust;
  absl::StatusOr<ResolverSet> resolvers;
  TimePoint start;
  std::vector<v1::Observation>& observations;
  size_t next = 0;
  int workers = 0;
};

v1::Observation Untested(const v1::Check& check) {
  v1::Observation observation;
  observation.set_check_id(check.check_id());
  *observation.mutable_layers() = UntestedLayers(check.protocol());
  return observation;
}

// nullptr when the check names none, or one that the plan does not have.
const v1::NoiseProfile* FindNoiseProfile(const v1::Plan& plan, const v1::Check& check) {
  const auto& profiles = plan.noise_profiles();
  const auto found = std::find_if(
      profiles.begin(), profiles.end(),
      [&](const v1::NoiseProfile& profile) { return profile.name() == check.noise_profile(); });
  return check.noise_profile().empty() || found == profiles.end() ? nullptr : &*found;
}

asio::awaitable<v1::Attempt> TryAddress(const Request& request, const ProtocolSteps& protocol,
                                        SSL_CTX* trust, IpAddress address, TimePoint deadline) {
  Connection connection(co_await asio::this_coro::executor, request, trust, address);
  for (const Step step : protocol.steps) {
    if (step == nullptr || SteadyClock::now() >= deadline) break;
    const bool go_on = co_await step(connection, deadline);
    if (!go_on) break;
  }
  co_return std::move(connection.evidence);
}

// Each address gets an equal share of the time that is left, so that a black hole cannot starve the
// rest.
asio::awaitable<void> TryAddresses(Round& round, const v1::Check& check,
                                   const ProtocolSteps& protocol, SSL_CTX* trust,
                                   TimePoint deadline, v1::Observation* observation) {
  const std::vector<std::string> addresses = AddressesToTry(observation->dns());
  const bool hear_all = AnswersDisagree(observation->dns());
  const Request request{check.protocol(), check.host(), static_cast<uint16_t>(check.port()),
                        check.path(),     &check,       FindNoiseProfile(round.plan, check)};
  for (size_t i = 0; i < addresses.size(); ++i) {
    const TimePoint now = SteadyClock::now();
    if (now >= deadline) break;
    const std::optional<IpAddress> address = ParseIpAddress(addresses[i]);
    if (!address.has_value() || !round.policy(*address).empty()) continue;
    const TimePoint share = now + (deadline - now) / static_cast<int>(addresses.size() - i);
    v1::Attempt attempt = co_await TryAddress(request, protocol, trust, *address, share);
    const bool succeeded = AttemptSucceeded(check.protocol(), attempt);
    *observation->add_attempts() = std::move(attempt);
    if (succeeded && !hear_all) break;
  }
}

asio::awaitable<void> RunCheck(Round& round, const v1::Check& check, v1::Observation* observation) {
  const TimePoint start = SteadyClock::now();
  const TimePoint deadline = start + ToMicroseconds(round.plan.check_timeout());
  const ProtocolSteps* protocol = StepsOf(check.protocol());
  SSL_CTX* trust = nullptr;
  if (ProtocolHasTls(check.protocol())) {
    const absl::StatusOr<SSL_CTX*> found = round.trust.Get(round.plan, check.root_set());
    if (!found.ok()) {
      observation->set_failure("unknown_failure: unusable root set");
      co_return;
    }
    trust = *found;
  }
  if (protocol == nullptr || !round.resolvers.ok()) {
    observation->set_failure(protocol == nullptr ? "unknown_failure: unknown protocol"
                                                 : "unknown_failure: unusable resolver");
    co_return;
  }
  v1::Observation seen;
  seen.set_check_id(check.check_id());
  seen.set_start_offset_ms(MillisecondsBetween(round.start, start));
  const ResolveTask task{check.host(), ToMicroseconds(round.plan.dns_hold()), deadline};
  NameEvidence names = co_await ResolveName(task, *round.resolvers, round.policy);
  *seen.mutable_dns() = std::move(names.first);
  if (protocol->steps[0] != nullptr) {
    co_await TryAddresses(round, check, *protocol, trust, deadline, &seen);
  }
  Judgement judgement = Judge(check, &seen.dns(), seen.attempts());
  *seen.mutable_layers() = judgement.layers;
  seen.set_failure(std::move(judgement.failure));
  seen.set_failed_operation(std::move(judgement.failed_operation));
  seen.set_duration_ms(MillisecondsBetween(start, SteadyClock::now()));
  *observation = std::move(seen);
}

// Takes the next check until none is left. A check writes its observation only when it is complete.
asio::awaitable<void> Work(Round& round) {
  while (round.next < round.checks.size()) {
    const size_t i = round.next++;
    co_await RunCheck(round, *round.checks[i], &round.observations[i]);
  }
}

}  // namespace

struct Engine::Impl {
  Impl(DestinationPolicy policy_in, int stop_fd_in)
      : policy(std::move(policy_in)), stop_fd(stop_fd_in) {}
  ~Impl() { close(stop_fd); }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  DestinationPolicy policy;
  TrustCache trust;
  // Readable from the first Stop() on; written to by signal handlers.
  int stop_fd;
  std::atomic<bool> stopped{false};
};

Engine::Engine(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Engine::~Engine() = default;

absl::StatusOr<std::unique_ptr<Engine>> Engine::Create() { return CreateForTesting(ReservedRange); }

absl::StatusOr<std::unique_ptr<Engine>> Engine::CreateForTesting(DestinationPolicy policy) {
  const int stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (stop_fd < 0) {
    return absl::ResourceExhaustedError(
        "no file descriptor left for the probe engine; raise the limit (ulimit -n)");
  }
  return std::unique_ptr<Engine>(new Engine(std::make_unique<Impl>(std::move(policy), stop_fd)));
}

void Engine::Stop() {
  impl_->stopped = true;
  const uint64_t one = 1;
  // Fails only when the counter is full, and then the descriptor is readable already.
  [[maybe_unused]] const ssize_t written = write(impl_->stop_fd, &one, sizeof(one));
}

RoundReport Engine::RunRound(const v1::Plan& plan, const std::vector<const v1::Check*>& checks,
                             const RoundOptions& options) {
  RoundReport report;
  std::vector<v1::Observation>& observations = report.observations;
  observations.reserve(checks.size());
  for (const v1::Check* check : checks) observations.push_back(Untested(*check));
  if (impl_->stopped || checks.empty()) return report;

  impl_->trust.Trim(plan);
  absl::StatusOr<ResolverSet> resolvers = absl::InvalidArgumentError("no resolver in the plan");
  if (plan.resolvers_size() > 0) {
    const auto address = ParseResolver(plan.resolvers(0), impl_->policy);
    if (address.ok()) {
      resolvers = ResolverSet{{{*address, plan.resolvers(0)}}, {}, {}, {}};
    } else {
      resolvers = address.status();
    }
  }
  Round round{plan,        checks, impl_->policy, impl_->trust, resolvers, options.round_start,
              observations};

  // Destroyed with everything still pending when a stop ends the round early.
  asio::io_context io(1);
  asio::posix::stream_descriptor stop(io, impl_->stop_fd);
  stop.async_wait(asio::posix::stream_descriptor::wait_read,
                  [&io](const boost::system::error_code& error) {
                    if (!error) io.stop();
                  });
  round.workers = std::min<int>(std::clamp(options.max_concurrency, 1, kConcurrencyMax),
                                static_cast<int>(checks.size()));
  for (int i = round.workers; i > 0; --i) {
    // An exception here can only mean that memory ran out: the check stays UNTESTED.
    asio::co_spawn(io, Work(round), [&round, &stop](const std::exception_ptr&) {
      if (--round.workers == 0) stop.cancel();
    });
  }
  io.run();
  stop.release();
  return report;
}

}  // namespace sightline::probe
