// A certificate that signs itself, for TLS on 127.0.0.1.
#ifndef SIGHTLINE_TESTS_AGENT_TEST_CERTIFICATE_H_
#define SIGHTLINE_TESTS_AGENT_TEST_CERTIFICATE_H_

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string>

namespace sightline::agent {

struct TestCertificate {
  std::string key_pem;
  std::string certificate_pem;
};

inline std::string TakePem(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  std::string text(data, static_cast<size_t>(size));
  BIO_free(bio);
  return text;
}

// P-256 and its own root. `names` is written as OpenSSL's subjectAltName.
inline TestCertificate MakeTestCertificate(const std::string& names = "IP:127.0.0.1",
                                           long valid_s = 3600) {
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(EVP_EC_gen("P-256"), EVP_PKEY_free);
  const std::unique_ptr<X509, decltype(&X509_free)> certificate(X509_new(), X509_free);
  X509_set_version(certificate.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -60);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), valid_s);
  X509_set_pubkey(certificate.get(), key.get());
  X509_NAME* name = X509_get_subject_name(certificate.get());
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>("test"), -1, -1, 0);
  X509_set_issuer_name(certificate.get(), name);
  for (const auto& [nid, value] : {std::pair(NID_basic_constraints, "critical,CA:TRUE"),
                                   std::pair(NID_subject_alt_name, names.c_str())}) {
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, nid, value);
    X509_add_ext(certificate.get(), extension, -1);
    X509_EXTENSION_free(extension);
  }
  X509_sign(certificate.get(), key.get(), EVP_sha256());
  TestCertificate result;
  BIO* bio = BIO_new(BIO_s_mem());
  PEM_write_bio_PKCS8PrivateKey(bio, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  result.key_pem = TakePem(bio);
  bio = BIO_new(BIO_s_mem());
  PEM_write_bio_X509(bio, certificate.get());
  result.certificate_pem = TakePem(bio);
  return result;
}

}  // namespace sightline::agent

#endif  // SIGHTLINE_TESTS_AGENT_TEST_CERTIFICATE_H_
