#include <algorithm>
#include <boost/asio/this_coro.hpp>
#include <utility>

#include "absl/strings/str_cat.h"
#include "agent/probe/evidence.h"
#include "agent/probe/failure.h"
#include "agent/probe/judge.h"
#include "agent/probe/round_state.h"

namespace sightline::probe {
namespace {

namespace asio = boost::asio;

constexpr int kGenuineAddressesMax = 2;
constexpr int kNeutralServersMax = 2;

// Whether a TLS server answered, whatever it proved.
bool Answered(const v1::Attempt& attempt) {
  return attempt.connect_failure().empty() && attempt.has_tls() && !IsCut(attempt.tls().failure());
}

v1::ContrastEvidence Untested(v1::ContrastKind kind, const IpAddress& address, uint16_t port) {
  v1::ContrastEvidence contrast;
  contrast.set_kind(kind);
  contrast.set_state(v1::LAYER_STATE_UNTESTED);
  contrast.mutable_attempt()->set_address(FormatIpAddress(address));
  contrast.mutable_attempt()->set_port(port);
  return contrast;
}

v1::ContrastEvidence Contrast(v1::ContrastKind kind, bool ok, v1::Attempt attempt) {
  v1::ContrastEvidence contrast;
  contrast.set_kind(kind);
  contrast.set_state(ok                         ? v1::LAYER_STATE_OK
                     : attempt.inside_penalty() ? v1::LAYER_STATE_TAINTED
                                                : v1::LAYER_STATE_BLOCKED);
  // Who answered a neutral question is of no interest, only that somebody did.
  if (kind != v1::CONTRAST_KIND_GENUINE_ADDRESS && attempt.has_tls()) {
    attempt.mutable_tls()->clear_chain_sha256();
  }
  *contrast.mutable_attempt() = std::move(attempt);
  return contrast;
}

// One TLS handshake (or a connect alone) with another name, address or port than the check's.
asio::awaitable<v1::ContrastEvidence> Handshake(Round& round, const CheckRun& run,
                                                v1::ContrastKind kind, Request request,
                                                IpAddress address, TimePoint deadline) {
  const bool sensitive = kind == v1::CONTRAST_KIND_NEUTRAL_ADDRESS && run.sensitive;
  // Silence in one must not take the time of the rest.
  deadline = std::min<TimePoint>(deadline, SteadyClock::now() + round.times.check_timeout / 4);
  if (deadline - SteadyClock::now() < round.times.patience) {
    co_return Untested(kind, address, request.port);
  }
  SSL_CTX* trust = run.trust;
  // A check in the clear has no roots of its own; only whether somebody answers is asked.
  if (trust == nullptr && ProtocolHasTls(request.protocol)) trust = round.memory.trust.Nobody();
  std::optional<Tried> tried =
      co_await TryAddress(round, {request, trust, address, sensitive, deadline});
  if (!tried.has_value() || IsLocalFailure(tried->attempt.connect_failure()) ||
      IsLocalFailure(tried->attempt.tls().failure())) {
    co_return Untested(kind, address, request.port);
  }
  const bool ok = request.protocol == v1::CHECK_PROTOCOL_TCP
                      ? tried->attempt.connect_failure().empty()
                      : Answered(tried->attempt);
  co_return Contrast(kind, ok, std::move(tried->attempt));
}

Request TlsRequest(const v1::Check& check, const std::string& name, uint32_t port) {
  return {v1::CHECK_PROTOCOL_TLS, name, static_cast<uint16_t>(port), {}, &check, nullptr};
}

// A handshake with a neutral server that is made once a round, whoever asks.
asio::awaitable<void> AddNeutral(Round& round, CheckRun& run, v1::ContrastKind kind,
                                 const v1::NeutralServer& server, std::string name, uint32_t port,
                                 TimePoint deadline) {
  const std::optional<IpAddress> address = ParseIpAddress(server.address());
  if (!address.has_value() || port == 0) co_return;
  std::string key =
      absl::StrCat(static_cast<int>(kind), " ", server.address(), " ", port, " ", name);
  const v1::ContrastEvidence* made = co_await round.neutral.Get(std::move(key), [&] {
    return Handshake(round, run, kind, TlsRequest(run.check, name, port), *address, deadline);
  });
  if (made != nullptr) *run.seen.add_contrasts() = *made;
}

// Neutral servers under their own name. Before anything sensitive is said to them.
asio::awaitable<void> AddBaselines(Round& round, CheckRun& run, TimePoint deadline) {
  const auto& servers = round.plan.contrasts().neutral_servers();
  for (int i = 0; i < servers.size() && i < kNeutralServersMax; ++i) {
    const v1::NeutralServer& server = servers[i];
    const int before = run.seen.contrasts_size();
    co_await AddNeutral(round, run, v1::CONTRAST_KIND_NEUTRAL_SERVER, server, server.name(),
                        server.port(), deadline);
    const bool made = run.seen.contrasts_size() > before;
    if (made && run.seen.contrasts(before).state() == v1::LAYER_STATE_OK) co_return;
    co_await AddNeutral(round, run, v1::CONTRAST_KIND_NEUTRAL_OTHER_PORT, server, server.name(),
                        server.other_port(), deadline);
  }
}

asio::awaitable<void> AddSameNameElsewhere(Round& round, CheckRun& run, TimePoint deadline) {
  const auto& servers = round.plan.contrasts().neutral_servers();
  for (int i = 0; i < servers.size() && i < kNeutralServersMax; ++i) {
    const int before = run.seen.contrasts_size();
    co_await AddNeutral(round, run, v1::CONTRAST_KIND_NEUTRAL_ADDRESS, servers[i], run.request.host,
                        servers[i].port(), deadline);
    // A tainted or impossible comparison is made once more, with the next server.
    const bool made = run.seen.contrasts_size() > before;
    const v1::LayerState state =
        made ? run.seen.contrasts(before).state() : v1::LAYER_STATE_UNTESTED;
    if (state == v1::LAYER_STATE_OK || state == v1::LAYER_STATE_BLOCKED) co_return;
  }
}

asio::awaitable<void> AddOtherPorts(Round& round, CheckRun& run, IpAddress address,
                                    TimePoint deadline) {
  for (const uint32_t port : run.check.other_ports()) {
    const Request request{v1::CHECK_PROTOCOL_TCP,
                          run.request.host,
                          static_cast<uint16_t>(port),
                          {},
                          &run.check,
                          nullptr};
    v1::ContrastEvidence contrast =
        co_await Handshake(round, run, v1::CONTRAST_KIND_OTHER_PORT, request, address, deadline);
    *run.seen.add_contrasts() = std::move(contrast);
  }
}

bool AlreadyTried(const v1::Observation& seen, const std::string& address) {
  for (const v1::Attempt& attempt : seen.attempts()) {
    if (attempt.address() == address) return true;
  }
  return false;
}

asio::awaitable<void> AddGenuineAddresses(Round& round, CheckRun& run, TimePoint deadline) {
  int made = 0;
  for (const std::string& text : run.check.genuine_addresses()) {
    const std::optional<IpAddress> address = ParseIpAddress(text);
    if (!address.has_value() || address->v6 || AlreadyTried(run.seen, text)) continue;
    if (made++ == kGenuineAddressesMax) co_return;
    if (deadline - SteadyClock::now() < round.times.patience) co_return;
    const TimePoint until =
        std::min<TimePoint>(deadline, SteadyClock::now() + round.times.check_timeout / 4);
    std::optional<Tried> tried =
        co_await TryAddress(round, {run.request, run.trust, *address, run.sensitive, until});
    if (!tried.has_value()) continue;
    const bool ok =
        AttemptSucceeded(run.check, tried->attempt) || LeadsOn(run.check, tried->attempt);
    *run.seen.add_contrasts() =
        Contrast(v1::CONTRAST_KIND_GENUINE_ADDRESS, ok, std::move(tried->attempt));
    if (ok) co_return;
  }
}

}  // namespace

asio::awaitable<v1::ContrastEvidence> NeutralName(Round& round, const CheckRun& run,
                                                  const IpAddress& address, uint16_t port,
                                                  TimePoint deadline) {
  return Handshake(round, run, v1::CONTRAST_KIND_NEUTRAL_NAME,
                   TlsRequest(run.check, round.plan.contrasts().neutral_name(), port), address,
                   deadline);
}

asio::awaitable<void> AddContrasts(Round& round, CheckRun& run) {
  const TimePoint deadline =
      std::min<TimePoint>(round.times.deadline, SteadyClock::now() + round.times.check_timeout);
  // Benign before sensitive: neutral names and bare connects first.
  co_await AddBaselines(round, run, deadline);
  const v1::Attempt* best = BestAttempt(run.check, TellingAttempts(run.seen, false));
  const bool succeeded = best != nullptr && AttemptSucceeded(run.check, *best);
  if (succeeded) co_return;
  const std::optional<IpAddress> address =
      best == nullptr ? std::nullopt : ParseIpAddress(best->address());
  const bool impersonated = best != nullptr && IsImpersonator(*best);
  const bool cut = best != nullptr && !impersonated && !ProvedIdentity(*best);
  if (cut && address.has_value()) {
    const bool asked =
        ContrastState(run.seen, v1::CONTRAST_KIND_NEUTRAL_NAME,
                      {run.request.port, best->address(), {}}) != v1::LAYER_STATE_UNTESTED;
    if (ProtocolHasTls(run.check.protocol()) && best->connect_failure().empty() && !asked &&
        !round.plan.contrasts().neutral_name().empty()) {
      v1::ContrastEvidence contrast =
          co_await NeutralName(round, run, *address, run.request.port, deadline);
      *run.seen.add_contrasts() = std::move(contrast);
    }
    co_await AddOtherPorts(round, run, *address, deadline);
  }
  if (best == nullptr || impersonated || cut) {
    co_await AddGenuineAddresses(round, run, deadline);
  }
  if (ProtocolHasTls(run.check.protocol()) && (cut || impersonated || best == nullptr)) {
    co_await AddSameNameElsewhere(round, run, deadline);
  }
}

asio::awaitable<void> AddContrastsOfHop(Round& round, CheckRun& run, const v1::Check& hop) {
  const v1::Redirect& redirect = *run.seen.redirects().rbegin();
  CheckRun part{hop, run.sensitive, run.trust, {}, {}, {}, {}};
  part.request = {hop.protocol(), hop.host(),  static_cast<uint16_t>(hop.port()),
                  hop.path(),     &part.check, nullptr};
  *part.seen.mutable_dns() = redirect.dns();
  *part.seen.mutable_attempts() = redirect.attempts();
  co_await AddContrasts(round, part);
  for (v1::ContrastEvidence& contrast : *part.seen.mutable_contrasts()) {
    *run.seen.add_contrasts() = std::move(contrast);
  }
}

}  // namespace sightline::probe
