#include "common/certificate.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <ctime>
#include <memory>

#include "common/crypto.h"

namespace sightline {
namespace {

struct BioDelete {
  void operator()(BIO* bio) const { BIO_free(bio); }
};
struct CertificateDelete {
  void operator()(X509* certificate) const { X509_free(certificate); }
};
using Certificate = std::unique_ptr<X509, CertificateDelete>;

std::unique_ptr<BIO, BioDelete> Reader(absl::string_view text) {
  return std::unique_ptr<BIO, BioDelete>(
      BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

// Without this OpenSSL would ask for the password at the terminal.
int NoPassword(char* /*buffer*/, int /*size*/, int /*writing*/, void* /*data*/) { return -1; }

absl::StatusOr<Certificate> Parse(absl::string_view pem) {
  Certificate certificate(PEM_read_bio_X509(Reader(pem).get(), nullptr, NoPassword, nullptr));
  ERR_clear_error();
  if (certificate == nullptr) {
    return absl::InvalidArgumentError(
        "holds no certificate in PEM form, or it is damaged; give the chain with the leaf first");
  }
  return certificate;
}

}  // namespace

absl::StatusOr<CertificateFacts> ReadCertificate(absl::string_view pem) {
  const absl::StatusOr<Certificate> certificate = Parse(pem);
  if (!certificate.ok()) return certificate.status();
  unsigned char* der = nullptr;
  const int size = i2d_X509(certificate->get(), &der);
  std::tm end = {};
  const bool dated = ASN1_TIME_to_tm(X509_get0_notAfter(certificate->get()), &end) == 1;
  ERR_clear_error();
  if (size <= 0 || !dated) {
    OPENSSL_free(der);
    return absl::InvalidArgumentError("holds a certificate without an end or of no known form");
  }
  CertificateFacts facts;
  facts.hash =
      Sha256(absl::string_view(reinterpret_cast<const char*>(der), static_cast<size_t>(size)));
  facts.expire_time = absl::FromTM(end, absl::UTCTimeZone());
  OPENSSL_free(der);
  return facts;
}

absl::Status CheckKeyFits(absl::string_view certificate_pem, absl::string_view key_pem) {
  const absl::StatusOr<Certificate> certificate = Parse(certificate_pem);
  if (!certificate.ok()) return certificate.status();
  const EvpKey key(PEM_read_bio_PrivateKey(Reader(key_pem).get(), nullptr, NoPassword, nullptr));
  ERR_clear_error();
  if (key == nullptr) {
    return absl::InvalidArgumentError(
        "holds no private key in PEM form, or one behind a password; give one without");
  }
  const bool fits = X509_check_private_key(certificate->get(), key.get()) == 1;
  ERR_clear_error();
  if (fits) return absl::OkStatus();
  return absl::InvalidArgumentError("certificate and key do not belong together");
}

}  // namespace sightline
