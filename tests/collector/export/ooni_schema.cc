#include "tests/collector/export/ooni_schema.h"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <regex>
#include <vector>

#include "absl/strings/str_cat.h"

namespace sightline {
namespace {

namespace json = boost::json;

// s: string, n: string or null, f: number, i: whole number, b: true or false, a: list, o: object.
struct Key {
  const char* name;
  char type;
  bool optional = false;
};

bool Has(const json::value& value, char type) {
  switch (type) {
    case 's':
      return value.is_string();
    case 'n':
      return value.is_string() || value.is_null();
    case 'f':
      return value.is_number();
    case 'i':
      return value.is_int64() || value.is_uint64();
    case 'b':
      return value.is_bool();
    case 'a':
      return value.is_array();
    default:
      return value.is_object();
  }
}

const std::vector<Key> kLine = {{"annotations", 'o'},
                                {"data_format_version", 's'},
                                {"extensions", 'o'},
                                {"input", 'n'},
                                {"measurement_start_time", 's'},
                                {"options", 'a'},
                                {"probe_asn", 's'},
                                {"probe_cc", 's'},
                                {"probe_ip", 's'},
                                {"report_id", 's'},
                                {"software_name", 's'},
                                {"software_version", 's'},
                                {"test_helpers", 'o'},
                                {"test_keys", 'o'},
                                {"test_name", 's'},
                                {"test_runtime", 'f'},
                                {"test_start_time", 's'},
                                {"test_version", 's'}};
const std::vector<Key> kTestKeys = {
    {"agent", 's'},      {"network_events", 'a'}, {"queries", 'a'},
    {"requests", 'a'},   {"tcp_connect", 'a'},    {"tls_handshakes", 'a'},
    {"socksproxy", 'n'}, {"failure", 'n', true},  {"failed_operation", 'n', true}};
const std::vector<Key> kQuery = {
    {"answers", 'a'},    {"engine", 's'},           {"failure", 'n'},    {"hostname", 's'},
    {"query_type", 's'}, {"resolver_address", 's'}, {"tags", 'a'},       {"transaction_id", 'i'},
    {"t", 'f', true},    {"t0", 'f', true},         {"rcode", 'i', true}};
const std::vector<Key> kConnect = {{"ip", 's'},      {"port", 'i'},           {"status", 'o'},
                                   {"tags", 'a'},    {"transaction_id", 'i'}, {"t", 'f', true},
                                   {"t0", 'f', true}};
const std::vector<Key> kHandshake = {{"network", 's'},
                                     {"address", 's'},
                                     {"cipher_suite", 's'},
                                     {"failure", 'n'},
                                     {"negotiated_protocol", 's'},
                                     {"no_tls_verify", 'b'},
                                     {"server_name", 's'},
                                     {"peer_certificates", 'a'},
                                     {"tls_version", 's'},
                                     {"tags", 'a'},
                                     {"transaction_id", 'i'},
                                     {"t", 'f', true},
                                     {"t0", 'f', true}};
const std::vector<Key> kTransaction = {{"network", 's'}, {"address", 's'},        {"alpn", 's'},
                                       {"failure", 'n'}, {"request", 'o'},        {"response", 'o'},
                                       {"tags", 'a'},    {"transaction_id", 'i'}, {"t", 'f', true},
                                       {"t0", 'f', true}};
const std::vector<Key> kRequest = {
    {"url", 's'},  {"method", 's'}, {"headers", 'o'},     {"headers_list", 'a'},
    {"body", 's'}, {"tor", 'o'},    {"x_transport", 's'}, {"body_is_truncated", 'b'}};
const std::vector<Key> kResponse = {{"code", 'i'},
                                    {"headers", 'o'},
                                    {"headers_list", 'a'},
                                    {"body", 's'},
                                    {"body_is_truncated", 'b'}};
const std::vector<Key> kEvent = {
    {"failure", 'n'},     {"operation", 's'},       {"tags", 'a'},    {"address", 's', true},
    {"proto", 's', true}, {"num_bytes", 'i', true}, {"t", 'f', true}, {"t0", 'f', true}};

class Complaints {
 public:
  // Of `value` at `place`: every key that must be there, and of the right type if it is.
  void Check(const std::string& place, const json::value& value, const std::vector<Key>& keys) {
    const json::object* object = value.if_object();
    if (object == nullptr) return Add(place, "is no object");
    for (const Key& key : keys) {
      const json::value* found = object->if_contains(key.name);
      const std::string where = absl::StrCat(place, ".", key.name);
      if (found == nullptr) {
        if (!key.optional) Add(where, "is missing");
      } else if (!Has(*found, key.type)) {
        Add(where, "has another type");
      }
    }
  }
  void CheckEach(const json::object& keys, const char* name, const std::vector<Key>& of_each) {
    const json::value* list = keys.if_contains(name);
    if (list == nullptr || !list->is_array()) return;
    for (const json::value& each : list->as_array()) Check(name, each, of_each);
  }
  void Match(const json::object& line, const char* name, const char* pattern) {
    const json::value* found = line.if_contains(name);
    if (found == nullptr || !found->is_string()) return;
    const std::string text(found->as_string());
    if (!std::regex_match(text, std::regex(pattern))) Add(name, "is \"" + text + "\"");
  }
  void Add(const std::string& where, const std::string& what) {
    absl::StrAppend(&text_, where, " ", what, "\n");
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

void CheckTestKeys(const json::object& keys, Complaints& complaints) {
  complaints.Check("test_keys", keys, kTestKeys);
  complaints.CheckEach(keys, "queries", kQuery);
  complaints.CheckEach(keys, "tcp_connect", kConnect);
  complaints.CheckEach(keys, "tls_handshakes", kHandshake);
  complaints.CheckEach(keys, "network_events", kEvent);
  complaints.CheckEach(keys, "requests", kTransaction);
  const json::value* requests = keys.if_contains("requests");
  if (requests == nullptr || !requests->is_array()) return;
  for (const json::value& each : requests->as_array()) {
    if (!each.is_object()) continue;
    complaints.Check("request", each.at("request"), kRequest);
    complaints.Check("response", each.at("response"), kResponse);
  }
}

}  // namespace

std::string OoniComplaints(absl::string_view line) {
  boost::system::error_code error;
  const json::value parsed = json::parse({line.data(), line.size()}, error);
  if (error) return "is no JSON: " + error.message();
  Complaints complaints;
  complaints.Check("line", parsed, kLine);
  if (!parsed.is_object()) return complaints.text();
  const json::object& object = parsed.as_object();
  constexpr char kTime[] = R"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)";
  complaints.Match(object, "data_format_version", "0\\.2\\.0");
  complaints.Match(object, "measurement_start_time", kTime);
  complaints.Match(object, "test_start_time", kTime);
  complaints.Match(object, "probe_asn", R"(AS\d+)");
  complaints.Match(object, "probe_cc", "[A-Z]{2}");
  complaints.Match(object, "probe_ip", R"(127\.0\.0\.1)");
  complaints.Match(object, "test_name", "urlgetter|signal|sightline_[a-z_]+");
  const json::value* keys = object.if_contains("test_keys");
  if (keys != nullptr && keys->is_object()) CheckTestKeys(keys->as_object(), complaints);
  return complaints.text();
}

}  // namespace sightline
