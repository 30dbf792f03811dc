#include "tests/agent/probe/fake_servers.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <utility>

namespace sightline::probe {
namespace {

void Require(bool ok, const char* what) {
  if (ok) return;
  std::perror(what);
  std::abort();
}

sockaddr_in Endpoint(const std::string& address, uint16_t port) {
  sockaddr_in endpoint{};
  endpoint.sin_family = AF_INET;
  endpoint.sin_port = htons(port);
  Require(inet_pton(AF_INET, address.c_str(), &endpoint.sin_addr) == 1, "inet_pton");
  return endpoint;
}

int Bind(int type, const std::string& address, uint16_t port) {
  const int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
  Require(fd >= 0, "socket");
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  const sockaddr_in endpoint = Endpoint(address, port);
  Require(bind(fd, reinterpret_cast<const sockaddr*>(&endpoint), sizeof(endpoint)) == 0, "bind");
  return fd;
}

int Listen(const std::string& address, uint16_t port, int backlog) {
  const int fd = Bind(SOCK_STREAM, address, port);
  Require(listen(fd, backlog) == 0, "listen");
  return fd;
}

uint16_t PortOf(int fd) {
  sockaddr_in endpoint{};
  socklen_t size = sizeof(endpoint);
  getsockname(fd, reinterpret_cast<sockaddr*>(&endpoint), &size);
  return ntohs(endpoint.sin_port);
}

// False when it is time to stop.
bool WaitReadable(int fd, int stop_fd) {
  std::array<pollfd, 2> fds = {{{fd, POLLIN, 0}, {stop_fd, POLLIN, 0}}};
  return poll(fds.data(), fds.size(), -1) > 0 && fds[1].revents == 0;
}

void Signal(int stop_fd) {
  const uint64_t one = 1;
  Require(write(stop_fd, &one, sizeof(one)) == sizeof(one), "write");
}

void ReadFirstBytes(int fd) {
  std::array<char, 4096> bytes{};
  [[maybe_unused]] const ssize_t got = read(fd, bytes.data(), bytes.size());
}

void ResetOnClose(int fd) {
  const linger reset{1, 0};
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
}

using SslPointer = std::unique_ptr<SSL, decltype(&SSL_free)>;

SslPointer Accept(int fd, const Identity& identity) {
  const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context(SSL_CTX_new(TLS_server_method()),
                                                                  SSL_CTX_free);
  SSL_CTX_use_certificate(context.get(), identity.certificate.get());
  SSL_CTX_use_PrivateKey(context.get(), identity.key.get());
  SslPointer ssl(SSL_new(context.get()), SSL_free);
  SSL_set_fd(ssl.get(), fd);
  if (SSL_accept(ssl.get()) != 1) ssl.reset();
  return ssl;
}

void ReadHead(const std::function<int(char*, int)>& read_some) {
  std::string head;
  std::array<char, 1024> bytes{};
  while (head.find("\r\n\r\n") == std::string::npos) {
    const int got = read_some(bytes.data(), static_cast<int>(bytes.size()));
    if (got <= 0) return;
    head.append(bytes.data(), static_cast<size_t>(got));
  }
}

}  // namespace

FileDescriptor::~FileDescriptor() {
  if (fd_ >= 0) close(fd_);
}

Behaviour HttpServer(std::string response) {
  return [response = std::move(response)](int fd) {
    ReadHead([fd](char* data, int size) {
      return static_cast<int>(read(fd, data, static_cast<size_t>(size)));
    });
    [[maybe_unused]] const ssize_t sent = write(fd, response.data(), response.size());
  };
}

Behaviour HttpsServer(const Identity& identity, std::string response) {
  return [identity, response = std::move(response)](int fd) {
    const SslPointer ssl = Accept(fd, identity);
    if (ssl == nullptr) return;
    ReadHead([&](char* data, int size) { return SSL_read(ssl.get(), data, size); });
    SSL_write(ssl.get(), response.data(), static_cast<int>(response.size()));
    SSL_shutdown(ssl.get());
  };
}

Behaviour ResetAfterRequest(const Identity& identity) {
  return [identity](int fd) {
    const SslPointer ssl = Accept(fd, identity);
    if (ssl == nullptr) return;
    ReadHead([&](char* data, int size) { return SSL_read(ssl.get(), data, size); });
    ResetOnClose(fd);
  };
}

void ResetAfterFirstBytes(int fd) {
  ReadFirstBytes(fd);
  ResetOnClose(fd);
}

void CloseAfterFirstBytes(int fd) { ReadFirstBytes(fd); }

void TalkNonsense(int fd) {
  ReadFirstBytes(fd);
  const std::string nonsense = "220 mail.example ready, speak SMTP please\r\n";
  [[maybe_unused]] const ssize_t sent = write(fd, nonsense.data(), nonsense.size());
}

TcpServer::TcpServer(const std::string& address, uint16_t port, Behaviour behaviour)
    : listener_(Listen(address, port, 64)),
      stop_(eventfd(0, EFD_CLOEXEC)),
      port_(PortOf(listener_.get())),
      behaviour_(std::move(behaviour)) {
  std::signal(SIGPIPE, SIG_IGN);
  thread_ = std::thread([this] { Serve(); });
}

TcpServer::~TcpServer() {
  Signal(stop_.get());
  thread_.join();
}

void TcpServer::Serve() {
  while (WaitReadable(listener_.get(), stop_.get())) {
    const FileDescriptor connection(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (connection.get() < 0) continue;
    ++connections_;
    behaviour_(connection.get());
  }
}

SilentServer::SilentServer(const std::string& address, uint16_t port)
    : listener_(Listen(address, port, 64)), port_(PortOf(listener_.get())) {}

BlackHole::BlackHole(const std::string& address, uint16_t port)
    : listener_(Listen(address, port, 0)), port_(PortOf(listener_.get())) {
  // A backlog of 0 holds one connection; the second one fills whatever the kernel rounds up to.
  const sockaddr_in endpoint = Endpoint(address, port_);
  for (int i = 0; i < 2; ++i) {
    fillers_.emplace_back(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    connect(fillers_.back().get(), reinterpret_cast<const sockaddr*>(&endpoint), sizeof(endpoint));
  }
}

std::string PackReply(const std::string& query, const FakeReply& reply) {
  if (!reply.raw.empty()) return reply.raw;
  std::string packet = query;
  if (reply.wrong_id) packet[0] = static_cast<char>(packet[0] ^ 1);
  packet[2] = static_cast<char>(reply.truncated ? 0x83 : 0x81);
  packet[3] = static_cast<char>(0x80 | reply.rcode);
  // The type asked for is the last but two bytes, as the fake understands questions without EDNS.
  const bool v6 = packet[packet.size() - 3] == 28;
  for (const std::string& address : reply.addresses) {
    std::array<char, sizeof(in6_addr)> bytes{};
    if (inet_pton(v6 ? AF_INET6 : AF_INET, address.c_str(), bytes.data()) != 1) continue;
    ++packet[7];
    // Pointer to the question's name, type, class IN, 300 s, length.
    packet.append(v6 ? std::string("\xc0\x0c\x00\x1c\x00\x01\x00\x00\x01\x2c\x00\x10", 12)
                     : std::string("\xc0\x0c\x00\x01\x00\x01\x00\x00\x01\x2c\x00\x04", 12));
    packet.append(bytes.data(), v6 ? 16 : 4);
  }
  return packet;
}

std::string Framed(const std::string& message) {
  return std::string{static_cast<char>(message.size() >> 8), static_cast<char>(message.size())} +
         message;
}

Behaviour DnsOverTcp(FakeReply reply, size_t bytes_max) {
  return [reply = std::move(reply), bytes_max](int fd) {
    std::array<char, 1024> query{};
    const ssize_t size = read(fd, query.data(), query.size());
    if (size < 2 + 12) return;
    if (reply.before) reply.before();
    const std::string answer =
        Framed(PackReply(std::string(query.data() + 2, static_cast<size_t>(size) - 2), reply));
    [[maybe_unused]] const ssize_t sent =
        write(fd, answer.data(), std::min(answer.size(), bytes_max));
  };
}

DnsServer::DnsServer(std::vector<FakeReply> replies, const std::string& address)
    : address_(address),
      socket_(Bind(SOCK_DGRAM, address, 0)),
      stop_(eventfd(0, EFD_CLOEXEC)),
      port_(PortOf(socket_.get())),
      replies_(std::move(replies)) {
  thread_ = std::thread([this] { Serve(); });
}

DnsServer::~DnsServer() {
  Signal(stop_.get());
  thread_.join();
}

std::string DnsServer::address() const { return address_ + ":" + std::to_string(port_); }

void DnsServer::Serve() {
  while (WaitReadable(socket_.get(), stop_.get())) {
    std::array<char, 1024> query{};
    sockaddr_in peer{};
    socklen_t peer_size = sizeof(peer);
    const ssize_t size = recvfrom(socket_.get(), query.data(), query.size(), 0,
                                  reinterpret_cast<sockaddr*>(&peer), &peer_size);
    if (size < 12) continue;
    ++questions_;
    for (const FakeReply& reply : replies_) {
      if (reply.before) reply.before();
      const std::string packet =
          PackReply(std::string(query.data(), static_cast<size_t>(size)), reply);
      sendto(socket_.get(), packet.data(), packet.size(), 0,
             reinterpret_cast<const sockaddr*>(&peer), peer_size);
    }
  }
}

}  // namespace sightline::probe
