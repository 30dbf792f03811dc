#include "tests/agent/probe/step_fixture.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <cstdlib>
#include <exception>
#include <optional>
#include <utility>
#include <vector>

#include "agent/probe/steps.h"
#include "agent/probe/trust.h"

namespace sightline::probe {
namespace {

std::vector<Step> StepsOf(v1::CheckProtocol protocol) {
  switch (protocol) {
    case v1::CHECK_PROTOCOL_NOISE:
      return {ConnectStep, NoiseStep};
    case v1::CHECK_PROTOCOL_WEBSOCKET:
      return {ConnectStep, TlsStep, WebSocketStep};
    case v1::CHECK_PROTOCOL_NOISE_WEBSOCKET:
      return {ConnectStep, TlsStep, WebSocketStep, NoiseStep};
    default:
      std::abort();
  }
}

boost::asio::awaitable<void> Run(const Request& request, SSL_CTX* trust, IpAddress address,
                                 TimePoint deadline, StepRun* run) {
  Connection connection(co_await boost::asio::this_coro::executor, request, trust, address);
  run->passed = true;
  for (const Step step : StepsOf(request.protocol)) {
    run->passed = co_await step(connection, deadline);
    if (!run->passed) break;
  }
  run->evidence = std::move(connection.evidence);
}

}  // namespace

StepRun RunSteps(const v1::Check& check, const v1::NoiseProfile* noise,
                 const std::string& roots_pem, const std::string& address,
                 std::chrono::milliseconds timeout) {
  const Request request{check.protocol(), check.host(), static_cast<uint16_t>(check.port()),
                        check.path(),     &check,       noise};
  v1::Plan plan;
  v1::RootSet* roots = plan.add_root_sets();
  roots->set_name("test");
  roots->set_pem(roots_pem);
  TrustCache cache;
  SSL_CTX* trust = nullptr;
  if (check.protocol() != v1::CHECK_PROTOCOL_NOISE) trust = *cache.Get(plan, "test");
  const std::optional<IpAddress> destination = ParseIpAddress(address);
  if (!destination.has_value()) std::abort();

  StepRun run;
  boost::asio::io_context io(1);
  boost::asio::co_spawn(io, Run(request, trust, *destination, SteadyClock::now() + timeout, &run),
                        [](const std::exception_ptr& thrown) {
                          if (thrown) std::rethrow_exception(thrown);
                        });
  io.run();
  return run;
}

}  // namespace sightline::probe
