#include "tests/collector/cli/tls_server_grpc.h"

#include <gtest/gtest.h>
#include <openssl/pem.h>

#include <cstdlib>
#include <optional>

#include "absl/strings/str_cat.h"
#include "common/files.h"
#include "common/lifetime_grpc.h"
#include "tests/agent/probe/certificates.h"

namespace sightline::cli {
namespace {

std::string KeyPem(EVP_PKEY* key) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> bio(BIO_new(BIO_s_mem()), &BIO_free);
  PEM_write_bio_PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr);
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return std::string(data, static_cast<size_t>(size));
}

// The process ends after gRPC's threads did: what OpenSSL keeps for each of them is no leak then.
class GrpcEnvironment : public ::testing::Environment {
 public:
  void SetUp() override {
    // The packaged c-ares leaks some bytes for every look-up of "localhost"; the C library does
    // not.
    setenv("GRPC_DNS_RESOLVER", "native", /*overwrite=*/1);
    grpc_.emplace();
  }
  void TearDown() override { grpc_.reset(); }

 private:
  std::optional<GrpcLifetime> grpc_;
};
const ::testing::Environment* const kGrpc =
    ::testing::AddGlobalTestEnvironment(new GrpcEnvironment);

}  // namespace

TlsServer::TlsServer(const std::vector<grpc::Service*>& services)
    : roots_path_(folder_ / "ca.pem") {
  const probe::Identity root = probe::MakeRoot("Test root");
  const probe::Identity leaf = probe::MakeLeaf(root, "localhost");
  EXPECT_TRUE(
      SystemFiles().WriteAtomically(roots_path_, probe::ToPem(*root.certificate), 0600).ok());
  grpc::SslServerCredentialsOptions tls;
  tls.pem_key_cert_pairs.push_back({KeyPem(leaf.key.get()), probe::ToPem(*leaf.certificate)});
  grpc::ServerBuilder builder;
  builder.AddListeningPort("localhost:0", grpc::SslServerCredentials(tls), &port_);
  for (grpc::Service* service : services) builder.RegisterService(service);
  server_ = builder.BuildAndStart();
}

std::string TlsServer::address() const { return absl::StrCat("localhost:", port_); }

}  // namespace sightline::cli
