#include "collector/export/ooni_keys.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "collector/export/ooni_names.h"
#include "common/message.h"
#include "common/rcode.h"

namespace sightline {
namespace {

namespace json = boost::json;

json::value FailureOrNull(absl::string_view failure) {
  if (failure.empty()) return nullptr;
  return json::string(failure.data(), failure.size());
}

double Seconds(int64_t us) { return static_cast<double>(us) / 1e6; }

std::string Endpoint(const v1::Attempt& attempt) {
  return EndpointText(attempt.address(), attempt.port());
}

// In place of an address of it.
bool IsRange(absl::string_view address) { return absl::StrContains(address, '/'); }

template <typename Enum>
std::string LowerName(Enum value) {
  return absl::AsciiStrToLower(ShortName(value));
}

// Of one response: OONI has one failure for each.
json::value FailureOf(const v1::DnsResponse& response) {
  if (response.addresses().empty()) return FailureOrNull(FailureFromRcode(response.rcode()));
  if (std::all_of(response.addresses().begin(), response.addresses().end(), IsRange)) {
    return "dns_bogon_error";
  }
  return nullptr;
}

json::array AnswersOf(const v1::DnsResponse& response, bool timed) {
  json::array answers;
  for (const std::string& address : response.addresses()) {
    json::object& answer = answers.emplace_back(json::object()).as_object();
    const bool v6 = address.find(':') != std::string::npos;
    answer["answer_type"] = v6 ? "AAAA" : "A";
    if (IsRange(address)) {
      answer["x_sightline_range"] = address;
    } else {
      answer[v6 ? "ipv6" : "ipv4"] = address;
    }
    // The lowest of the response is known: whose that is, only when it has one address.
    const bool known = timed && response.addresses_size() == 1;
    answer["ttl"] = known ? json::value(response.ttl_s()) : json::value(nullptr);
  }
  return answers;
}

json::object RequestOf(const std::string& url) {
  return {{"url", url},
          {"method", "GET"},
          {"headers", json::object()},
          {"headers_list", json::array()},
          {"body", ""},
          {"body_is_truncated", false},
          {"tor", {{"exit_ip", nullptr}, {"exit_name", nullptr}, {"is_tor", false}}},
          {"x_transport", "tcp"}};
}

// Of the headers the two that agents keep; the body is not kept.
json::object ResponseOf(const v1::HttpEvidence& http) {
  json::object headers;
  json::array headers_list;
  const auto add = [&](const char* name, const std::string& value) {
    headers[name] = value;
    headers_list.push_back(json::array{name, value});
  };
  if (!http.location().empty()) add("Location", http.location());
  if (http.date_s() != 0) {
    add("Date", absl::FormatTime("%a, %d %b %Y %H:%M:%S GMT", absl::FromUnixSeconds(http.date_s()),
                                 absl::UTCTimeZone()));
  }
  return {{"code", http.status()},
          {"headers", std::move(headers)},
          {"headers_list", std::move(headers_list)},
          {"body", ""},
          {"body_is_truncated", http.status() != 0}};
}

}  // namespace

void OoniKeys::Add(const v1::Check& check, const v1::Observation& observation, int64_t begin_us,
                   bool timed) {
  Course course = {begin_us, timed};
  AddLookup(check.host(), observation.dns(), course);
  for (const v1::DnsEvidence& lookup : observation.other_lookups()) {
    AddLookup(check.host(), lookup, course);
  }
  if (!observation.dns().responses().empty()) {
    course.now_us += observation.dns().responses(0).delay_us();
  }
  const std::string url = OoniInput(check);
  for (const v1::Attempt& attempt : observation.attempts()) {
    AddAttempt(attempt, url, course, lists_);
  }
  for (const v1::Redirect& redirect : observation.redirects()) {
    AddLookup(HostOfUrl(redirect.location()), redirect.dns(), course);
    if (!redirect.dns().responses().empty()) {
      course.now_us += redirect.dns().responses(0).delay_us();
    }
    for (const v1::Attempt& attempt : redirect.attempts()) {
      AddAttempt(attempt, redirect.location(), course, lists_);
    }
  }
  for (const v1::ContrastEvidence& contrast : observation.contrasts()) AddContrast(contrast, url);
}

void OoniKeys::AddLookup(const std::string& host, const v1::DnsEvidence& dns,
                         const Course& course) {
  if (dns.resolver().empty()) return;  // nobody was asked
  const bool control = dns.source() == v1::DNS_SOURCE_INJECTION_CONTROL;
  const bool system = dns.source() == v1::DNS_SOURCE_SYSTEM;
  const uint64_t transaction = ++transactions_;
  const auto add = [&](json::array answers, json::value failure, uint32_t delay_us,
                       const v1::DnsResponse* response) {
    json::object query;
    query["answers"] = std::move(answers);
    query["engine"] = dns.transport() == v1::DNS_TRANSPORT_TCP ? "tcp" : "udp";
    query["failure"] = std::move(failure);
    query["hostname"] = host;
    query["query_type"] = dns.question() == v1::DNS_QUESTION_AAAA ? "AAAA" : "A";
    if (response != nullptr) query["rcode"] = response->rcode();
    query["resolver_address"] = system ? "" : dns.resolver();
    if (course.timed) {
      query["t0"] = Seconds(course.now_us);
      query["t"] = Seconds(course.now_us + delay_us);
    }
    query["tags"] = json::array();
    if (system) query["tags"].as_array().emplace_back("sightline_system_resolver");
    query["transaction_id"] = transaction;
    if (response != nullptr && !response->forged_range().empty()) {
      query["x_sightline_forged_range"] = response->forged_range();
    }
    (control ? injected_ : queries_).push_back(std::move(query));
  };
  if (dns.responses().empty()) add({}, FailureOrNull(dns.failure()), 0, nullptr);
  for (const v1::DnsResponse& response : dns.responses()) {
    add(AnswersOf(response, course.timed), FailureOf(response), response.delay_us(), &response);
  }
}

void OoniKeys::AddAttempt(const v1::Attempt& attempt, std::string url, Course& course,
                          Lists& lists) {
  const Hop hop = {attempt, std::move(url), ++transactions_};
  AddConnect(hop, course, lists);
  if (attempt.has_tls()) AddTls(hop, course, lists);
  if (attempt.has_http()) AddHttp(hop, course, lists);
  AddUpgrades(hop, course, lists);
  if (!course.timed || attempt.bytes_received() == 0) return;
  lists.network_events.push_back(json::object{{"address", Endpoint(attempt)},
                                              {"failure", nullptr},
                                              {"num_bytes", attempt.bytes_received()},
                                              {"operation", "bytes_received_cumulative"},
                                              {"proto", "tcp"},
                                              {"t0", Seconds(course.now_us)},
                                              {"t", Seconds(course.now_us)},
                                              {"tags", json::array()},
                                              {"transaction_id", hop.transaction}});
}

// Of a step that failed the length is not known, and is written as none.
void OoniKeys::AddTimes(json::object& step, const Hop& hop, uint32_t length_us, Course& course) {
  if (course.timed) {
    step["t0"] = Seconds(course.now_us);
    course.now_us += length_us;
    step["t"] = Seconds(course.now_us);
  }
  step["tags"] = json::array();
  step["transaction_id"] = hop.transaction;
}

void OoniKeys::AddConnect(const Hop& hop, Course& course, Lists& lists) {
  const v1::Attempt& attempt = hop.attempt;
  const Course begin = course;
  json::object connect;
  connect["ip"] = attempt.address();
  connect["port"] = attempt.port();
  connect["status"] = {{"failure", FailureOrNull(attempt.connect_failure())},
                       {"success", attempt.connect_failure().empty()}};
  AddTimes(connect, hop, attempt.connect_us(), course);
  if (attempt.inside_penalty()) connect["x_sightline_inside_penalty"] = true;
  lists.tcp_connect.push_back(std::move(connect));
  json::object event;
  event["address"] = Endpoint(attempt);
  event["failure"] = FailureOrNull(attempt.connect_failure());
  event["operation"] = "connect";
  event["proto"] = "tcp";
  Course again = begin;
  AddTimes(event, hop, attempt.connect_us(), again);
  lists.network_events.push_back(std::move(event));
}

void OoniKeys::AddTls(const Hop& hop, Course& course, Lists& lists) {
  const v1::TlsEvidence& tls = hop.attempt.tls();
  json::object handshake;
  handshake["network"] = "tcp";
  handshake["address"] = Endpoint(hop.attempt);
  handshake["cipher_suite"] = tls.cipher();
  handshake["failure"] = FailureOrNull(tls.failure());
  handshake["negotiated_protocol"] = tls.alpn();
  handshake["no_tls_verify"] = false;
  handshake["peer_certificates"] = json::array();
  handshake["server_name"] = tls.server_name();
  handshake["tls_version"] = tls.version();
  AddTimes(handshake, hop, tls.handshake_us(), course);
  if (tls.alert() != 0) handshake["x_sightline_alert"] = tls.alert();
  json::array chain;
  for (const std::string& hash : tls.chain_sha256()) {
    chain.emplace_back(absl::BytesToHexString(hash));
  }
  handshake["x_sightline_chain_sha256"] = std::move(chain);
  lists.tls_handshakes.push_back(std::move(handshake));
}

void OoniKeys::AddHttp(const Hop& hop, Course& course, Lists& lists) {
  const v1::HttpEvidence& http = hop.attempt.http();
  json::object transaction;
  transaction["network"] = "tcp";
  transaction["address"] = Endpoint(hop.attempt);
  transaction["alpn"] = hop.attempt.tls().alpn();
  transaction["failure"] = FailureOrNull(http.failure());
  transaction["request"] = RequestOf(hop.url);
  transaction["response"] = ResponseOf(http);
  const bool timed = course.timed;
  AddTimes(transaction, hop, http.exchange_us(), course);
  transaction["x_sightline_expected"] = http.expected();
  transaction["x_sightline_title"] = http.title();
  if (timed) {
    transaction["x_sightline_body_bytes"] = http.body_bytes();
    transaction["x_sightline_body_sha256_prefix"] =
        absl::BytesToHexString(http.body_sha256_prefix());
  }
  lists.requests.push_back(std::move(transaction));
}

void OoniKeys::AddUpgrades(const Hop& hop, Course& course, Lists& lists) {
  if (hop.attempt.has_websocket()) {
    const v1::WebSocketEvidence& websocket = hop.attempt.websocket();
    json::object upgrade = {{"address", Endpoint(hop.attempt)},
                            {"url", hop.url},
                            {"failure", FailureOrNull(websocket.failure())},
                            {"code", websocket.status()}};
    AddTimes(upgrade, hop, websocket.upgrade_us(), course);
    lists.websockets.push_back(std::move(upgrade));
  }
  if (!hop.attempt.has_noise()) return;
  const v1::NoiseEvidence& noise = hop.attempt.noise();
  json::object handshake = {{"address", Endpoint(hop.attempt)},
                            {"failure", FailureOrNull(noise.failure())},
                            {"verified", noise.verified()},
                            {"first_message_bytes", noise.first_message_bytes()}};
  AddTimes(handshake, hop, noise.handshake_us(), course);
  lists.noises.push_back(std::move(handshake));
}

void OoniKeys::AddContrast(const v1::ContrastEvidence& contrast, const std::string& url) {
  Lists lists;
  Course course;  // when they were made is not told
  if (contrast.has_attempt()) AddAttempt(contrast.attempt(), url, course, lists);
  json::object result = {{"kind", LowerName(contrast.kind())},
                         {"state", LowerName(contrast.state())}};
  result["tcp_connect"] = std::move(lists.tcp_connect);
  result["tls_handshakes"] = std::move(lists.tls_handshakes);
  result["requests"] = std::move(lists.requests);
  contrasts_.push_back(std::move(result));
}

void OoniKeys::MoveTo(json::object& test_keys) && {
  test_keys["network_events"] = std::move(lists_.network_events);
  test_keys["queries"] = std::move(queries_);
  // The last one first, as OONI has them.
  std::reverse(lists_.requests.begin(), lists_.requests.end());
  test_keys["requests"] = std::move(lists_.requests);
  test_keys["tcp_connect"] = std::move(lists_.tcp_connect);
  test_keys["tls_handshakes"] = std::move(lists_.tls_handshakes);
  const auto own = [&](const char* key, json::array& list) {
    if (!list.empty()) test_keys[key] = std::move(list);
  };
  own("x_sightline_contrasts", contrasts_);
  own("x_sightline_injection_control", injected_);
  own("x_sightline_noise_handshakes", lists_.noises);
  own("x_sightline_websocket_upgrades", lists_.websockets);
}

}  // namespace sightline
