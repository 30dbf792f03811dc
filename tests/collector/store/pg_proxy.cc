#include "tests/collector/store/pg_proxy.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace sightline {
namespace {

constexpr char kSocketName[] = ".s.PGSQL.5432";

int UnixSocket(const std::string& folder, sockaddr_un* address) {
  *address = {};
  address->sun_family = AF_UNIX;
  const std::string path = folder + "/" + kSocketName;
  if (path.size() >= sizeof(address->sun_path)) abort();
  memcpy(address->sun_path, path.c_str(), path.size());
  return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

bool SendAll(int fd, const char* data, size_t size) {
  while (size > 0) {
    const ssize_t sent = send(fd, data, size, MSG_NOSIGNAL);
    if (sent <= 0) return false;
    data += sent;
    size -= static_cast<size_t>(sent);
  }
  return true;
}

}  // namespace

// One connection: its client, its server, and what the client has sent but not yet in whole.
class PgProxy::Link {
 public:
  Link(PgProxy& proxy, int client, int server) : proxy_(proxy), client_(client), server_(server) {}
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;
  ~Link() {
    close(client_);
    close(server_);
  }

  void Run() {
    while (true) {
      pollfd fds[3] = {{client_, POLLIN, 0}, {server_, POLLIN, 0}, {proxy_.stop_[0], POLLIN, 0}};
      if (poll(fds, 3, -1) < 0 || fds[2].revents != 0) return;
      if (fds[0].revents != 0 && !FromClient()) return;
      if (fds[1].revents != 0 && !FromServer()) return;
    }
  }

 private:
  bool FromServer() {
    char buffer[1 << 16];
    const ssize_t got = read(server_, buffer, sizeof(buffer));
    if (got <= 0) return false;
    if (committing_) {
      proxy_.cut_ = Cut::kNever;
      return false;
    }
    return SendAll(client_, buffer, static_cast<size_t>(got));
  }

  bool FromClient() {
    char buffer[1 << 16];
    const ssize_t got = read(client_, buffer, sizeof(buffer));
    if (got <= 0) return false;
    if (proxy_.cut_ == Cut::kAfterBytes) {
      const int left = proxy_.bytes_left_;
      if (got >= left) {
        SendAll(server_, buffer, static_cast<size_t>(left));
        proxy_.cut_ = Cut::kNever;
        return false;
      }
      proxy_.bytes_left_ = left - static_cast<int>(got);
    }
    pending_.append(buffer, static_cast<size_t>(got));
    return PassMessages();
  }

  // Passes on what is whole. The first message has no type before its length.
  bool PassMessages() {
    while (true) {
      const size_t type = started_ ? 1 : 0;
      uint32_t length = 0;
      if (pending_.size() < type + sizeof(length)) return true;
      memcpy(&length, pending_.data() + type, sizeof(length));
      const size_t size = type + ntohl(length);
      if (pending_.size() < size) return true;
      const std::string message = pending_.substr(0, size);
      pending_.erase(0, size);
      const bool commits = started_ && message == std::string(
                                                      "Q\0\0\0\x0b"
                                                      "COMMIT\0",
                                                      12);
      started_ = true;
      const Cut cut = commits ? proxy_.cut_.load() : Cut::kNever;
      if (cut == Cut::kBeforeCommit) {
        proxy_.cut_ = Cut::kNever;
        return false;
      }
      if (!SendAll(server_, message.data(), message.size())) return false;
      if (cut == Cut::kWithCommit) {
        proxy_.cut_ = Cut::kNever;
        return false;
      }
      if (cut == Cut::kAfterCommit) committing_ = true;
    }
  }

  PgProxy& proxy_;
  const int client_;
  const int server_;
  std::string pending_;
  bool started_ = false;
  bool committing_ = false;
};

PgProxy::PgProxy(std::string server) : server_(std::move(server)) {
  sockaddr_un address;
  listener_ = UnixSocket(folder_.path(), &address);
  if (bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0 ||
      listen(listener_, 16) != 0 || pipe2(stop_, O_CLOEXEC) != 0) {
    perror("the proxy cannot listen");
    exit(1);
  }
  accepting_ = std::thread([this] { Accept(); });
}

PgProxy::~PgProxy() {
  close(stop_[1]);
  accepting_.join();
  close(listener_);
  close(stop_[0]);
}

std::string PgProxy::UrlThrough(const std::string& url) const {
  const size_t at = url.find(server_);
  if (at == std::string::npos) abort();
  return url.substr(0, at) + folder_.path() + url.substr(at + server_.size());
}

void PgProxy::CutNext(Cut cut, int bytes) {
  bytes_left_ = bytes;
  cut_ = cut;
}

void PgProxy::Accept() {
  while (true) {
    pollfd fds[2] = {{listener_, POLLIN, 0}, {stop_[0], POLLIN, 0}};
    if (poll(fds, 2, -1) < 0 || fds[1].revents != 0) break;
    const int client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (client < 0) continue;
    sockaddr_un address;
    const int server = UnixSocket(server_, &address);
    if (connect(server, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) {
      close(server);
      close(client);
      continue;
    }
    links_.emplace_back([this, client, server] { Link(*this, client, server).Run(); });
  }
  for (std::thread& link : links_) link.join();
}

}  // namespace sightline
