#include <gtest/gtest.h>

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <functional>
#include <memory>

#include "absl/strings/str_cat.h"
#include "agent/probe/stun.h"
#include "agent/probe/vantage.h"

namespace sightline::probe {
namespace {

namespace asio = boost::asio;
using asio::ip::udp;
using std::chrono::steady_clock;

absl::string_view LoopbackToo(const IpAddress& address) {
  return !address.v6 && address.bytes[0] == 127 ? absl::string_view() : ReservedRange(address);
}

// A binding success response with the XOR-MAPPED-ADDRESS.
std::string PackStunResponse(const std::string& request, const std::string& address) {
  std::string response("\x01\x01\x00\x0c", 4);
  response += request.substr(4, 16);
  response += std::string("\x00\x20\x00\x08\x00\x01\x00\x00", 8);
  const IpAddress parsed = *ParseIpAddress(address);
  for (size_t i = 0; i < 4; ++i) {
    response.push_back(static_cast<char>(parsed.bytes[i] ^ static_cast<uint8_t>(request[4 + i])));
  }
  return response;
}

// What to send for a request, in order.
using Answers = std::function<std::vector<std::string>(const std::string& request)>;

Answers Tells(const std::string& address) {
  return [address](const std::string& request) {
    return std::vector<std::string>{PackStunResponse(request, address)};
  };
}

// An echo service on loopback; the tests run it in the same thread.
class EchoServer {
 public:
  EchoServer(asio::io_context& context, Answers answers)
      : socket_(context, udp::endpoint(asio::ip::address_v4::loopback(), 0)),
        answers_(std::move(answers)) {
    asio::co_spawn(context, Serve(), asio::detached);
  }
  std::string address() const {
    return absl::StrCat("127.0.0.1:", socket_.local_endpoint().port());
  }
  int requests() const { return requests_; }

 private:
  asio::awaitable<void> Serve() {
    std::array<char, 1500> buffer;
    for (;;) {
      udp::endpoint from;
      const size_t size =
          co_await socket_.async_receive_from(asio::buffer(buffer), from, asio::use_awaitable);
      ++requests_;
      for (const std::string& answer : answers_(std::string(buffer.data(), size))) {
        socket_.send_to(asio::buffer(answer), from);
      }
    }
  }

  udp::socket socket_;
  Answers answers_;
  int requests_ = 0;
};

class GlimpseTest : public testing::Test {
 protected:
  EchoServer& AddEcho(bool domestic, Answers answers) {
    servers_.push_back(std::make_unique<EchoServer>(context_, std::move(answers)));
    v1::EchoService* service = plan_.add_echo_services();
    service->set_address(servers_.back()->address());
    service->set_domestic(domestic);
    return *servers_.back();
  }

  Glimpse Take(std::chrono::milliseconds timeout = std::chrono::seconds(20),
               DestinationPolicy policy = LoopbackToo) {
    std::optional<Glimpse> glimpse;
    asio::co_spawn(context_, TakeGlimpse(plan_, policy, steady_clock::now() + timeout),
                   [&](const std::exception_ptr& error, Glimpse taken) {
                     EXPECT_EQ(error, nullptr);
                     glimpse = std::move(taken);
                   });
    while (!glimpse.has_value()) context_.run_one();
    return *glimpse;
  }

  static std::string Text(const std::optional<IpAddress>& address) {
    return address.has_value() ? FormatIpAddress(*address) : "none";
  }

  asio::io_context context_;
  v1::Plan plan_;
  std::vector<std::unique_ptr<EchoServer>> servers_;
};

TEST_F(GlimpseTest, EachSideTellsItsView) {
  AddEcho(false, Tells("198.51.100.7"));
  AddEcho(true, Tells("203.0.113.9"));
  const Glimpse glimpse = Take();
  EXPECT_EQ(Text(glimpse.domestic_echo), "203.0.113.9");
  EXPECT_EQ(Text(glimpse.foreign_echo), "198.51.100.7");
  EXPECT_EQ(glimpse.egress, v1::EGRESS_VIRTUAL) << "the way to 127.0.0.1";
  EXPECT_EQ(glimpse.interface, "lo");
}

TEST_F(GlimpseTest, DeadServiceCostsTheWaitAndNothingElse) {
  AddEcho(false, [](const std::string&) { return std::vector<std::string>(); });
  AddEcho(false, Tells("198.51.100.7"));
  const Glimpse glimpse = Take(std::chrono::milliseconds(100));
  EXPECT_EQ(Text(glimpse.foreign_echo), "198.51.100.7");
  EXPECT_EQ(Text(glimpse.domestic_echo), "none");
}

TEST_F(GlimpseTest, AnswersToOtherTransactionsArePassedOver) {
  AddEcho(true, [](const std::string& request) {
    std::string forged = request;
    forged[19] = static_cast<char>(forged[19] + 1);
    return std::vector<std::string>{PackStunResponse(forged, "192.0.2.66"), "nonsense",
                                    PackStunResponse(request, "203.0.113.9")};
  });
  EXPECT_EQ(Text(Take().domestic_echo), "203.0.113.9");
}

TEST_F(GlimpseTest, AsksFourServicesOnceEach) {
  std::vector<EchoServer*> servers;
  for (int i = 0; i < 5; ++i) servers.push_back(&AddEcho(false, Tells("198.51.100.7")));
  Take();
  for (int i = 0; i < 4; ++i) EXPECT_EQ(servers[i]->requests(), 1) << i;
  context_.poll();
  EXPECT_EQ(servers[4]->requests(), 0);
}

TEST_F(GlimpseTest, PolicyHoldsForEchoServices) {
  const EchoServer& server = AddEcho(true, Tells("203.0.113.9"));
  const Glimpse glimpse = Take(std::chrono::seconds(20), ReservedRange);
  context_.poll();
  EXPECT_EQ(server.requests(), 0);
  EXPECT_EQ(Text(glimpse.domestic_echo), "none");
  EXPECT_EQ(glimpse.egress, v1::EGRESS_UNSPECIFIED) << "no public address to look towards";
}

TEST_F(GlimpseTest, PlanWithoutAddressesIsNoTrouble) {
  EXPECT_EQ(Take().egress, v1::EGRESS_UNSPECIFIED);
}

}  // namespace
}  // namespace sightline::probe
