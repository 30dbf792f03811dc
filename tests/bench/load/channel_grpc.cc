#include "tests/bench/load/channel_grpc.h"

#include <sys/resource.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/files.h"
#include "tests/bench/load/prepare.h"
#include "tests/bench/load/server_name.h"

namespace sightline::load {
namespace {

// The longest a connection may take to be made.
constexpr int kConnectMs = 20'000;
// Flow control: enough for the challenge and the welcome.
constexpr int kSlowWindowBytes = 256;

}  // namespace

Dialler::Dialler(std::string collector, const std::string& roots_pem, bool slow)
    : collector_(std::move(collector)), slow_(slow) {
  grpc::SslCredentialsOptions ssl;
  ssl.pem_root_certs = roots_pem;
  credentials_ = grpc::SslCredentials(ssl);
}

std::shared_ptr<grpc::Channel> Dialler::Dial(absl::string_view source) const {
  grpc::ChannelArguments arguments;
  arguments.SetSslTargetNameOverride(kServerName);
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  arguments.SetInt(GRPC_ARG_SERVICE_CONFIG_DISABLE_RESOLUTION, 1);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, kConnectMs);
  arguments.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  arguments.SetInt(GRPC_ARG_ENABLE_CHANNELZ, 0);
  if (slow_) arguments.SetInt(GRPC_ARG_HTTP2_STREAM_LOOKAHEAD_BYTES, kSlowWindowBytes);
  absl::string_view port = collector_;
  const bool here = absl::ConsumePrefix(&port, "127.0.0.1:");
  return grpc::CreateCustomChannel(here ? absl::StrCat("ipv4:", source, ":", port) : collector_,
                                   credentials_, arguments);
}

absl::StatusOr<Dialler> MakeDialler(const std::string& folder, const std::string& collector,
                                    bool slow) {
  const auto pem = SystemFiles().Read(absl::StrCat(folder, "/", kCertificateName));
  if (!pem.ok()) return pem.status();
  return Dialler(collector, *pem, slow);
}

absl::Status RaiseFileLimit(size_t wanted) {
  rlimit limit = {};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  getrlimit(RLIMIT_NOFILE, &limit);
  if (limit.rlim_cur >= wanted) return absl::OkStatus();
  return absl::ResourceExhaustedError(
      absl::StrCat("open files: the limit is ", limit.rlim_cur, ", ", wanted,
                   " are needed; raise it with ulimit -n as root, or ask for fewer streams"));
}

}  // namespace sightline::load
