#include "collector/doctor_look.h"

#include <curl/curl.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <algorithm>
#include <boost/json.hpp>
#include <ctime>
#include <memory>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "collector/geo_file.h"
#include "collector/own_certificate.h"
#include "common/certificate.h"
#include "common/regions.h"

namespace sightline {
namespace {

// Beside the streams, as serve reckons.
constexpr uint64_t kOtherFiles = 2048;
constexpr long kAskTimeoutS = 5;
constexpr size_t kAnswerBytesMax = size_t{64} * 1024;

struct CertificateDelete {
  void operator()(X509* certificate) const { X509_free(certificate); }
};
struct BioDelete {
  void operator()(BIO* bio) const { BIO_free(bio); }
};
struct CurlCleanup {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};

// "collector.example" of "collector.example:7443", "2001:db8::1" of "[2001:db8::1]:7443".
std::string HostOfAddress(const std::string& address) {
  std::string host = address.substr(0, address.rfind(':'));
  if (host.size() > 2 && host.front() == '[') host = host.substr(1, host.size() - 2);
  return host;
}

bool Covers(X509* certificate, const std::string& host) {
  return X509_check_ip_asc(certificate, host.c_str(), 0) == 1 ||
         X509_check_host(certificate, host.data(), host.size(), 0, nullptr) == 1;
}

void ReadNames(const std::string& pem, CertificateSight& sight) {
  const std::unique_ptr<BIO, BioDelete> bio(
      BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  const std::unique_ptr<X509, CertificateDelete> certificate(
      PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
  if (certificate == nullptr) return;  // it was read before
  std::tm begin = {};
  if (ASN1_TIME_to_tm(X509_get0_notBefore(certificate.get()), &begin) == 1) {
    sight.valid_from = absl::FromTM(begin, absl::UTCTimeZone());
  }
  for (const std::string& host : sight.advertised) {
    if (!Covers(certificate.get(), host)) sight.uncovered.push_back(host);
  }
}

size_t KeepSome(char* data, size_t size, size_t count, void* out) {
  auto* text = static_cast<std::string*>(out);
  text->append(data, std::min(size * count, kAnswerBytesMax - text->size()));
  return size * count;
}

struct HttpAnswer {
  absl::Status status;
  long http_status = 0;
  std::string body;
};

HttpAnswer Ask(const std::string& url) {
  HttpAnswer answer;
  const std::unique_ptr<CURL, CurlCleanup> handle(curl_easy_init());
  CURL* const curl = handle.get();
  curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
  curl_easy_setopt(curl, CURLOPT_TIMEOUT, kAskTimeoutS);
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, KeepSome);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &answer.body);
  const CURLcode code = curl_easy_perform(curl);
  if (code != CURLE_OK) {
    answer.status = absl::UnavailableError(curl_easy_strerror(code));
    return answer;
  }
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &answer.http_status);
  return answer;
}

// "DEGRADED: plan none is published" of what /healthz says; "SERVING" when all parts do.
std::string HealthOf(const std::string& body) {
  boost::system::error_code error;
  const boost::json::value json = boost::json::parse(body, error);
  const auto* root = error ? nullptr : json.if_object();
  const auto* status = root == nullptr ? nullptr : root->if_contains("status");
  if (status == nullptr || !status->is_string()) return "UNKNOWN: it is no collector's answer";
  std::string health(status->get_string());
  const auto* parts = root->if_contains("parts");
  if (health == "SERVING" || parts == nullptr || !parts->is_object()) return health;
  for (const auto& part : parts->get_object()) {
    const auto* fields = part.value().if_object();
    const auto* state = fields == nullptr ? nullptr : fields->if_contains("state");
    const auto* reason = fields == nullptr ? nullptr : fields->if_contains("reason");
    if (state == nullptr || reason == nullptr || !reason->is_string()) continue;
    if (!state->is_string() || state->get_string() == "SERVING") continue;
    absl::StrAppend(&health, ": ", std::string(part.key()), ": ",
                    std::string(reason->get_string()));
  }
  return health;
}

}  // namespace

CertificateSight LookAtCertificate(const ServeFlags& flags) {
  CertificateSight sight;
  for (const std::string& address :
       flags.advertise.empty() ? std::vector<std::string>{flags.listen} : flags.advertise) {
    sight.advertised.push_back(HostOfAddress(address));
  }
  const absl::StatusOr<CertificatePair> pair = ReadCertificatePair({flags.tls_cert, flags.tls_key});
  sight.status = pair.status();
  if (!pair.ok()) return sight;
  const absl::StatusOr<CertificateFacts> facts = ReadCertificate(pair->certificate_pem);
  sight.status = facts.ok() ? CheckKeyFits(pair->certificate_pem, pair->key_pem) : facts.status();
  if (!sight.status.ok()) return sight;
  sight.valid_until = facts->expire_time;
  ReadNames(pair->certificate_pem, sight);
  return sight;
}

MachineSight LookAtMachine(const ServeFlags& flags) {
  MachineSight sight;
  sight.regions = RegionNames::Load().status();
  sight.geo_made = GeoBuildTime(flags.geo);
  rlimit limit = {};
  getrlimit(RLIMIT_NOFILE, &limit);
  sight.files_max = limit.rlim_max;
  sight.files_needed = flags.streams_max + kOtherFiles;
  return sight;
}

RunningSight LookAtRunning(const ServeFlags& flags) {
  RunningSight sight;
  sight.http = absl::EndsWith(flags.http, ":0") ? "" : flags.http;  // a free port: nobody knows it
  sight.admin_socket = flags.admin_socket;
  struct stat info = {};
  if (stat(flags.admin_socket.c_str(), &info) == 0) sight.socket_mode = info.st_mode;
  if (sight.http.empty()) return sight;
  const HttpAnswer alive = Ask(absl::StrCat("http://", sight.http, "/livez"));
  sight.answered = alive.status;
  if (!alive.status.ok()) return sight;
  sight.livez = static_cast<int>(alive.http_status);
  const HttpAnswer health = Ask(absl::StrCat("http://", sight.http, "/healthz"));
  sight.healthz = static_cast<int>(health.http_status);
  sight.health = health.status.ok() ? HealthOf(health.body) : std::string(health.status.message());
  return sight;
}

}  // namespace sightline
