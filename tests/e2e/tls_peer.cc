#include "tests/e2e/tls_peer.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <thread>

#include "common/crypto.h"

namespace sightline::e2e {
namespace {

constexpr int kPatienceMs = 30'000;
// How long the thread waits before it looks whether it is to stop.
constexpr int kTurnMs = 20;
// Length-prefixed, as ALPN has it.
constexpr unsigned char kHttp2[] = {2, 'h', '2'};

struct ContextDelete {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
using Context = std::unique_ptr<SSL_CTX, ContextDelete>;
struct SslDelete {
  void operator()(SSL* ssl) const { SSL_free(ssl); }
};
using Ssl = std::unique_ptr<SSL, SslDelete>;

sockaddr_in Loopback(int port) {
  sockaddr_in name = {};
  name.sin_family = AF_INET;
  name.sin_port = htons(static_cast<uint16_t>(port));
  name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return name;
}

class Socket {
 public:
  explicit Socket(int fd) : fd_(fd) {}
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  ~Socket() {
    if (fd_ >= 0) close(fd_);
  }
  int get() const { return fd_; }

 private:
  const int fd_;
};

int ConnectTo(int port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in name = Loopback(port);
  EXPECT_EQ(connect(fd, reinterpret_cast<const sockaddr*>(&name), sizeof name), 0);
  const timeval patience = {kPatienceMs / 1000, 0};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  return fd;
}

Context ContextOf(const SSL_METHOD* method, int version) {
  Context context(SSL_CTX_new(method));
  SSL_CTX_set_min_proto_version(context.get(), version);
  SSL_CTX_set_max_proto_version(context.get(), version);
  return context;
}

std::string TakeError() {
  char text[256] = "closed";
  if (const unsigned long error = ERR_get_error(); error != 0) {
    ERR_error_string_n(error, text, sizeof text);
  }
  ERR_clear_error();
  return text;
}

std::string HashOfPeer(const SSL* ssl) {
  X509* const certificate = SSL_get1_peer_certificate(ssl);
  if (certificate == nullptr) return "";
  unsigned char* der = nullptr;
  const int size = i2d_X509(certificate, &der);
  std::string hash =
      Sha256(absl::string_view(reinterpret_cast<const char*>(der), static_cast<size_t>(size)));
  OPENSSL_free(der);
  X509_free(certificate);
  return hash;
}

int SelectHttp2(SSL* /*ssl*/, const unsigned char** out, unsigned char* out_size,
                const unsigned char* /*in*/, unsigned /*in_size*/, void* /*data*/) {
  *out = kHttp2 + 1;
  *out_size = kHttp2[0];
  return SSL_TLSEXT_ERR_OK;
}

Context ServerContext(const agent::TestCertificate& shown, int version) {
  Context context = ContextOf(TLS_server_method(), version);
  BIO* bio = BIO_new_mem_buf(shown.certificate_pem.data(), -1);
  X509* const certificate = PEM_read_bio_X509(bio, nullptr, nullptr, nullptr);
  BIO_free(bio);
  bio = BIO_new_mem_buf(shown.key_pem.data(), -1);
  EVP_PKEY* const key = PEM_read_bio_PrivateKey(bio, nullptr, nullptr, nullptr);
  BIO_free(bio);
  EXPECT_EQ(SSL_CTX_use_certificate(context.get(), certificate), 1);
  EXPECT_EQ(SSL_CTX_use_PrivateKey(context.get(), key), 1);
  X509_free(certificate);
  EVP_PKEY_free(key);
  SSL_CTX_set_alpn_select_cb(context.get(), SelectHttp2, nullptr);
  return context;
}

Ssl ClientOn(SSL_CTX* context, int fd) {
  Ssl ssl(SSL_new(context));
  SSL_set_alpn_protos(ssl.get(), kHttp2, sizeof kHttp2);
  SSL_set_fd(ssl.get(), fd);
  return ssl;
}

// Passes on what is there now; false once one side has ended.
bool PassOn(SSL* from, SSL* to) {
  char buffer[1 << 14];
  for (;;) {
    const int size = SSL_read(from, buffer, sizeof buffer);
    if (size <= 0) return SSL_get_error(from, size) == SSL_ERROR_WANT_READ;
    // What has to wait for room is small here.
    int sent = SSL_write(to, buffer, size);
    while (sent <= 0 && SSL_get_error(to, sent) == SSL_ERROR_WANT_WRITE) {
      std::this_thread::yield();
      sent = SSL_write(to, buffer, size);
    }
    if (sent <= 0) return false;
  }
}

class Listener final : public TlsListener {
 public:
  Listener(const agent::TestCertificate& shown, int version, int target_port)
      : target_port_(target_port),
        context_(ServerContext(shown, version)),
        listener_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in name = Loopback(0);
    EXPECT_EQ(bind(listener_.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name), 0);
    EXPECT_EQ(listen(listener_.get(), 8), 0);
    socklen_t size = sizeof name;
    getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&name), &size);
    port_ = ntohs(name.sin_port);
    thread_ = std::thread([this] { Run(); });
  }
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;
  ~Listener() override {
    stopping_ = true;
    thread_.join();
  }

  int port() const override { return port_; }
  int connections() const override { return connections_; }

 private:
  bool WaitFor(int fd) const {
    pollfd wanted = {fd, POLLIN, 0};
    return poll(&wanted, 1, kTurnMs) > 0;
  }
  void Run() {
    while (!stopping_) {
      if (!WaitFor(listener_.get())) continue;
      const Socket peer(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
      Serve(peer.get());
    }
  }
  void Serve(int fd) {
    const Ssl client(SSL_new(context_.get()));
    SSL_set_fd(client.get(), fd);
    const bool ok = SSL_accept(client.get()) == 1;
    ERR_clear_error();
    if (!ok) return;
    ++connections_;
    if (target_port_ != 0) Pump(client.get(), fd);
  }
  void Pump(SSL* client, int client_fd) {
    const Context context = ContextOf(TLS_client_method(), TLS1_3_VERSION);
    const Socket onward(ConnectTo(target_port_));
    const Ssl server = ClientOn(context.get(), onward.get());
    ASSERT_EQ(SSL_connect(server.get()), 1) << TakeError();
    for (const int fd : {client_fd, onward.get()}) {
      fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    }
    bool open = true;
    while (open && !stopping_) {
      pollfd wanted[] = {{client_fd, POLLIN, 0}, {onward.get(), POLLIN, 0}};
      poll(wanted, 2, kTurnMs);
      open = PassOn(client, server.get()) && PassOn(server.get(), client);
    }
    ERR_clear_error();
  }

  const int target_port_;
  const Context context_;
  const Socket listener_;
  int port_ = 0;
  std::atomic<bool> stopping_{false};
  std::atomic<int> connections_{0};
  std::thread thread_;
};

}  // namespace

TlsHandshake ShakeHands(int port, int version) {
  const Context context = ContextOf(TLS_client_method(), version);
  const Socket socket(ConnectTo(port));
  const Ssl ssl = ClientOn(context.get(), socket.get());
  TlsHandshake result;
  result.ok = SSL_connect(ssl.get()) == 1;
  if (!result.ok) {
    result.error = TakeError();
    return result;
  }
  result.version = SSL_get_version(ssl.get());
  result.cipher = SSL_get_cipher_name(ssl.get());
  result.certificate_hash = HashOfPeer(ssl.get());
  SSL_shutdown(ssl.get());
  ERR_clear_error();
  return result;
}

std::unique_ptr<TlsListener> TlsListener::Silent(const agent::TestCertificate& shown, int version) {
  return std::make_unique<Listener>(shown, version, 0);
}

std::unique_ptr<TlsListener> TlsListener::Relay(const agent::TestCertificate& shown,
                                                int target_port) {
  return std::make_unique<Listener>(shown, TLS1_3_VERSION, target_port);
}

}  // namespace sightline::e2e
