// TLS for a collector on this machine.
#ifndef SIGHTLINE_TESTS_BENCH_LOAD_CERTIFICATE_H_
#define SIGHTLINE_TESTS_BENCH_LOAD_CERTIFICATE_H_

#include <string>

namespace sightline::load {

// The name that clients check, whatever address they connect to.
inline constexpr char kServerName[] = "collector.example";

struct Certificate {
  std::string key_pem;
  std::string certificate_pem;
};

// P-256, for kServerName and 127.0.0.1, valid for a week, its own root.
Certificate MakeCertificate();

}  // namespace sightline::load

#endif  // SIGHTLINE_TESTS_BENCH_LOAD_CERTIFICATE_H_
