// A whole collector in the process of the test.
#ifndef SIGHTLINE_TESTS_E2E_LOOPBACK_COLLECTOR_GRPC_H_
#define SIGHTLINE_TESTS_E2E_LOOPBACK_COLLECTOR_GRPC_H_

#include <grpcpp/grpcpp.h>
#include <spdlog/logger.h>
#include <spdlog/sinks/ringbuffer_sink.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "collector/health.h"
#include "collector/metrics.h"
#include "collector/own_certificate.h"
#include "collector/store/store.h"
#include "common/clock.h"
#include "common/crypto.h"
#include "sightline/v1/plan.pb.h"
#include "tests/agent/test_certificate.h"
#include "tests/common/temp_folder.h"

namespace sightline::e2e {

// Bounds what takes milliseconds; only a defect takes longer.
inline constexpr std::chrono::seconds kPatience(30);

// Keeps what both ends log for as long as it lives. Made before the ends, gone after them.
class LogLines {
 public:
  LogLines();
  ~LogLines();
  LogLines(const LogLines&) = delete;
  LogLines& operator=(const LogLines&) = delete;

  // Oldest first. The collector's begin with "level=warn part=intake event=refused ...", what the
  // gRPC library says is among them; the agent's begin with a word.
  std::vector<std::string> Get() const;
  std::vector<std::string> OfCollector() const;

 private:
  const std::shared_ptr<spdlog::sinks::ringbuffer_sink_mt> sink_;
  const std::shared_ptr<spdlog::logger> before_;
};

// A collector as main.cc wires it, on a free port, with a SQLite store in a folder of its own.
// Every peer is in CN and AS4134. Windows are one hour long, the grace is five minutes.
class LoopbackCollector {
 public:
  // `operator_key` and `clock` must outlive it.
  LoopbackCollector(const SigningKey& operator_key, const Clock& clock);
  ~LoopbackCollector();
  LoopbackCollector(const LoopbackCollector&) = delete;
  LoopbackCollector& operator=(const LoopbackCollector&) = delete;

  std::string address() const;
  std::string admin_socket() const;
  const std::string& roots_pem() const;
  // Of the listener for operators with a certificate, and one that it lets in.
  std::string admin_address() const;
  const agent::TestCertificate& operator_certificate() const;
  // To the public port with TLS, and to the operator's socket.
  std::shared_ptr<grpc::Channel> Public() const;
  std::shared_ptr<grpc::Channel> Operator() const;

  // What the operator does, by the Admin service.
  absl::Status Publish(const v1::SignedPlan& plan);
  std::string Invite();

  // What is stored.
  std::vector<LogRecord> Log();
  Store& store();
  Metrics& metrics();
  OwnCertificate& certificate();

  // As what watches the health would.
  void SetServing(const ServiceHealth& health);

  // Ends the server as the end of the program does.
  void StopServer();

 private:
  struct Whole;
  TempFolder folder_;
  const std::unique_ptr<Whole> whole_;
};

}  // namespace sightline::e2e

#endif  // SIGHTLINE_TESTS_E2E_LOOPBACK_COLLECTOR_GRPC_H_
