// Where the collector listens.
#ifndef SIGHTLINE_COLLECTOR_SERVER_OPTIONS_H_
#define SIGHTLINE_COLLECTOR_SERVER_OPTIONS_H_

#include <cstddef>
#include <string>

namespace sightline {

struct ServerOptions {
  std::string listen;        // "ADDRESS:PORT"; port 0 takes a free one
  std::string admin_socket;  // path of a Unix socket, made 0600
  // Submit streams that the memory of the server is laid out for.
  size_t streams_max = 20'000;
};

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_SERVER_OPTIONS_H_
