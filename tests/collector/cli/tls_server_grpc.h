// A gRPC server on loopback whose certificate comes from a root of its own.
#ifndef SIGHTLINE_TESTS_COLLECTOR_CLI_TLS_SERVER_GRPC_H_
#define SIGHTLINE_TESTS_COLLECTOR_CLI_TLS_SERVER_GRPC_H_

#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>
#include <vector>

#include "tests/common/temp_folder.h"

namespace sightline::cli {

// Runs until it is destroyed.
class TlsServer {
 public:
  // The services must outlive it.
  explicit TlsServer(const std::vector<grpc::Service*>& services);

  // "localhost:PORT".
  std::string address() const;
  // A file with the root's certificate.
  const std::string& roots_path() const { return roots_path_; }
  void Shutdown() { server_->Shutdown(); }

 private:
  TempFolder folder_;
  std::string roots_path_;
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace sightline::cli

#endif  // SIGHTLINE_TESTS_COLLECTOR_CLI_TLS_SERVER_GRPC_H_
