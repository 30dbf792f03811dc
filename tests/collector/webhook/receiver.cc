#include "tests/collector/webhook/receiver.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace sightline {
namespace {

// Bounds what takes milliseconds; only a defect takes longer.
constexpr std::chrono::seconds kPatience(30);

std::optional<Received> Read(int connection) {
  std::string text;
  size_t head_end = std::string::npos;
  size_t length = 0;
  Received received;
  while (head_end == std::string::npos || text.size() < head_end + 4 + length) {
    char buffer[4096];
    const ssize_t count = recv(connection, buffer, sizeof(buffer), 0);
    if (count <= 0) return std::nullopt;
    text.append(buffer, static_cast<size_t>(count));
    if (head_end != std::string::npos) continue;
    head_end = text.find("\r\n\r\n");
    if (head_end == std::string::npos) continue;
    const std::vector<std::string> lines = absl::StrSplit(text.substr(0, head_end), "\r\n");
    for (const std::string& line : lines) {
      const std::pair<std::string, std::string> field =
          absl::StrSplit(line, absl::MaxSplits(": ", 1));
      received.headers[absl::AsciiStrToLower(field.first)] = field.second;
    }
    EXPECT_TRUE(absl::SimpleAtoi(received.headers["content-length"], &length));
  }
  received.body = text.substr(head_end + 4);
  return received;
}

}  // namespace

std::string Response(int status, const std::string& more_headers) {
  return absl::StrCat("HTTP/1.1 ", status, " Said\r\ncontent-length: 0\r\nconnection: close\r\n",
                      more_headers, "\r\n");
}

Receiver::Receiver(uint16_t port)
    : listener_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)),
      answer_([](const Received&) { return Response(200); }) {
  const int on = 1;
  setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  EXPECT_EQ(bind(listener_, reinterpret_cast<sockaddr*>(&address), size), 0);
  EXPECT_EQ(listen(listener_, 16), 0);
  EXPECT_EQ(getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size), 0);
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { Serve(); });
}

Receiver::~Receiver() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    shutdown(listener_, SHUT_RDWR);
    if (connection_ >= 0) shutdown(connection_, SHUT_RDWR);
  }
  changed_.notify_all();
  thread_.join();
  close(listener_);
}

std::string Receiver::url() const { return absl::StrCat("http://127.0.0.1:", port_, "/hook"); }

void Receiver::AnswerWith(Answer answer) {
  const std::lock_guard lock(mutex_);
  answer_ = std::move(answer);
}

void Receiver::Hold() {
  const std::lock_guard lock(mutex_);
  held_ = true;
}

void Receiver::Release() {
  {
    const std::lock_guard lock(mutex_);
    held_ = false;
  }
  changed_.notify_all();
}

std::vector<Received> Receiver::received() const {
  const std::lock_guard lock(mutex_);
  return received_;
}

std::vector<std::string> Receiver::names() const {
  std::vector<std::string> names;
  for (const Received& each : received()) names.push_back(each.name());
  return names;
}

std::vector<std::string> Receiver::acknowledged() const {
  const std::lock_guard lock(mutex_);
  return acknowledged_;
}

void Receiver::WaitFor(size_t count) const {
  std::unique_lock lock(mutex_);
  EXPECT_TRUE(changed_.wait_for(lock, kPatience, [&] { return received_.size() >= count; }))
      << received_.size() << " of " << count << " requests arrived";
}

void Receiver::Serve() {
  while (true) {
    const int connection = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    {
      const std::lock_guard lock(mutex_);
      if (stopping_) {
        if (connection >= 0) close(connection);
        return;
      }
      connection_ = connection;
    }
    if (connection < 0) continue;
    ServeOne(connection);
    const std::lock_guard lock(mutex_);
    connection_ = -1;
    close(connection);
  }
}

void Receiver::ServeOne(int connection) {
  const std::optional<Received> request = Read(connection);
  if (!request.has_value()) return;
  std::unique_lock lock(mutex_);
  received_.push_back(*request);
  changed_.notify_all();
  changed_.wait(lock, [this] { return !held_ || stopping_; });
  if (stopping_) return;
  const std::string response = answer_(*request);
  if (absl::StartsWith(response, "HTTP/1.1 2") && request->headers.contains("webhook-id") &&
      std::find(acknowledged_.begin(), acknowledged_.end(), request->name()) ==
          acknowledged_.end()) {
    acknowledged_.push_back(request->name());
  }
  lock.unlock();
  size_t sent = 0;
  while (sent < response.size()) {
    const ssize_t count =
        send(connection, response.data() + sent, response.size() - sent, MSG_NOSIGNAL);
    if (count <= 0) return;
    sent += static_cast<size_t>(count);
  }
}

}  // namespace sightline
