#include "agent/probe/dns_evidence.h"

#include <algorithm>
#include <utility>

#include "absl/strings/string_view.h"
#include "agent/probe/evidence.h"
#include "agent/probe/failure.h"

namespace sightline::probe {
namespace {

bool ResponseIsSuspicious(const v1::DnsResponse& response, v1::DnsQuestion question) {
  if (response.rcode() != 0 || response.truncated() || !response.forged_range().empty() ||
      response.addresses_size() == 0) {
    return true;
  }
  const bool v6 = question == v1::DNS_QUESTION_AAAA;
  return std::any_of(response.addresses().begin(), response.addresses().end(),
                     [v6](const std::string& address) {
                       return IsRange(address) || (address.find(':') != std::string::npos) != v6;
                     });
}

}  // namespace

void AddResponse(const DnsReply& reply, uint32_t delay_us, const AnswerRules& rules,
                 v1::DnsEvidence* evidence) {
  v1::DnsResponse* response = evidence->add_responses();
  response->set_delay_us(delay_us);
  response->set_rcode(reply.rcode);
  response->set_ttl_s(reply.ttl_min_s);
  response->set_truncated(reply.truncated);
  for (const IpAddress& address : reply.addresses) {
    const absl::string_view range = rules.policy(address);
    response->add_addresses(range.empty() ? FormatIpAddress(address) : std::string(range));
  }
  for (const AddressRange& range : rules.forged_ranges) {
    const bool holds_one =
        std::any_of(reply.addresses.begin(), reply.addresses.end(),
                    [&](const IpAddress& address) { return Contains(range, address); });
    if (!holds_one) continue;
    response->set_forged_range(range.text);
    break;
  }
}

void SetFailure(std::string nothing, v1::DnsEvidence* evidence) {
  std::string failure = std::move(nothing);
  if (evidence->responses_size() > 0) {
    failure = std::string(FailureFromRcode(evidence->responses(0).rcode()));
  }
  for (const v1::DnsResponse& response : evidence->responses()) {
    for (const std::string& address : response.addresses()) {
      if (!IsRange(address)) {
        evidence->clear_failure();
        return;
      }
      failure = std::string(kDnsBogon);
    }
  }
  evidence->set_failure(std::move(failure));
}

bool Suspicious(const v1::DnsEvidence& evidence) {
  return !evidence.failure().empty() || AnswersDisagree(evidence) ||
         std::any_of(evidence.responses().begin(), evidence.responses().end(),
                     [&](const v1::DnsResponse& response) {
                       return ResponseIsSuspicious(response, evidence.question());
                     });
}

v1::DnsEvidence LiteralEvidence(const IpAddress& address, const AnswerRules& rules) {
  v1::DnsEvidence evidence;
  evidence.set_question(address.v6 ? v1::DNS_QUESTION_AAAA : v1::DNS_QUESTION_A);
  DnsReply reply;
  reply.addresses.push_back(address);
  AddResponse(reply, 0, rules, &evidence);
  SetFailure("", &evidence);
  return evidence;
}

}  // namespace sightline::probe
