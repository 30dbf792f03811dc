#include "agent/probe/resolve.h"

#include <algorithm>
#include <array>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/this_coro.hpp>
#include <optional>
#include <utility>

#include "agent/probe/dns_evidence.h"
#include "agent/probe/dns_lookup.h"
#include "agent/probe/dns_wire.h"

namespace sightline::probe {
namespace {

namespace asio = boost::asio;

// Places in NameEvidence::others, before those that were not asked for are left out.
enum Other : size_t { kAaaa, kSystem, kControl, kTcp, kFurther };
constexpr size_t kOthersMax = kFurther + kPlanResolversMax - 1;

// One name under question.
struct Inquiry {
  const ResolveTask& task;
  const ResolverSet& resolvers;
  const AnswerRules rules;
  v1::DnsEvidence first;
  std::array<v1::DnsEvidence, kOthersMax> others;

  TimePoint HoldEnd() const {
    return std::min<TimePoint>(SteadyClock::now() + task.hold, task.deadline);
  }
  TimePoint Halfway() const {
    const TimePoint now = SteadyClock::now();
    return now + std::max(task.deadline - now, SteadyClock::duration::zero()) / 2;
  }
  Lookup About(const NamedResolver* resolver) const {
    return {task.host, resolver, v1::DNS_SOURCE_PLAN, v1::DNS_QUESTION_A, rules};
  }
  // nullptr when the plan has fewer.
  const NamedResolver* PlanResolver(size_t i) const {
    return i < resolvers.plan.size() ? &resolvers.plan[i] : nullptr;
  }
};

const NamedResolver* PointerTo(const std::optional<NamedResolver>& resolver) {
  return resolver.has_value() ? &*resolver : nullptr;
}

// For the hold.
asio::awaitable<void> AskBriefly(Inquiry& inquiry, Lookup lookup, Other place) {
  if (lookup.resolver == nullptr) co_return;
  UdpLookup udp(co_await asio::this_coro::executor, lookup, &inquiry.others[place]);
  co_await udp.Ask(inquiry.HoldEnd());
}

// For the hold, and longer for a first response.
asio::awaitable<void> AskPatiently(Inquiry& inquiry, Lookup lookup, size_t place) {
  if (lookup.resolver == nullptr) co_return;
  const TimePoint patience = inquiry.Halfway();
  UdpLookup udp(co_await asio::this_coro::executor, lookup, &inquiry.others[place]);
  co_await udp.Ask(inquiry.HoldEnd());
  co_await udp.AwaitFirst(patience);
}

asio::awaitable<void> AskFurther(Inquiry& inquiry, size_t i) {
  return AskPatiently(inquiry, inquiry.About(inquiry.PlanResolver(i)), kFurther + i - 1);
}

asio::awaitable<void> AskFirstAndDoubt(Inquiry& inquiry) {
  using namespace asio::experimental::awaitable_operators;
  const Lookup lookup = inquiry.About(inquiry.PlanResolver(0));
  UdpLookup first(co_await asio::this_coro::executor, lookup, &inquiry.first);
  co_await first.Ask(inquiry.HoldEnd());
  if (!Suspicious(inquiry.first)) co_return;
  static_assert(kPlanResolversMax == 4, "each further resolver is asked below");
  const TimePoint tcp_end = std::max(inquiry.HoldEnd(), inquiry.Halfway());
  co_await (first.AwaitFirst(inquiry.task.deadline) &&
            AskOverTcp(lookup, tcp_end, &inquiry.others[kTcp]) && AskFurther(inquiry, 1) &&
            AskFurther(inquiry, 2) && AskFurther(inquiry, 3));
}

asio::awaitable<void> AskAll(Inquiry& inquiry) {
  using namespace asio::experimental::awaitable_operators;
  Lookup aaaa = inquiry.About(inquiry.PlanResolver(0));
  aaaa.question = v1::DNS_QUESTION_AAAA;
  Lookup system = inquiry.About(PointerTo(inquiry.resolvers.system));
  system.source = v1::DNS_SOURCE_SYSTEM;
  Lookup control = inquiry.About(PointerTo(inquiry.resolvers.injection_control));
  control.source = v1::DNS_SOURCE_INJECTION_CONTROL;
  co_await (AskFirstAndDoubt(inquiry) && AskBriefly(inquiry, aaaa, kAaaa) &&
            AskPatiently(inquiry, system, kSystem) && AskBriefly(inquiry, control, kControl));
}

}  // namespace

asio::awaitable<NameEvidence> ResolveName(const ResolveTask& task, const ResolverSet& resolvers,
                                          const DestinationPolicy& policy) {
  Inquiry inquiry{task, resolvers, {policy, resolvers.forged_ranges}, {}, {}};
  NameEvidence evidence;
  if (const std::optional<IpAddress> literal = ParseIpAddress(task.host)) {
    evidence.first = LiteralEvidence(*literal, inquiry.rules);
    co_return evidence;
  }
  DnsQuery query;
  query.host = task.host;
  if (!PackDnsQuery(query).ok()) {
    evidence.first.set_failure(std::string(kNotADnsName));
    co_return evidence;
  }
  co_await AskAll(inquiry);
  evidence.first = std::move(inquiry.first);
  for (v1::DnsEvidence& other : inquiry.others) {
    const bool asked = other.question() != v1::DNS_QUESTION_UNSPECIFIED;
    if (asked) evidence.others.push_back(std::move(other));
  }
  co_return evidence;
}

}  // namespace sightline::probe
