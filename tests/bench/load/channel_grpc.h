// Connections of the load to a collector.
#ifndef SIGHTLINE_TESTS_BENCH_LOAD_CHANNEL_GRPC_H_
#define SIGHTLINE_TESTS_BENCH_LOAD_CHANNEL_GRPC_H_

#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace sightline::load {

inline constexpr char kSubmitMethod[] = "/sightline.v1.Ingest/Submit";

// Makes connections. Thread-safe.
class Dialler {
 public:
  // `collector` is "HOST:PORT"; `roots_pem` certifies it as kServerName. `slow` leaves next to no
  // room for what the other side sends and nobody reads.
  Dialler(std::string collector, const std::string& roots_pem, bool slow);

  // A channel with a connection of its own. A collector on 127.0.0.1 sees it come from `source`
  // (source_address.cc), an IPv4 address; another one from wherever the machine sends from.
  std::shared_ptr<grpc::Channel> Dial(absl::string_view source) const;

 private:
  std::string collector_;
  bool slow_;
  std::shared_ptr<grpc::ChannelCredentials> credentials_;
};

// Reads the prepared folder's certificate.
absl::StatusOr<Dialler> MakeDialler(const std::string& folder, const std::string& collector,
                                    bool slow = false);

// Raises the limit of open files as far as it goes. RESOURCE_EXHAUSTED when it stays below
// `wanted`.
absl::Status RaiseFileLimit(size_t wanted);

}  // namespace sightline::load

#endif  // SIGHTLINE_TESTS_BENCH_LOAD_CHANNEL_GRPC_H_
