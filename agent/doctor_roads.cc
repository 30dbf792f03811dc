#include "agent/doctor_roads.h"

#include <openssl/x509_vfy.h>

#include <algorithm>
#include <cstdint>

#include "absl/strings/str_cat.h"
#include "agent/road.h"

namespace sightline::agent {
namespace {

constexpr absl::Duration kEndsSoon = absl::Hours(24 * 7);
constexpr const char kProxyHelp[] =
    "if other sites work from here, the address may be blocked: name a proxy, proxy = "
    "\"http://HOST:PORT\" in /etc/sightline/agent.toml. Otherwise mend the network, or ask the "
    "operator whether the collector runs";

std::string DayText(absl::Time time) {
  return absl::FormatTime("%Y-%m-%d %H:%M UTC", time, absl::UTCTimeZone());
}

Finding JudgeCertificate(const RoadFacts& facts, const std::string& road) {
  const std::string end =
      facts.certificate_end ? DayText(*facts.certificate_end) : std::string("a time in the past");
  switch (facts.certificate_error) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return Problem(
          "road",
          absl::StrCat(road, "the collector's certificate ended at ", end, ", so nothing is sent"),
          "look at the line on the clock; if that is well, tell the operator to renew "
          "the certificate");
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return Problem("road", absl::StrCat(road, "the certificate is not valid yet by this clock"),
                     "look at the line on the clock; if that is well, tell the operator");
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return Problem("road",
                     absl::StrCat(road,
                                  "the certificate is of another host, so nothing is "
                                  "sent there"),
                     "tell the operator; on a foreign network, such as a hotel's, log in there "
                     "first");
    default:
      return Problem(
          "road",
          absl::StrCat(road, "the certificate is none that the invite vouches for (",
                       facts.status.message(), "): somebody may stand between. Nothing is sent"),
          "do not work around it. Ask the operator, by another way, whether the "
          "certificate changed; on a foreign network, log in there first");
  }
}

Finding JudgeWorking(const RoadFacts& facts, const std::string& road, absl::Time now) {
  const std::string text = absl::StrCat(
      road, "the collector answers (connected in ", absl::ToInt64Milliseconds(facts.connect_time),
      " ms, TLS 1.3 in ", absl::ToInt64Milliseconds(facts.handshake_time), " ms)");
  if (!facts.certificate_end) return Ok("road", text);
  const std::string end = absl::StrCat("its certificate ends at ", DayText(*facts.certificate_end));
  if (*facts.certificate_end - now > kEndsSoon) return Ok("road", absl::StrCat(text, "; ", end));
  return Warning(
      "road", absl::StrCat(text, "; ", end),
      "tell the operator, unless that is usual: certificates of a week renew themselves");
}

// As if no other road were there.
Finding JudgeRoad(const RoadFacts& facts, absl::Time now) {
  const std::string road = absl::StrCat(facts.road, ": ");
  const std::string why(facts.status.message());
  switch (facts.stage) {
    case RoadStage::kLookUp:
      return Problem("road", absl::StrCat(road, "no address is known (", why, ")"),
                     "see the line on dns; a proxy that knows the name can help: proxy = "
                     "\"http://HOST:PORT\" in /etc/sightline/agent.toml");
    case RoadStage::kConnect:
      return ParseRoad(facts.road).proxy.empty()
                 ? Problem("road", absl::StrCat(road, "no connection (", why, ")"), kProxyHelp)
                 : Problem("road", absl::StrCat(road, "the proxy takes no connection (", why, ")"),
                           "start the proxy, or correct its address: --proxy, or `proxy` in "
                           "/etc/sightline/agent.toml");
    case RoadStage::kProxy:
      return Problem("road",
                     absl::StrCat(road, "the proxy opens no way to the collector (", why, ")"),
                     "let the proxy allow CONNECT to the collector's address and port, or name "
                     "another one");
    case RoadStage::kHandshake:
      return Problem("road",
                     absl::StrCat(road, "connected, but TLS 1.3 does not come about (", why,
                                  "): this is no collector, or something on the way cuts it off"),
                     kProxyHelp);
    case RoadStage::kCertificate:
      return JudgeCertificate(facts, road);
    case RoadStage::kAnswer:
      return Problem("road",
                     absl::StrCat(road, "TLS works, but the service does not answer (", why, ")"),
                     "try again in some minutes; then tell the operator");
    case RoadStage::kDone:
      return JudgeWorking(facts, road, now);
  }
  return Problem("road", road, "tell the operator");
}

}  // namespace

std::vector<Finding> JudgeRoads(const std::vector<RoadFacts>& roads, absl::Time now) {
  const bool works = std::any_of(roads.begin(), roads.end(), [](const RoadFacts& facts) {
    return facts.stage == RoadStage::kDone;
  });
  std::vector<Finding> findings;
  for (const RoadFacts& facts : roads) {
    Finding finding = JudgeRoad(facts, now);
    if (works && finding.level == Level::kProblem && facts.stage != RoadStage::kCertificate) {
      finding.level = Level::kWarning;
      finding.advice = "nothing, for another road works";
    }
    findings.push_back(std::move(finding));
  }
  return findings;
}

}  // namespace sightline::agent
