#include "agent/probe/engine.h"

#include <google/protobuf/duration.pb.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <exception>
#include <fstream>
#include <sstream>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "agent/probe/judge.h"
#include "agent/probe/resolver_set.h"
#include "agent/probe/round_state.h"
#include "agent/probe/vantage.h"

namespace sightline::probe {
namespace {

namespace asio = boost::asio;
using std::chrono::microseconds;
using std::chrono::milliseconds;

constexpr int kConcurrencyMax = 64;
constexpr std::chrono::seconds kCheckTimeoutMax(60);
constexpr std::chrono::hours kRoundTimeoutMax(1);
constexpr std::chrono::hours kCoolDownMax(1);
// Time for an echo service to answer.
constexpr milliseconds kGlimpseTime(1500);
constexpr int kAttemptsInACheck = 5;
// How often the caller is asked whether the round may go on.
constexpr std::chrono::seconds kWatchInterval(1);
constexpr char kResolvConf[] = "/etc/resolv.conf";

microseconds ToMicroseconds(const google::protobuf::Duration& duration, microseconds most) {
  const int64_t seconds = std::clamp<int64_t>(
      duration.seconds(), 0, std::chrono::duration_cast<std::chrono::seconds>(most).count());
  return std::min<microseconds>(microseconds(seconds * 1'000'000 + duration.nanos() / 1000), most);
}

RoundTimes TimesOf(const v1::Plan& plan, TimePoint start) {
  RoundTimes times;
  times.start = start;
  microseconds round = ToMicroseconds(plan.round_timeout(), kRoundTimeoutMax);
  if (round.count() == 0) round = ToMicroseconds(plan.round_interval(), kRoundTimeoutMax);
  times.check_timeout = ToMicroseconds(plan.check_timeout(), kCheckTimeoutMax);
  // Plans of unit tests may leave the rounds out.
  if (round.count() == 0) round = kRoundTimeoutMax;
  times.deadline = std::max(start, SteadyClock::now()) + std::max(round, times.check_timeout);
  times.dns_hold = ToMicroseconds(plan.dns_hold(), kCheckTimeoutMax);
  times.cool_down = ToMicroseconds(plan.cool_down(), kCoolDownMax);
  times.patience = times.check_timeout / kAttemptsInACheck;
  return times;
}

std::string ReadSystemResolvers() {
  std::ifstream file(kResolvConf);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

v1::Observation UntestedObservation(const v1::Check& check) {
  v1::Observation observation;
  observation.set_check_id(check.check_id());
  *observation.mutable_layers() = UntestedLayers(check.protocol());
  return observation;
}

struct Job {
  const v1::Check* check = nullptr;
  bool sensitive = false;
  v1::Observation* observation = nullptr;
};

// Anchors are benign: nobody minds them. Everything else may draw a censor's attention.
absl::flat_hash_map<const v1::Check*, bool> SensitiveChecks(const v1::Plan& plan) {
  absl::flat_hash_map<const v1::Check*, bool> sensitive;
  for (const v1::Target& target : plan.targets()) {
    for (const v1::Feature& feature : target.features()) {
      for (const v1::Check& check : feature.checks()) sensitive[&check] = !IsAnchor(target);
    }
  }
  for (const v1::Storefront& store : plan.storefronts()) sensitive[&store.check()] = false;
  return sensitive;
}

// Takes the next job until none is left. A check writes its observation only when it is complete.
asio::awaitable<void> Work(Round& round, const std::vector<Job>& jobs, size_t& next) {
  while (next < jobs.size()) {
    const Job& job = jobs[next++];
    co_await RunCheck(round, *job.check, job.sensitive, job.observation);
  }
}

asio::awaitable<void> RunJobs(Round& round, const std::vector<Job>& jobs, int concurrency) {
  size_t next = 0;
  std::vector<asio::awaitable<void>> workers;
  const size_t count = std::min<size_t>(static_cast<size_t>(concurrency), jobs.size());
  for (size_t i = 0; i < count; ++i) workers.push_back(Work(round, jobs, next));
  co_await RunTogether(std::move(workers));
}

asio::awaitable<void> Look(Round& round, std::vector<Glimpse>& glimpses) {
  const int echoes = round.plan.echo_services_size();
  if (echoes > 0 && !round.memory.budget.TakeQuestions(echoes, SteadyClock::now())) co_return;
  const TimePoint deadline =
      std::min<TimePoint>(SteadyClock::now() + kGlimpseTime, round.times.deadline);
  Glimpse glimpse = co_await TakeGlimpse(round.plan, round.policy, deadline);
  glimpses.push_back(std::move(glimpse));
}

// Looks at the vantage, then the benign checks, then another look, the sensitive ones and a last
// look: what a sensitive probe may bring about must not spoil the rest.
asio::awaitable<void> RunAll(Round& round, const std::vector<Job>& benign,
                             const std::vector<Job>& sensitive, int concurrency,
                             std::vector<Glimpse>& glimpses) {
  co_await Look(round, glimpses);
  co_await RunJobs(round, benign, concurrency);
  co_await Look(round, glimpses);
  co_await RunJobs(round, sensitive, concurrency);
  co_await Look(round, glimpses);
}

// Ends the work of `io` when the caller no longer wants the round.
class Watch {
 public:
  Watch(asio::io_context& io, const std::function<bool()>& keep_going)
      : io_(io), timer_(io), keep_going_(keep_going) {
    if (keep_going_) Arm();
  }
  // The round is over: nothing of this is left in `io`.
  void Cancel() {
    over_ = true;
    timer_.cancel();
  }
  bool ended() const { return ended_; }

 private:
  void Arm() {
    timer_.expires_after(kWatchInterval);
    timer_.async_wait([this](const boost::system::error_code& error) {
      if (error || over_) return;
      if (keep_going_()) return Arm();
      ended_ = true;
      io_.stop();
    });
  }

  asio::io_context& io_;
  asio::steady_timer timer_;
  const std::function<bool()>& keep_going_;
  bool over_ = false;
  bool ended_ = false;
};

}  // namespace

struct Engine::Impl {
  Impl(DestinationPolicy policy_in, int stop_fd_in)
      : policy(std::move(policy_in)), stop_fd(stop_fd_in) {}
  ~Impl() { close(stop_fd); }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  DestinationPolicy policy;
  EngineMemory memory;
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
  report.observations.reserve(checks.size());
  for (const v1::Check* check : checks) {
    report.observations.push_back(UntestedObservation(*check));
  }
  if (impl_->stopped || checks.empty()) return report;

  EngineMemory& memory = impl_->memory;
  const TimePoint now = SteadyClock::now();
  memory.trust.Trim(plan);
  memory.penalties.Trim(now);
  memory.budget.Trim(now);
  memory.budget.Change(plan.budget(), now);
  const auto sensitivity = SensitiveChecks(plan);
  std::vector<Job> benign, sensitive;
  for (size_t i = 0; i < checks.size(); ++i) {
    const auto known = sensitivity.find(checks[i]);
    const bool is_sensitive = known == sensitivity.end() || known->second;
    (is_sensitive ? sensitive : benign)
        .push_back({checks[i], is_sensitive, &report.observations[i]});
  }
  v1::Observation portal = UntestedObservation(plan.captive_portal());
  if (plan.has_captive_portal()) benign.push_back({&plan.captive_portal(), false, &portal});

  std::vector<Glimpse> glimpses;
  bool cut_short = false;
  {
    // A stop ends the round early: then everything pending is destroyed with the io_context, which
    // must outlive what the coroutines share.
    asio::io_context io(1);
    Round round{plan, impl_->policy, memory, TimesOf(plan, options.round_start), {}, {}, {}};
    auto resolvers = MakeResolverSet(plan, impl_->policy, ReadSystemResolvers());
    if (resolvers.ok()) round.resolvers = *std::move(resolvers);
    asio::posix::stream_descriptor stop(io, impl_->stop_fd);
    stop.async_wait(asio::posix::stream_descriptor::wait_read,
                    [&io](const boost::system::error_code& error) {
                      if (!error) io.stop();
                    });
    Watch watch(io, options.keep_going);
    // An exception here can only mean that memory ran out: what is not done stays UNTESTED.
    asio::co_spawn(io,
                   RunAll(round, benign, sensitive,
                          std::clamp(options.max_concurrency, 1, kConcurrencyMax), glimpses),
                   [&stop, &watch](const std::exception_ptr&) {
                     stop.cancel();
                     watch.Cancel();
                   });
    io.run();
    stop.release();
    cut_short = impl_->stopped || watch.ended();
  }
  for (v1::Observation& observation : report.observations) {
    if (cut_short && observation.layers().dns() == v1::LAYER_STATE_UNTESTED) {
      observation.set_untested_reason(v1::UNTESTED_REASON_LOCAL);
    }
  }
  report.vantage = DescribeVantage(plan, glimpses, report.observations,
                                   plan.has_captive_portal() ? &portal : nullptr,
                                   options.round_time_ms, ReadMachineFacts());
  report.use_of_hour = memory.budget.UseOfHour(SteadyClock::now());
  report.use_of_day = memory.budget.UseOfDay(SteadyClock::now());
  return report;
}

}  // namespace sightline::probe
