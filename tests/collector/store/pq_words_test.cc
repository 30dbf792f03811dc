#include "collector/store/pq_words.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "collector/store/store.h"

namespace sightline {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

// What libpq 15 said when each of these was tried.
TEST(PqWordsTest, LostConnectionsAreDescribedWithoutTheServersAddress) {
  const struct {
    const char* said;
    const char* described;
  } cases[] = {
      {"connection to server at \"127.0.0.1\", port 1 failed: Connection refused\n\tIs the server "
       "running on that host and accepting TCP/IP connections?\n",
       "connection to server at (...), port 1 failed: Connection refused"},
      {"connection to server at \"::1\", port 1 failed: Connection refused\n\tIs the server",
       "connection to server at (...), port 1 failed: Connection refused"},
      {"connection to server at \"db.example\" (192.0.2.5), port 5432 failed: FATAL:  password "
       "authentication failed for user \"sightline\"\n",
       "connection to server at (...) ((address)), port 5432 failed: FATAL:  password "
       "authentication failed for user \"sightline\""},
      {"connection to server at \"db.example\" (2001:db8::5), port 5432 failed: FATAL:  no "
       "pg_hba.conf entry for host \"2001:db8::7\", user \"me\", database \"x\", no encryption",
       "connection to server at (...) ((address)), port 5432 failed: FATAL:  no pg_hba.conf entry "
       "for host (...), user \"me\", database \"x\", no encryption"},
      {"connection to server on socket \"/nonexistent/dir/.s.PGSQL.5432\" failed: No such file or "
       "directory\n\tIs the server running locally",
       "connection to server on socket (...) failed: No such file or directory"},
      {"connection to server at \"db.example\" (192.0.2.5), port 5432 failed: server certificate "
       "for \"other.example\" (and 1 other name) does not match host name \"db.example\"",
       "connection to server at (...) ((address)), port 5432 failed: server certificate for (...) "
       "(and 1 other name) does not match host name (...)"},
      {"could not translate host name \"db.example\" to address: Name or service not known\n",
       "could not translate host name (...) to address: Name or service not known"},
      {"missing \"=\" after \"postgresql//me:secret@h/x\" in connection info string\n",
       "missing (...) in connection info string"},
      {"end of string reached when looking for matching \"]\" in IPv6 host address in URI: "
       "\"postgresql://me:se\"cret@[::1/x\"\n",
       "end of string reached when looking for matching (...)"},
      {"invalid percent-encoded token: \"s%zz\"\n", "invalid percent-encoded token: (...)"},
      {"server closed the connection unexpectedly\n\tThis probably means",
       "server closed the connection unexpectedly"},
  };
  for (const auto& [said, described] : cases) {
    EXPECT_EQ(LostConnectionInWords(said), described) << said;
  }
}

TEST(PqWordsTest, ErrorsOfStatementsKeepTheirNamesAndLoseAddresses) {
  EXPECT_EQ(
      SqlErrorInWords("ERROR:  duplicate key value violates unique constraint \"plans_pkey\"\n"
                      "DETAIL:  Key (version)=(1) already exists."),
      "ERROR:  duplicate key value violates unique constraint \"plans_pkey\"");
  EXPECT_EQ(SqlErrorInWords("FATAL:  no pg_hba.conf entry for host \"192.0.2.7\", user \"me\""),
            "FATAL:  no pg_hba.conf entry for host \"(address)\", user \"me\"");
}

TEST(PqWordsTest, StoreThatCannotBeReachedDoesNotSayWhere) {
  // Port 1 of this machine: nobody listens.
  for (const char* url :
       {"postgresql://me:secret@127.0.0.1:1/x", "postgresql://me:secret@[::1]:1/x",
        "postgresql://me:secret@localhost:1/x", "postgresql:///x?host=/secret"}) {
    const auto store = OpenStore(url);
    ASSERT_TRUE(absl::IsUnavailable(store.status())) << store.status();
    EXPECT_THAT(std::string(store.status().message()),
                AllOf(HasSubstr("PostgreSQL is not reachable: connection to server "),
                      Not(HasSubstr("secret")), Not(HasSubstr("127.0.0.1")), Not(HasSubstr("::1")),
                      Not(HasSubstr("localhost"))));
  }
}

}  // namespace
}  // namespace sightline
