#include "tests/agent/typical_round.h"

#include <string>

#include "absl/strings/str_cat.h"

namespace sightline::agent {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// Sets each field to something that is not its default, one element for what is repeated.
void Fill(Message& message) {
  const auto* descriptor = message.GetDescriptor();
  const auto* reflection = message.GetReflection();
  for (int i = 0; i < descriptor->field_count(); ++i) {
    const FieldDescriptor* field = descriptor->field(i);
    const bool repeated = field->is_repeated();
    switch (field->cpp_type()) {
      case FieldDescriptor::CPPTYPE_MESSAGE:
        Fill(repeated ? *reflection->AddMessage(&message, field)
                      : *reflection->MutableMessage(&message, field));
        break;
      case FieldDescriptor::CPPTYPE_STRING:
        if (repeated) {
          reflection->AddString(&message, field, "text");
        } else {
          reflection->SetString(&message, field, "text");
        }
        break;
      case FieldDescriptor::CPPTYPE_UINT32:
        reflection->SetUInt32(&message, field, 5);
        break;
      case FieldDescriptor::CPPTYPE_UINT64:
        reflection->SetUInt64(&message, field, 5);
        break;
      case FieldDescriptor::CPPTYPE_INT64:
        reflection->SetInt64(&message, field, 5);
        break;
      case FieldDescriptor::CPPTYPE_BOOL:
        reflection->SetBool(&message, field, true);
        break;
      default:
        reflection->SetEnumValue(&message, field, 1);
        break;
    }
  }
}

uint32_t Between(std::mt19937_64& random, uint32_t low, uint32_t high) {
  return low + static_cast<uint32_t>(random() % (high - low + 1));
}

std::string Address(std::mt19937_64& random) {
  return absl::StrCat(Between(random, 11, 220), ".", Between(random, 0, 255), ".",
                      Between(random, 0, 255), ".", Between(random, 1, 254));
}

// A name server's answer; `address` empty for none.
void AddLookup(v1::DnsEvidence& lookup, v1::DnsSource source, v1::DnsQuestion question,
               const std::vector<std::string>& answers, std::mt19937_64& random) {
  lookup.set_resolver(source == v1::DNS_SOURCE_SYSTEM ? "system" : "114.114.114.114:53");
  lookup.set_source(source);
  lookup.set_transport(v1::DNS_TRANSPORT_UDP);
  lookup.set_question(question);
  for (const std::string& answer : answers) {
    v1::DnsResponse& response = *lookup.add_responses();
    response.set_delay_us(Between(random, 5'000, 60'000));
    response.set_ttl_s(Between(random, 1, 600));
    response.add_addresses(answer);
  }
  if (answers.empty()) lookup.set_failure("generic_timeout_error");
}

void AddTls(v1::Attempt& attempt, int check, bool verified, std::mt19937_64& random) {
  v1::TlsEvidence& tls = *attempt.mutable_tls();
  tls.set_server_name(absl::StrCat("host", check, ".whatsapp.net"));
  tls.set_handshake_us(Between(random, 100'000, 400'000));
  tls.set_verified(verified);
  if (!verified) {
    tls.set_failure("connection_reset");
    return;
  }
  tls.set_version("TLSv1.3");
  tls.set_cipher("TLS_AES_128_GCM_SHA256");
  tls.set_alpn("http/1.1");
  for (int i = 0; i < 3; ++i) tls.add_chain_sha256(std::string(32, static_cast<char>('a' + i)));
}

v1::Observation Begin(int check, std::mt19937_64& random) {
  v1::Observation observation;
  observation.set_check_id(absl::StrCat("whatsapp-media-", check));
  observation.set_start_offset_ms(Between(random, 0, 40'000));
  observation.set_duration_ms(Between(random, 2'000, 12'000));
  return observation;
}

v1::Attempt& AddAttempt(v1::Observation& observation, const std::string& address,
                        std::mt19937_64& random) {
  v1::Attempt& attempt = *observation.add_attempts();
  attempt.set_address(address);
  attempt.set_port(443);
  attempt.set_connect_us(Between(random, 100'000, 300'000));
  attempt.set_bytes_sent(Between(random, 600, 900));
  attempt.set_bytes_received(Between(random, 4'000, 90'000));
  return attempt;
}

v1::Observation OpenCheck(int check, std::mt19937_64& random) {
  v1::Observation observation = Begin(check, random);
  for (const auto set :
       {&v1::LayerVector::set_dns, &v1::LayerVector::set_tcp, &v1::LayerVector::set_tls,
        &v1::LayerVector::set_http, &v1::LayerVector::set_app}) {
    (observation.mutable_layers()->*set)(v1::LAYER_STATE_OK);
  }
  const uint32_t turn = check % 3 == 0 ? Between(random, 1, 4) : 1;
  const std::string address = absl::StrCat("157.240.", check, ".", turn);
  AddLookup(*observation.mutable_dns(), v1::DNS_SOURCE_PLAN, v1::DNS_QUESTION_A, {address}, random);
  AddLookup(*observation.add_other_lookups(), v1::DNS_SOURCE_PLAN, v1::DNS_QUESTION_AAAA,
            {"2a03:2880:f241:1c5:face:b00c:0:167"}, random);
  AddLookup(*observation.add_other_lookups(), v1::DNS_SOURCE_SYSTEM, v1::DNS_QUESTION_A, {address},
            random);
  AddLookup(*observation.add_other_lookups(), v1::DNS_SOURCE_INJECTION_CONTROL, v1::DNS_QUESTION_A,
            {}, random);
  v1::Attempt& attempt = AddAttempt(observation, address, random);
  AddTls(attempt, check, true, random);
  v1::HttpEvidence& http = *attempt.mutable_http();
  http.set_exchange_us(Between(random, 100'000, 900'000));
  http.set_status(200);
  http.set_expected(true);
  http.set_title("WhatsApp Web");
  http.set_body_bytes(Between(random, 40'000, 60'000));
  http.set_body_sha256_prefix("12345678");
  http.set_date_s(1'700'000'000 + Between(random, 0, 1'000'000));
  return observation;
}

// Forged DNS by three injectors, and resets on the server name at the genuine address.
v1::Observation BlockedCheck(int check, std::mt19937_64& random) {
  v1::Observation observation = Begin(check, random);
  v1::LayerVector& layers = *observation.mutable_layers();
  layers.set_dns(v1::LAYER_STATE_BLOCKED);
  layers.set_tcp(v1::LAYER_STATE_OK);
  layers.set_tls(v1::LAYER_STATE_BLOCKED);
  layers.set_http(v1::LAYER_STATE_UNTESTED);
  layers.set_app(v1::LAYER_STATE_UNTESTED);
  observation.set_failure("dns_server_misbehaving");
  observation.set_failed_operation("resolve");
  const auto add_cause = [&](v1::Layer layer, v1::Mechanism mechanism, const char* failure) {
    v1::Cause& cause = *observation.add_causes();
    cause.set_layer(layer);
    cause.set_mechanism(mechanism);
    cause.set_failure(failure);
  };
  add_cause(v1::LAYER_DNS, v1::MECHANISM_DNS_FORGED, "dns_server_misbehaving");
  add_cause(v1::LAYER_TLS, v1::MECHANISM_SERVER_NAME_FILTERED, "connection_reset");
  std::vector<std::string> forged;
  for (int i = 0; i < 3; ++i) forged.push_back(Address(random));
  AddLookup(*observation.mutable_dns(), v1::DNS_SOURCE_PLAN, v1::DNS_QUESTION_A, forged, random);
  for (const v1::DnsSource source :
       {v1::DNS_SOURCE_PLAN, v1::DNS_SOURCE_SYSTEM, v1::DNS_SOURCE_INJECTION_CONTROL}) {
    AddLookup(*observation.add_other_lookups(), source, v1::DNS_QUESTION_A, forged, random);
  }
  for (const std::string& address : forged) {
    v1::Attempt& attempt = *observation.add_attempts();
    attempt.set_address(address);
    attempt.set_port(443);
    attempt.set_connect_failure("generic_timeout_error");
  }
  const struct {
    v1::ContrastKind kind;
    v1::LayerState state;
  } kContrasts[] = {{v1::CONTRAST_KIND_NEUTRAL_NAME, v1::LAYER_STATE_OK},
                    {v1::CONTRAST_KIND_NEUTRAL_ADDRESS, v1::LAYER_STATE_BLOCKED},
                    {v1::CONTRAST_KIND_GENUINE_ADDRESS, v1::LAYER_STATE_BLOCKED},
                    {v1::CONTRAST_KIND_NEUTRAL_SERVER, v1::LAYER_STATE_OK}};
  for (const auto& made : kContrasts) {
    v1::ContrastEvidence& contrast = *observation.add_contrasts();
    contrast.set_kind(made.kind);
    contrast.set_state(made.state);
    contrast.mutable_attempt()->set_address("157.240.1.1");
    contrast.mutable_attempt()->set_port(443);
    AddTls(*contrast.mutable_attempt(), check, made.state == v1::LAYER_STATE_OK, random);
  }
  return observation;
}

}  // namespace

v1::Observation ObservationWithEverything() {
  v1::Observation observation;
  Fill(observation);
  return observation;
}

std::vector<v1::Observation> TypicalRound(std::mt19937_64& random) {
  std::vector<v1::Observation> observations;
  for (int check = 0; check < 30; ++check) {
    observations.push_back(check < 18 ? OpenCheck(check, random) : BlockedCheck(check, random));
  }
  return observations;
}

v1::Vantage TypicalVantage() {
  v1::Vantage vantage;
  Fill(vantage);
  vantage.set_clock_offset_ms(-1234);
  vantage.set_clock_offset_error_ms(800);
  vantage.set_domestic_connect_us(12'345);
  vantage.set_foreign_connect_us(187'654);
  return vantage;
}

}  // namespace sightline::agent
