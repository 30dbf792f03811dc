#include <array>
#include <boost/asio/this_coro.hpp>

#include "agent/probe/evidence.h"
#include "agent/probe/round_state.h"

namespace sightline::probe {
namespace {

namespace asio = boost::asio;

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

const std::array<Step, 4>& StepsOf(v1::CheckProtocol protocol) {
  for (const ProtocolSteps& entry : kSteps) {
    if (entry.protocol == protocol) return entry.steps;
  }
  return kSteps[0].steps;
}

// Whether the connection was cut after something had been said.
bool CutWhileTalking(const v1::Attempt& attempt) {
  return IsCut(attempt.tls().failure()) || IsCut(attempt.http().failure()) ||
         IsCut(attempt.websocket().failure()) || IsCut(attempt.noise().failure());
}

}  // namespace

asio::awaitable<std::optional<Tried>> TryAddress(Round& round, AttemptTask task) {
  EngineMemory& memory = round.memory;
  const uint16_t port = task.request.port;
  if (!round.policy(task.address).empty()) co_return std::nullopt;
  if (!memory.budget.TakeConnection(task.address, port, SteadyClock::now())) co_return std::nullopt;
  Connection connection(co_await asio::this_coro::executor, task.request, task.trust, task.address);
  bool penalty = memory.penalties.Inside(task.address, port, SteadyClock::now());
  for (const Step step : StepsOf(task.request.protocol)) {
    if (step == nullptr || SteadyClock::now() >= task.deadline) break;
    const bool go_on = co_await step(connection, task.deadline);
    if (!go_on) break;
  }
  NoteBytes(connection);
  v1::Attempt& attempt = connection.evidence;
  const TimePoint now = SteadyClock::now();
  memory.budget.AddBytes(task.address, attempt.bytes_sent(), attempt.bytes_received(), now);
  // Another probe of the same pair may have been cut meanwhile.
  penalty = penalty || memory.penalties.Inside(task.address, port, now);
  attempt.set_inside_penalty(penalty);
  if (task.sensitive && CutWhileTalking(attempt)) {
    memory.penalties.Note(task.address, port, now, round.times.cool_down);
  }
  co_return Tried{std::move(attempt), std::move(connection.location), connection.listing};
}

}  // namespace sightline::probe
