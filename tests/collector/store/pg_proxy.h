// Stands between libpq and the server's Unix socket, and cuts connections around a COMMIT.
#ifndef SIGHTLINE_TESTS_COLLECTOR_STORE_PG_PROXY_H_
#define SIGHTLINE_TESTS_COLLECTOR_STORE_PG_PROXY_H_

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "tests/common/temp_folder.h"

namespace sightline {

class PgProxy {
 public:
  enum class Cut {
    kNever,
    kBeforeCommit,  // the server never sees the next COMMIT
    kWithCommit,    // the COMMIT is passed on and both ends closed at once
    kAfterCommit,   // the server has answered the COMMIT, and nobody hears it
    kAfterBytes,    // after that many bytes from the client
  };

  // `server` is the folder of the server's socket.
  explicit PgProxy(std::string server);
  PgProxy(const PgProxy&) = delete;
  PgProxy& operator=(const PgProxy&) = delete;
  ~PgProxy();

  // The URL, which names the server's folder, led through here.
  std::string UrlThrough(const std::string& url) const;

  // Arms one cut. Connections that were open before are cut by it, too.
  void CutNext(Cut cut, int bytes = 0);
  // Whether the armed cut has happened.
  bool has_cut() const { return cut_ == Cut::kNever; }

 private:
  class Link;

  void Accept();

  const std::string server_;
  const TempFolder folder_;
  int listener_ = -1;
  int stop_[2] = {-1, -1};  // a pipe: readable when all ends
  std::atomic<Cut> cut_ = Cut::kNever;
  std::atomic<int> bytes_left_ = 0;
  std::vector<std::thread> links_;  // of the accepting thread alone
  std::thread accepting_;
};

}  // namespace sightline

#endif  // SIGHTLINE_TESTS_COLLECTOR_STORE_PG_PROXY_H_
