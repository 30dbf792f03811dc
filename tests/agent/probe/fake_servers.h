#ifndef SIGHTLINE_TESTS_AGENT_PROBE_FAKE_SERVERS_H_
#define SIGHTLINE_TESTS_AGENT_PROBE_FAKE_SERVERS_H_

// Real listeners on loopback addresses, each on a thread of its own that ends with the object.

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "tests/agent/probe/certificates.h"

namespace sightline::probe {

class FileDescriptor {
 public:
  explicit FileDescriptor(int fd) : fd_(fd) {}
  ~FileDescriptor();
  FileDescriptor(FileDescriptor&& other) noexcept : fd_(other.fd_) { other.fd_ = -1; }
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

// What a TCP server does with one connection. Connections are served one after the other.
using Behaviour = std::function<void(int fd)>;

// Reads the request head (after the handshake, given an identity), sends `response`, closes.
Behaviour HttpServer(std::string response);
Behaviour HttpsServer(const Identity& identity, std::string response);
// Reads what the client says first, then sends a reset.
void ResetAfterFirstBytes(int fd);
// Reads what the client says first, then closes.
void CloseAfterFirstBytes(int fd);
// Reads what the client says first, then something that is not TLS.
void TalkNonsense(int fd);
// Handshake, request, then a reset in place of the response.
Behaviour ResetAfterRequest(const Identity& identity);

class TcpServer {
 public:
  // `port` 0 picks a free one.
  TcpServer(const std::string& address, uint16_t port, Behaviour behaviour);
  ~TcpServer();
  uint16_t port() const { return port_; }
  int connections() const { return connections_; }

 private:
  void Serve();

  FileDescriptor listener_;
  FileDescriptor stop_;
  uint16_t port_ = 0;
  Behaviour behaviour_;
  std::atomic<int> connections_{0};
  std::thread thread_;
};

// Accepts connections and never says a word; keeps them open until destroyed.
class SilentServer {
 public:
  SilentServer(const std::string& address, uint16_t port);
  uint16_t port() const { return port_; }

 private:
  FileDescriptor listener_;
  uint16_t port_ = 0;
};

// A port whose queue is full, so that the kernel drops every further SYN.
class BlackHole {
 public:
  BlackHole(const std::string& address, uint16_t port);
  uint16_t port() const { return port_; }

 private:
  FileDescriptor listener_;
  uint16_t port_ = 0;
  std::vector<FileDescriptor> fillers_;
};

// One reply of the fake resolver. Of the addresses it holds those of the family asked for.
struct FakeReply {
  std::vector<std::string> addresses = {};
  uint8_t rcode = 0;
  bool wrong_id = false;
  bool truncated = false;
  // Sent as it is, in place of all the above, unless empty.
  std::string raw = {};
  // Called before the reply is sent.
  std::function<void()> before = {};
};

// Sends every reply, in order and at once, to each question; without any, it is silent.
class DnsServer {
 public:
  explicit DnsServer(std::vector<FakeReply> replies, const std::string& address = "127.0.0.1");
  ~DnsServer();
  // "127.0.0.1:PORT".
  std::string address() const;
  uint16_t port() const { return port_; }
  // Over UDP, for IPv4 and IPv6 addresses.
  int questions() const { return questions_; }

 private:
  void Serve();

  std::string address_;
  FileDescriptor socket_;
  FileDescriptor stop_;
  uint16_t port_ = 0;
  std::vector<FakeReply> replies_;
  std::atomic<int> questions_{0};
  std::thread thread_;
};

// A DNS reply to `query`, on the wire.
std::string PackReply(const std::string& query, const FakeReply& reply);

// As DNS goes over TCP: length first.
std::string Framed(const std::string& message);

// Reads one question, and sends the reply, the first `bytes_max` bytes of it only.
Behaviour DnsOverTcp(FakeReply reply, size_t bytes_max = SIZE_MAX);

}  // namespace sightline::probe

#endif  // SIGHTLINE_TESTS_AGENT_PROBE_FAKE_SERVERS_H_
