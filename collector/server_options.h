// Where the collector listens.
#ifndef SIGHTLINE_COLLECTOR_SERVER_OPTIONS_H_
#define SIGHTLINE_COLLECTOR_SERVER_OPTIONS_H_

#include <cstddef>
#include <string>

namespace sightline {

struct ServerOptions {
  std::string listen;        // "ADDRESS:PORT"; port 0 takes a free one
  std::string admin_socket;  // path of a Unix socket, made 0600
  // "ADDRESS:PORT" for operators whose certificate leads to the CA; empty for none.
  std::string admin_listen;
  std::string admin_client_ca_pem;
  std::string node = "n1";  // for the audit log
  // Enrolments that worked, a day and address block; 0: no bound (CallGuard).
  int enrolments_per_block_max = 64;
  // Submit streams that the memory of the server is laid out for.
  size_t streams_max = 20'000;
};

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_SERVER_OPTIONS_H_
