#include <algorithm>
#include <optional>

#include "agent/probe/failure.h"
#include "agent/probe/judge.h"

namespace sightline::probe {
namespace {

constexpr absl::string_view kFakeIpRange = "198.18.0.0/15";

DnsJudgement Blocked(v1::Mechanism mechanism, absl::string_view operation, std::string failure) {
  return {v1::LAYER_STATE_BLOCKED, mechanism, {operation, std::move(failure)}};
}

DnsJudgement Fine() { return {v1::LAYER_STATE_OK, v1::MECHANISM_UNSPECIFIED, {}}; }

bool AllReserved(const v1::DnsResponse& response) {
  return response.addresses_size() > 0 &&
         std::all_of(response.addresses().begin(), response.addresses().end(),
                     [](const std::string& address) { return IsRange(address); });
}

const v1::Attempt* AttemptAt(const std::vector<const v1::Attempt*>& attempts,
                             absl::string_view address) {
  const auto found =
      std::find_if(attempts.begin(), attempts.end(),
                   [&](const v1::Attempt* attempt) { return attempt->address() == address; });
  return found == attempts.end() ? nullptr : *found;
}

// Whether someone who believes this response alone meets the genuine service.
bool LeadsToProof(const v1::DnsResponse& response,
                  const std::vector<const v1::Attempt*>& attempts) {
  if (response.addresses_size() == 0) return false;
  const v1::Attempt* first = AttemptAt(attempts, response.addresses(0));
  return first != nullptr && ProvedIdentity(*first);
}

bool IsGenuine(const v1::Check& check, const std::string& address) {
  return std::find(check.genuine_addresses().begin(), check.genuine_addresses().end(), address) !=
         check.genuine_addresses().end();
}

// An answer that cannot be true, whoever gave it; the machine's own resolver is looked at later.
std::optional<DnsJudgement> Injected(const v1::Observation& seen) {
  const auto forged = [](const v1::DnsEvidence& lookup) {
    return std::any_of(lookup.responses().begin(), lookup.responses().end(),
                       [](const v1::DnsResponse& r) { return !r.forged_range().empty(); });
  };
  bool in_range = forged(seen.dns());
  bool from_nowhere = false;
  for (const v1::DnsEvidence& lookup : seen.other_lookups()) {
    if (lookup.source() == v1::DNS_SOURCE_SYSTEM) continue;
    in_range = in_range || forged(lookup);
    from_nowhere = from_nowhere || (lookup.source() == v1::DNS_SOURCE_INJECTION_CONTROL &&
                                    lookup.responses_size() > 0);
  }
  if (!in_range && !from_nowhere) return std::nullopt;
  for (const v1::DnsResponse& response : seen.dns().responses()) {
    if (response.addresses_size() == 0) {
      return Blocked(v1::MECHANISM_DNS_FORGED, kResolve,
                     std::string(FailureFromRcode(response.rcode())));
    }
    if (AllReserved(response)) {
      return Blocked(v1::MECHANISM_DNS_FORGED, kResolve, std::string(kDnsBogon));
    }
  }
  const bool reserved = in_range && !AnswersDisagree(seen.dns());
  return Blocked(v1::MECHANISM_DNS_FORGED, kResolve,
                 std::string(reserved ? kDnsBogon : kDnsMisbehaving));
}

// The first resolver gave no public address.
DnsJudgement WithoutAddress(const v1::DnsEvidence& dns,
                            const std::vector<const v1::Attempt*>& attempts) {
  if (IsLocalFailure(dns.failure())) {
    return {v1::LAYER_STATE_UNTESTED, v1::MECHANISM_UNSPECIFIED, {kResolve, dns.failure()}};
  }
  // Silence towards one resolver, while an answer from elsewhere or over TCP is proved, is that
  // resolver's trouble and not the name's.
  const bool silent = dns.responses_size() == 0;
  const bool proved = std::any_of(attempts.begin(), attempts.end(),
                                  [](const v1::Attempt* a) { return ProvedIdentity(*a); });
  if (silent && proved) return Fine();
  v1::Mechanism mechanism = v1::MECHANISM_DNS_DENIED;
  if (silent) mechanism = v1::MECHANISM_DNS_SILENT;
  if (dns.failure() == kDnsBogon || AnswersDisagree(dns)) mechanism = v1::MECHANISM_DNS_FORGED;
  return Blocked(mechanism, kResolve, dns.failure());
}

DnsJudgement Disagreement(const v1::DnsEvidence& dns,
                          const std::vector<const v1::Attempt*>& attempts) {
  const bool all_proved =
      std::all_of(dns.responses().begin(), dns.responses().end(),
                  [&](const v1::DnsResponse& r) { return LeadsToProof(r, attempts); });
  if (all_proved) return Fine();
  for (const v1::DnsResponse& response : dns.responses()) {
    if (response.addresses_size() == 0) {
      return Blocked(v1::MECHANISM_DNS_FORGED, kResolve,
                     std::string(FailureFromRcode(response.rcode())));
    }
    if (AllReserved(response)) {
      return Blocked(v1::MECHANISM_DNS_FORGED, kResolve, std::string(kDnsBogon));
    }
  }
  // OONI has no word of its own for answers that race each other.
  return Blocked(v1::MECHANISM_DNS_FORGED, kResolve, std::string(kDnsMisbehaving));
}

// One voice only. It is contradicted by the server that it leads to, or by a genuine address that
// works while none of its own does.
DnsJudgement LoneAnswer(const v1::Check& check, const v1::Observation& seen,
                        const std::vector<const v1::Attempt*>& attempts) {
  const bool proved = std::any_of(attempts.begin(), attempts.end(), [&](const v1::Attempt* a) {
    return ProvedIdentity(*a) || AttemptSucceeded(check, *a) || LeadsOn(check, *a);
  });
  if (proved) return Fine();
  const bool known = std::any_of(attempts.begin(), attempts.end(), [&](const v1::Attempt* a) {
    return IsGenuine(check, a->address());
  });
  if (known) return Fine();
  const auto impersonator = std::find_if(attempts.begin(), attempts.end(),
                                         [](const v1::Attempt* a) { return IsImpersonator(*a); });
  if (impersonator != attempts.end()) {
    AttemptFailure failure = FailureOf(check, **impersonator);
    return Blocked(v1::MECHANISM_DNS_FORGED, failure.operation, std::move(failure.failure));
  }
  const bool genuine_works =
      std::any_of(seen.contrasts().begin(), seen.contrasts().end(), [](const auto& contrast) {
        return contrast.kind() == v1::CONTRAST_KIND_GENUINE_ADDRESS &&
               contrast.state() == v1::LAYER_STATE_OK;
      });
  if (genuine_works && !attempts.empty()) {
    return Blocked(v1::MECHANISM_DNS_FORGED, kResolve, std::string(kDnsMisbehaving));
  }
  return Fine();
}

// What the machine's own resolver says, when the plan's resolver was right.
DnsJudgement SystemResolverJudgement(const v1::Observation& seen,
                                     const std::vector<const v1::Attempt*>& attempts) {
  for (const v1::DnsEvidence& lookup : seen.other_lookups()) {
    if (lookup.source() != v1::DNS_SOURCE_SYSTEM) continue;
    if (IsDenial(lookup.failure())) {
      return Blocked(v1::MECHANISM_DNS_SYSTEM_RESOLVER, kResolve, lookup.failure());
    }
    for (const v1::DnsResponse& response : lookup.responses()) {
      if (!response.forged_range().empty()) {
        return Blocked(v1::MECHANISM_DNS_SYSTEM_RESOLVER, kResolve, std::string(kDnsBogon));
      }
      if (response.addresses_size() == 0 || response.addresses(0) == kFakeIpRange) continue;
      if (AllReserved(response)) {
        return Blocked(v1::MECHANISM_DNS_SYSTEM_RESOLVER, kResolve, std::string(kDnsBogon));
      }
      const v1::Attempt* first = AttemptAt(attempts, response.addresses(0));
      if (first != nullptr && IsImpersonator(*first)) {
        return Blocked(v1::MECHANISM_DNS_SYSTEM_RESOLVER, kResolve, std::string(kDnsMisbehaving));
      }
    }
  }
  return Fine();
}

}  // namespace

DnsJudgement JudgeDns(const v1::Check& check, const v1::Observation& seen) {
  const v1::DnsEvidence& dns = seen.dns();
  const std::vector<const v1::Attempt*> attempts = TellingAttempts(seen, /*dns_blocked=*/false);
  if (std::optional<DnsJudgement> injected = Injected(seen)) return *injected;
  if (!dns.failure().empty()) return WithoutAddress(dns, attempts);
  DnsJudgement judgement =
      AnswersDisagree(dns) ? Disagreement(dns, attempts) : LoneAnswer(check, seen, attempts);
  if (judgement.state != v1::LAYER_STATE_OK) return judgement;
  return SystemResolverJudgement(seen, attempts);
}

}  // namespace sightline::probe
