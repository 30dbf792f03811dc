// The flags of `sightline-collector serve`, and what they mean.
#ifndef SIGHTLINE_COLLECTOR_SERVE_FLAGS_H_
#define SIGHTLINE_COLLECTOR_SERVE_FLAGS_H_

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "collector/enroll.h"
#include "collector/fold_loop.h"
#include "collector/server_options.h"
#include "common/crypto.h"

namespace sightline {

// As given on the command line.
struct ServeFlags {
  std::string store = "sqlite:sightline.db";
  bool no_migrate = false;
  std::string listen = "0.0.0.0:7443";
  std::string tls_cert;
  std::string tls_key;
  std::string admin_socket = "sightline-admin.sock";
  std::string admin_listen;
  std::string admin_client_ca;
  std::string operator_key;
  std::string geo;
  std::vector<std::string> advertise;
  std::string invite_roots;
  std::string window = "1h";
  std::string grace = "5m";
  std::string retain = "72h";
  std::string node = "n1";
  std::string http = "127.0.0.1:9464";
  std::string public_url;
  std::string log_format = "logfmt";
  size_t streams_max = 20'000;
  int enrolments_per_block_max = 64;
  std::string fold_lease = "5s";
  std::string keep_log;
};

// Checked, and with the files read that they name.
struct ServeOptions {
  FoldLoopOptions fold;
  InviteTemplate invites;
  ServerOptions server;
  VerifyKey operator_key;
};

// `flags` must live until the command line is parsed.
void AddServeFlags(CLI::App& serve, ServeFlags& flags);

// INVALID_ARGUMENT and other errors begin with the flag.
absl::StatusOr<ServeOptions> ReadServeFlags(const ServeFlags& flags);

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_SERVE_FLAGS_H_
