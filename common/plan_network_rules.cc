#include <cstdint>
#include <optional>

#include "absl/strings/str_cat.h"
#include "common/destination.h"
#include "common/plan_rules.h"

namespace sightline::plan_rules {
namespace {

constexpr int kResolversMax = 8;
constexpr int kForgedRangesMax = 64;
constexpr int kNeutralServersMax = 8;
constexpr int kEchoServicesMax = 8;
// A range as wide as a continent would call every answer forged.
constexpr int kForgedBitsMinV4 = 8;
constexpr int kForgedBitsMinV6 = 16;

absl::Status CheckResolvers(const v1::Plan& plan) {
  if (plan.resolvers().empty() || plan.resolvers_size() > kResolversMax) {
    return Wrong("resolvers", absl::StrCat("at least one is needed, at most ", kResolversMax));
  }
  NameSet seen;
  for (const std::string& resolver : plan.resolvers()) {
    const absl::Status status = CheckAddressAndPort("resolvers", resolver);
    if (!status.ok()) return status;
    if (!seen.insert(resolver).second) {
      return Wrong("resolvers", absl::StrCat("\"", resolver, "\" is there twice; name it once"));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckInjectionControl(const v1::Plan& plan) {
  if (plan.injection_control().empty()) return absl::OkStatus();
  const absl::Status status = CheckAddressAndPort("injection_control", plan.injection_control());
  if (!status.ok()) return status;
  const IpAddress control = ParseAddressAndPort(plan.injection_control())->address;
  for (const std::string& text : plan.resolvers()) {
    const IpAddress resolver = ParseAddressAndPort(text)->address;
    if (resolver.v6 == control.v6 && resolver.bytes == control.bytes) {
      return Wrong("injection_control",
                   absl::StrCat("\"", plan.injection_control(),
                                "\" is a resolver of the plan, so its answers prove nothing; name "
                                "an address where no resolver lives"));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckForgedRanges(const v1::Plan& plan) {
  if (plan.forged_ranges_size() > kForgedRangesMax) {
    return Wrong("forged_ranges", absl::StrCat("must be at most ", kForgedRangesMax));
  }
  for (const std::string& text : plan.forged_ranges()) {
    const std::optional<AddressRange> range = ParseAddressRange(text);
    if (!range.has_value() ||
        range->bits < (range->prefix.v6 ? kForgedBitsMinV6 : kForgedBitsMinV4)) {
      return Wrong("forged_ranges", absl::StrCat("\"", text, "\" must be CIDR notation of /",
                                                 kForgedBitsMinV4, " or longer for IPv4, /",
                                                 kForgedBitsMinV6, " for IPv6, such as 2001::/32"));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckNeutralServer(const v1::NeutralServer& server) {
  const std::string where = absl::StrCat("contrasts neutral server \"", server.name(), "\" ");
  absl::Status status = CheckHost(where + "name", server.name());
  if (status.ok()) status = CheckAddress(where + "address", server.address());
  if (!status.ok()) return status;
  if (server.port() == 0 || server.port() > 65535) {
    return Wrong(where + "port", "must be 1 to 65535, mostly 443");
  }
  if (server.other_port() > 65535 || server.other_port() == server.port()) {
    return Wrong(where + "other_port", "must be 0 for none, or a second port of 1 to 65535");
  }
  return absl::OkStatus();
}

absl::Status CheckContrasts(const v1::Contrasts& contrasts) {
  if (!contrasts.neutral_name().empty()) {
    const absl::Status status = CheckHost("contrasts neutral_name", contrasts.neutral_name());
    if (!status.ok()) return status;
    if (ParseIpAddress(contrasts.neutral_name()).has_value()) {
      return Wrong("contrasts neutral_name", "must be a name, for it is sent as a server name");
    }
  }
  if (contrasts.neutral_servers_size() > kNeutralServersMax) {
    return Wrong("contrasts neutral_servers", absl::StrCat("must be at most ", kNeutralServersMax));
  }
  for (const v1::NeutralServer& server : contrasts.neutral_servers()) {
    const absl::Status status = CheckNeutralServer(server);
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status CheckEchoServices(const v1::Plan& plan) {
  if (plan.echo_services_size() > kEchoServicesMax) {
    return Wrong("echo_services", absl::StrCat("must be at most ", kEchoServicesMax));
  }
  NameSet seen;
  for (const v1::EchoService& service : plan.echo_services()) {
    const absl::Status status = CheckAddressAndPort("echo_services address", service.address());
    if (!status.ok()) return status;
    if (!seen.insert(service.address()).second) {
      return Wrong("echo_services address",
                   absl::StrCat("\"", service.address(), "\" is there twice; name it once"));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckNetwork(const v1::Plan& plan) {
  absl::Status status = CheckResolvers(plan);
  if (status.ok()) status = CheckInjectionControl(plan);
  if (status.ok()) status = CheckForgedRanges(plan);
  if (status.ok()) status = CheckContrasts(plan.contrasts());
  if (status.ok()) status = CheckEchoServices(plan);
  return status;
}

}  // namespace sightline::plan_rules
