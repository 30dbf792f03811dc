#include "collector/admin_calls_grpc.h"

#include <grpc/grpc_security_constants.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <memory>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace sightline {
namespace {

struct BioDelete {
  void operator()(BIO* bio) const { BIO_free(bio); }
};
struct X509Delete {
  void operator()(X509* certificate) const { X509_free(certificate); }
};

// The first value of a property; empty when there is none.
std::string Property(const grpc::AuthContext& auth, const char* name) {
  const std::vector<grpc::string_ref> values = auth.FindPropertyValues(name);
  return values.empty() ? std::string() : std::string(values[0].data(), values[0].size());
}

// SHA-256 of the certificate's DER form, in hexadecimal digits; "unreadable" when it is none.
std::string FingerprintOf(const std::string& pem) {
  const std::unique_ptr<BIO, BioDelete> bio(
      BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  const std::unique_ptr<X509, X509Delete> certificate(
      bio == nullptr ? nullptr : PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  if (certificate == nullptr || X509_digest(certificate.get(), EVP_sha256(), digest, &size) != 1) {
    return "unreadable";
  }
  return absl::BytesToHexString(absl::string_view(reinterpret_cast<const char*>(digest), size));
}

}  // namespace

std::string ActorOf(const grpc::AuthContext& auth) {
  const std::string pem = Property(auth, GRPC_X509_PEM_CERT_PROPERTY_NAME);
  // Without a certificate only the Unix socket lets anybody in.
  if (pem.empty()) return "socket";
  return absl::StrCat("CN=\"", NoteText(Property(auth, GRPC_X509_CN_PROPERTY_NAME)),
                      "\" sha256=", FingerprintOf(pem));
}

}  // namespace sightline
