// A receiver of webhooks on loopback: real sockets, answers as the test says.
#ifndef SIGHTLINE_TESTS_COLLECTOR_WEBHOOK_RECEIVER_H_
#define SIGHTLINE_TESTS_COLLECTOR_WEBHOOK_RECEIVER_H_

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace sightline {

struct Received {
  std::map<std::string, std::string> headers;  // lower-case names
  std::string body;
  std::string id() const { return headers.at("webhook-id"); }
  // The same without the digest of a change.
  std::string name() const {
    return id().substr(0, id().rfind('-') == id().find('-') ? std::string::npos : id().rfind('-'));
  }
};

// A response without a body.
std::string Response(int status, const std::string& more_headers = "");

// Serves one connection after the other, one request each. Thread-safe.
class Receiver {
 public:
  // The whole response; when it is empty the connection is closed without one.
  using Answer = std::function<std::string(const Received&)>;

  // Acknowledges everything until told otherwise. `port` 0 takes a free one.
  explicit Receiver(uint16_t port = 0);
  ~Receiver();
  Receiver(const Receiver&) = delete;
  Receiver& operator=(const Receiver&) = delete;

  uint16_t port() const { return port_; }
  std::string url() const;

  void AnswerWith(Answer answer);
  // Reads requests from now on, but answers only after Release.
  void Hold();
  void Release();

  // What arrived, whatever it was answered with; in order.
  std::vector<Received> received() const;
  // The name of each.
  std::vector<std::string> names() const;
  // The same of what was acknowledged, each once.
  std::vector<std::string> acknowledged() const;
  // Waits until that many requests arrived; a failure of the test when they do not.
  void WaitFor(size_t count) const;

 private:
  void Serve();
  void ServeOne(int connection);

  int listener_ = -1;
  uint16_t port_ = 0;
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  Answer answer_;
  bool held_ = false;
  bool stopping_ = false;
  int connection_ = -1;
  std::vector<Received> received_;
  std::vector<std::string> acknowledged_;
  std::thread thread_;
};

}  // namespace sightline

#endif  // SIGHTLINE_TESTS_COLLECTOR_WEBHOOK_RECEIVER_H_
