#include "tests/collector/store/private_postgres.h"

#include <fcntl.h>
#include <libpq-fe.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>

#include <cstdio>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "tests/collector/store/child_process.h"

namespace sightline {
namespace {

constexpr char kPrograms[] = "/usr/lib/postgresql/15/bin/";
constexpr int kStartAttemptsMax = 6000;
constexpr int kStartPauseMs = 5;

[[noreturn]] void Die(const std::string& message) {
  fprintf(stderr, "private PostgreSQL: %s\n", message.c_str());
  exit(1);
}

// The server refuses to run as root. It must end when the test dies.
std::vector<std::string> AsServerUser(std::vector<std::string> command) {
  std::vector<std::string> all = {"setpriv", "--pdeathsig=QUIT"};
  if (geteuid() == 0) {
    all.insert(all.end(), {"--reuid=postgres", "--regid=postgres", "--clear-groups"});
  }
  all.insert(all.end(), command.begin(), command.end());
  return all;
}

void GiveToServer(const std::string& folder) {
  if (geteuid() != 0) return;
  const passwd* user = getpwnam("postgres");
  if (user == nullptr) Die("there is no user postgres; install PostgreSQL with deploy/deps");
  if (chown(folder.c_str(), user->pw_uid, user->pw_gid) != 0) Die("chown failed");
}

}  // namespace

PrivatePostgres::PrivatePostgres(std::vector<std::string> settings)
    : settings_(std::move(settings)) {
  if (access((std::string(kPrograms) + "postgres").c_str(), X_OK) != 0) {
    Die(std::string(kPrograms) + "postgres is missing; install it with deploy/deps");
  }
  GiveToServer(folder_.path());
  const int log = open((folder_ / "initdb.log").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
  const pid_t pid =
      StartChild(AsServerUser({std::string(kPrograms) + "initdb", "--pgdata=" + folder_ / "data",
                               "--auth=trust", "--username=sightline", "--encoding=UTF8",
                               "--locale=C", "--no-sync"}),
                 log, true);
  close(log);
  if (pid == 0 || WaitForChild(pid) != 0) {
    std::filesystem::copy(folder_ / "initdb.log", "/dev/stderr",
                          std::filesystem::copy_options::overwrite_existing);
    Die("initdb failed");
  }
  Start();
}

PrivatePostgres::~PrivatePostgres() { Crash(); }

void PrivatePostgres::Crash() {
  if (pid_ == 0) return;
  kill(pid_, SIGQUIT);
  WaitForChild(pid_);
  pid_ = 0;
}

void PrivatePostgres::Start() {
  const int log = open((folder_ / "log").c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  std::vector<std::string> command = {std::string(kPrograms) + "postgres", "-D", folder_ / "data"};
  std::vector<std::string> settings = {
      "listen_addresses=", "unix_socket_directories=" + folder_.path(), "shared_buffers=16MB",
      "fsync=off", "max_connections=60"};
  settings.insert(settings.end(), settings_.begin(), settings_.end());
  for (const std::string& setting : settings) command.insert(command.end(), {"-c", setting});
  pid_ = StartChild(AsServerUser(std::move(command)), log, true);
  close(log);
  if (pid_ == 0) Die("cannot start setpriv");
  for (int attempt = 0; attempt < kStartAttemptsMax; ++attempt) {
    if (PQping(UrlOf("postgres").c_str()) == PQPING_OK) return;
    poll(nullptr, 0, kStartPauseMs);
  }
  Die("the server takes no connections");
}

std::string PrivatePostgres::NewDatabase() {
  const std::string name = "test" + std::to_string(++databases_);
  RunSql(UrlOf("postgres"), "CREATE DATABASE " + name);
  return UrlOf(name);
}

std::string PrivatePostgres::NewDatabaseOn(const std::string& folder) {
  const std::string name = "test" + std::to_string(++databases_);
  std::filesystem::create_directory(folder);
  GiveToServer(folder);
  RunSql(UrlOf("postgres"), "CREATE TABLESPACE " + name + " LOCATION '" + folder + "'");
  RunSql(UrlOf("postgres"), "CREATE DATABASE " + name + " TABLESPACE " + name);
  return UrlOf(name);
}

std::string PrivatePostgres::RunSql(const std::string& url, const std::string& sql) {
  PGconn* connection = PQconnectdb(url.c_str());
  PQsetNoticeReceiver(
      connection, [](void*, const PGresult*) {}, nullptr);
  PGresult* result = PQexec(connection, sql.c_str());
  const ExecStatusType status = PQresultStatus(result);
  if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
    Die("cannot run " + sql + ": " + PQerrorMessage(connection));
  }
  std::string first = PQntuples(result) > 0 ? PQgetvalue(result, 0, 0) : "";
  PQclear(result);
  PQfinish(connection);
  return first;
}

std::string PrivatePostgres::UrlOf(const std::string& database) const {
  return "postgresql:///" + database + "?user=sightline&host=" + folder_.path();
}

}  // namespace sightline
