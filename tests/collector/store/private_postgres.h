// A PostgreSQL server of the test's own: a Unix socket in a temporary folder, no TCP.
#ifndef SIGHTLINE_TESTS_COLLECTOR_STORE_PRIVATE_POSTGRES_H_
#define SIGHTLINE_TESTS_COLLECTOR_STORE_PRIVATE_POSTGRES_H_

#include <sys/types.h>

#include <string>
#include <vector>

#include "tests/common/temp_folder.h"

namespace sightline {

// Starts the server; the destructor ends it, and so does the death of the starting thread. As root,
// the server runs as user postgres. Exits the process with a clear line when PostgreSQL is not
// installed or does not start. One thread. fsync is off unless asked for: Crash loses the server's
// memory, never the operating system's, so nothing that the tests can see depends on it.
class PrivatePostgres {
 public:
  // `settings` are added to the server's command line, as in "fsync=on".
  explicit PrivatePostgres(std::vector<std::string> settings = {});
  PrivatePostgres(const PrivatePostgres&) = delete;
  PrivatePostgres& operator=(const PrivatePostgres&) = delete;
  ~PrivatePostgres();

  // Folder of its socket, which is named .s.PGSQL.5432.
  const std::string& folder() const { return folder_.path(); }

  // Makes an empty database and returns its URL.
  std::string NewDatabase();

  // The same, with its data in a new folder that this makes.
  std::string NewDatabaseOn(const std::string& folder);

  // Runs SQL in the database of a URL that NewDatabase returned; the first value that it gave.
  // Exits the process when it fails.
  static std::string RunSql(const std::string& url, const std::string& sql);

  // As a crash of the server: no clean-up, recovery at the next start.
  void Crash();
  // Returns when the server takes connections.
  void Start();

 private:
  std::string UrlOf(const std::string& database) const;

  const std::vector<std::string> settings_;
  TempFolder folder_;
  pid_t pid_ = 0;  // 0: not running
  int databases_ = 0;
};

}  // namespace sightline

#endif  // SIGHTLINE_TESTS_COLLECTOR_STORE_PRIVATE_POSTGRES_H_
