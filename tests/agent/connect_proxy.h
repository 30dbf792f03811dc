// An HTTP proxy on 127.0.0.1 that knows CONNECT and nothing else.
#ifndef SIGHTLINE_TESTS_AGENT_CONNECT_PROXY_H_
#define SIGHTLINE_TESTS_AGENT_CONNECT_PROXY_H_

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"

namespace sightline::agent {

class ConnectProxy {
 public:
  ConnectProxy() : listener_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in name = Loopback(0);
    EXPECT_EQ(bind(listener_, reinterpret_cast<sockaddr*>(&name), sizeof(name)), 0);
    EXPECT_EQ(listen(listener_, 16), 0);
    socklen_t size = sizeof(name);
    getsockname(listener_, reinterpret_cast<sockaddr*>(&name), &size);
    port_ = ntohs(name.sin_port);
    acceptor_ = std::thread([this] { Accept(); });
  }
  ~ConnectProxy() {
    shutdown(listener_, SHUT_RDWR);
    acceptor_.join();
    close(listener_);
    for (std::thread& tunnel : tunnels_) tunnel.join();
  }

  std::string url() const { return absl::StrCat("http://127.0.0.1:", port_); }
  // The first line of each request.
  std::vector<std::string> requests() {
    const std::lock_guard lock(mutex_);
    return requests_;
  }
  // Everything that went through, in either direction.
  std::string passed() {
    const std::lock_guard lock(mutex_);
    return passed_;
  }

 private:
  static sockaddr_in Loopback(int port) {
    sockaddr_in name = {};
    name.sin_family = AF_INET;
    name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    name.sin_port = htons(static_cast<uint16_t>(port));
    return name;
  }

  void Accept() {
    for (int client; (client = accept(listener_, nullptr, nullptr)) >= 0;) {
      tunnels_.emplace_back([this, client] {
        Serve(client);
        close(client);
      });
    }
  }

  void Serve(int client) {
    std::string head;
    char byte = 0;
    while (head.find("\r\n\r\n") == std::string::npos) {
      if (recv(client, &byte, 1, 0) != 1) return;
      head.push_back(byte);
    }
    const std::string line = head.substr(0, head.find('\r'));
    {
      const std::lock_guard lock(mutex_);
      requests_.push_back(line);
    }
    // "CONNECT 127.0.0.1:PORT HTTP/1.1"
    const int port = std::atoi(line.c_str() + line.find(':') + 1);
    const sockaddr_in name = Loopback(port);
    const int server = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(server, reinterpret_cast<const sockaddr*>(&name), sizeof(name)) == 0) {
      const std::string answer = "HTTP/1.1 200 Connection established\r\n\r\n";
      send(client, answer.data(), answer.size(), MSG_NOSIGNAL);
      Pass(client, server);
    }
    close(server);
  }

  // Until either end closes.
  void Pass(int client, int server) {
    pollfd ends[] = {{client, POLLIN, 0}, {server, POLLIN, 0}};
    while (poll(ends, 2, -1) > 0) {
      for (int i = 0; i < 2; ++i) {
        if (ends[i].revents == 0) continue;
        char buffer[4096];
        const ssize_t size = recv(ends[i].fd, buffer, sizeof(buffer), 0);
        if (size <= 0) return;
        const std::lock_guard lock(mutex_);
        passed_.append(buffer, static_cast<size_t>(size));
        if (send(ends[1 - i].fd, buffer, static_cast<size_t>(size), MSG_NOSIGNAL) != size) return;
      }
    }
  }

  const int listener_;
  int port_ = 0;
  std::thread acceptor_;
  std::vector<std::thread> tunnels_;
  std::mutex mutex_;
  std::vector<std::string> requests_;
  std::string passed_;
};

}  // namespace sightline::agent

#endif  // SIGHTLINE_TESTS_AGENT_CONNECT_PROXY_H_
