#include "agent/probe/trust.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "agent/probe/destination.h"
#include "agent/probe/failure.h"

namespace sightline::probe {
namespace {

constexpr int kCertificatesMax = 10;

// Bits that add up.
enum Defect : unsigned {
  kWrongHost = 1,
  kUnknownAuthority = 2,
  kOther = 4,
};

struct BioDeleter {
  void operator()(BIO* bio) const { BIO_free(bio); }
};
struct X509Deleter {
  void operator()(X509* certificate) const { X509_free(certificate); }
};

Defect DefectOf(int error) {
  switch (error) {
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return kWrongHost;
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_CERT_UNTRUSTED:
      return kUnknownAuthority;
    default:
      return kOther;
  }
}

// One place for each sum of defects: a handshake holds a pointer to the place of its own.
std::array<char, 8> defect_places;

int DefectsIndex() {
  static const int index = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return index;
}

unsigned Defects(const SSL* ssl) {
  const auto* place = static_cast<const char*>(SSL_get_ex_data(ssl, DefectsIndex()));
  return place == nullptr ? 0 : static_cast<unsigned>(place - defect_places.data());
}

// Records every defect and lets the handshake go on, so that the chain can be reported. The
// decision falls after the handshake, in VerifyFailure.
int RecordDefect(int ok, X509_STORE_CTX* store) {
  if (ok == 1) return 1;
  SSL* ssl =
      static_cast<SSL*>(X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
  const unsigned defects = Defects(ssl) | DefectOf(X509_STORE_CTX_get_error(store));
  SSL_set_ex_data(ssl, DefectsIndex(), &defect_places.at(defects));
  return 1;
}

// Adds every certificate of the PEM text and returns how many there were.
int AddRoots(absl::string_view pem, X509_STORE* store) {
  const std::unique_ptr<BIO, BioDeleter> bio(
      BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  int count = 0;
  while (bio != nullptr) {
    const std::unique_ptr<X509, X509Deleter> root(
        PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
    if (root == nullptr || X509_STORE_add_cert(store, root.get()) != 1) break;
    ++count;
  }
  ERR_clear_error();
  return count;
}

// What every context has: it believes nobody yet. nullptr when memory ran out.
SslContext MakeBareContext() {
  SslContext context(SSL_CTX_new(TLS_client_method()));
  if (context == nullptr) return context;
  SSL_CTX* raw = context.get();
  SSL_CTX_set_min_proto_version(raw, TLS1_2_VERSION);
  SSL_CTX_set_session_cache_mode(raw, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_mode(raw, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_verify(raw, SSL_VERIFY_PEER, RecordDefect);
  return context;
}

absl::StatusOr<SslContext> MakeContext(absl::string_view name, absl::string_view pem,
                                       bool include_system) {
  SslContext context = MakeBareContext();
  if (context == nullptr) return absl::ResourceExhaustedError("out of memory for a TLS context");
  SSL_CTX* raw = context.get();
  constexpr std::array<unsigned char, 9> kAlpn = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
  SSL_CTX_set_alpn_protos(raw, kAlpn.data(), kAlpn.size());
  // A root given by the plan counts although it may not be self-signed.
  X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(raw), X509_V_FLAG_PARTIAL_CHAIN);
  if (include_system && SSL_CTX_set_default_verify_paths(raw) != 1) {
    return absl::UnavailableError(
        "the system's trust store cannot be read; install ca-certificates");
  }
  if (AddRoots(pem, SSL_CTX_get_cert_store(raw)) == 0 && !include_system) {
    return absl::InvalidArgumentError(absl::StrCat(
        "root set \"", name, "\" holds no PEM certificate and does not include the system's"));
  }
  return context;
}

std::string CacheKey(absl::string_view pem, bool include_system) {
  return absl::StrCat(include_system ? "system+" : "", pem);
}

}  // namespace

absl::StatusOr<SSL_CTX*> TrustCache::Get(const v1::Plan& plan, absl::string_view root_set) {
  absl::string_view pem;
  bool include_system = true;
  if (!root_set.empty()) {
    const auto found = std::find_if(plan.root_sets().begin(), plan.root_sets().end(),
                                    [&](const v1::RootSet& set) { return set.name() == root_set; });
    if (found == plan.root_sets().end()) {
      return absl::InvalidArgumentError(
          absl::StrCat("the plan has no root set \"", root_set, "\""));
    }
    pem = found->pem();
    include_system = found->include_system();
  }
  std::string key = CacheKey(pem, include_system);
  if (const auto held = contexts_.find(key); held != contexts_.end()) return held->second.get();
  absl::StatusOr<SslContext> context = MakeContext(root_set, pem, include_system);
  if (!context.ok()) return context.status();
  return contexts_.emplace(std::move(key), *std::move(context)).first->second.get();
}

SSL_CTX* TrustCache::Nobody() {
  if (nobody_ == nullptr) nobody_ = MakeBareContext();
  return nobody_.get();
}

void TrustCache::Trim(const v1::Plan& plan) {
  const std::string system = CacheKey("", true);
  absl::erase_if(contexts_, [&](const auto& entry) {
    return entry.first != system &&
           std::none_of(plan.root_sets().begin(), plan.root_sets().end(),
                        [&](const v1::RootSet& set) {
                          return CacheKey(set.pem(), set.include_system()) == entry.first;
                        });
  });
}

void ExpectHost(SSL* ssl, const std::string& host) {
  // RFC 6066 section 3: an address is never sent.
  if (!ParseIpAddress(host).has_value()) SSL_set_tlsext_host_name(ssl, host.c_str());
  // As browsers do: only subject alternative names count.
  SSL_set_hostflags(ssl,
                    X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
  SSL_set1_host(ssl, host.c_str());
}

absl::string_view VerifyFailure(SSL* ssl) {
  const unsigned defects = Defects(ssl);
  if ((defects & kWrongHost) != 0) return kTlsInvalidHostname;
  if ((defects & kOther) != 0) return kTlsInvalidCertificate;
  if ((defects & kUnknownAuthority) != 0) return kTlsUnknownAuthority;
  return SSL_get0_peer_certificate(ssl) == nullptr ? kTlsInvalidCertificate : absl::string_view();
}

std::vector<std::string> ChainSha256(SSL* ssl) {
  std::vector<std::string> hashes;
  STACK_OF(X509)* chain = SSL_get_peer_cert_chain(ssl);
  const int count = chain == nullptr ? 0 : std::min(sk_X509_num(chain), kCertificatesMax);
  for (int i = 0; i < count; ++i) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned int size = 0;
    if (X509_digest(sk_X509_value(chain, i), EVP_sha256(), digest.data(), &size) != 1) break;
    hashes.emplace_back(reinterpret_cast<const char*>(digest.data()), size);
  }
  return hashes;
}

}  // namespace sightline::probe
