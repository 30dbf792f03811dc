#ifndef SIGHTLINE_TESTS_AGENT_PROBE_RESOLVE_FIXTURE_H_
#define SIGHTLINE_TESTS_AGENT_PROBE_RESOLVE_FIXTURE_H_

// Questions about one name to fake resolvers on loopback.

#include <gtest/gtest.h>

#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <exception>
#include <string>
#include <utility>
#include <vector>

#include "agent/probe/resolve.h"
#include "tests/agent/probe/fake_servers.h"

namespace sightline::probe {

inline constexpr char kName[] = "web.whatsapp.com";
// Addresses of the fakes, which no other test listens on.
inline constexpr char kFirst[] = "127.0.0.51";
inline constexpr char kSecond[] = "127.0.0.52";
inline constexpr char kThird[] = "127.0.0.53";
inline constexpr char kSystem[] = "127.0.0.54";
inline constexpr char kControl[] = "127.0.0.55";

// Far longer than a fake takes to answer, on a busy machine too.
inline constexpr std::chrono::milliseconds kHold(200);
// Never reached when the code is right.
inline constexpr std::chrono::seconds kFar(60);

// Opens once, for whoever waits.
class Gate {
 public:
  void Open() {
    open_ = true;
    open_.notify_all();
  }
  void Wait() const { open_.wait(false); }

 private:
  std::atomic<bool> open_{false};
};

inline NamedResolver At(const DnsServer& server) {
  return {*ParseResolver(server.address(), [](const IpAddress&) { return ""; }), server.address()};
}

inline NamedResolver System(const DnsServer& server) { return {At(server).address, "system"}; }

class ResolveTest : public testing::Test {
 protected:
  NameEvidence Resolve(const std::string& host,
                       std::chrono::steady_clock::duration timeout = kFar) {
    const auto start = std::chrono::steady_clock::now();
    const ResolveTask task{host, kHold, start + timeout};
    const DestinationPolicy policy = ReservedRange;
    NameEvidence evidence;
    boost::asio::io_context io(1);
    boost::asio::co_spawn(io, ResolveName(task, set_, policy),
                          [&](const std::exception_ptr& error, NameEvidence found) {
                            ASSERT_EQ(error, nullptr);
                            evidence = std::move(found);
                          });
    io.run();
    elapsed_ = std::chrono::steady_clock::now() - start;
    return evidence;
  }

  ResolverSet set_;
  std::chrono::steady_clock::duration elapsed_{0};
};

// Source and transport, and "6" for AAAA: "plan/udp", "system/udp6".
inline std::string Kind(const v1::DnsEvidence& evidence) {
  const std::vector<std::string> sources = {"nobody", "plan", "system", "control"};
  const std::vector<std::string> transports = {"", "/udp", "/tcp"};
  return sources.at(evidence.source()) + transports.at(evidence.transport()) +
         (evidence.question() == v1::DNS_QUESTION_AAAA ? "6" : "");
}

using Strings = std::vector<std::string>;

inline Strings Kinds(const NameEvidence& evidence) {
  Strings kinds;
  for (const v1::DnsEvidence& other : evidence.others) kinds.push_back(Kind(other));
  return kinds;
}

// First address of each response; "-" for none.
inline Strings Answers(const v1::DnsEvidence& evidence) {
  Strings answers;
  for (const v1::DnsResponse& response : evidence.responses()) {
    answers.push_back(response.addresses_size() == 0 ? "-" : response.addresses(0));
  }
  return answers;
}

}  // namespace sightline::probe

#endif  // SIGHTLINE_TESTS_AGENT_PROBE_RESOLVE_FIXTURE_H_
