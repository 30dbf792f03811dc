// A folder with all that serve needs, for tests of the command line.
#ifndef SIGHTLINE_TESTS_COLLECTOR_COMMANDS_SERVE_FILES_H_
#define SIGHTLINE_TESTS_COLLECTOR_COMMANDS_SERVE_FILES_H_

#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

#include "collector/serve_flags.h"
#include "common/crypto.h"
#include "common/files.h"
#include "tests/agent/test_certificate.h"
#include "tests/common/temp_folder.h"

namespace sightline {

// Writes a database with one network at `path`, by the lab's program.
inline void WriteGeo(const std::string& path,
                     const std::string& row = "192.0.2.0/24 CN 64500 Test") {
  const std::string command = "echo '" + row + "' | perl " SIGHTLINE_MAKE_MMDB " '" + path + "'";
  ASSERT_EQ(std::system(command.c_str()), 0) << "needs libmaxmind-db-writer-perl";
}

class ServeFiles {
 public:
  ServeFiles() {
    const agent::TestCertificate pair =
        agent::MakeTestCertificate("DNS:collector.example", 86400 * 60);
    Write("cert.pem", pair.certificate_pem);
    Write("key.pem", pair.key_pem);
    Write("operator.pub.pem", operator_key.public_key().ToPem());
    WriteGeo(folder / "geo.mmdb");
  }
  void Write(const std::string& name, const std::string& text) const {
    EXPECT_TRUE(SystemFiles().WriteAtomically(folder / name, text, 0600).ok());
  }
  // serve's flags for them; no port is fixed.
  ServeFlags Flags() const {
    ServeFlags flags;
    flags.store = "sqlite:" + folder / "store.db";
    flags.listen = "127.0.0.1:0";
    flags.http = "127.0.0.1:0";
    flags.tls_cert = folder / "cert.pem";
    flags.tls_key = folder / "key.pem";
    flags.admin_socket = folder / "admin.sock";
    flags.operator_key = folder / "operator.pub.pem";
    flags.geo = folder / "geo.mmdb";
    flags.advertise = {"collector.example:7443"};
    return flags;
  }
  // The same as a configuration file.
  std::string Toml() const {
    return "store = \"sqlite:" + folder / "store.db\"\n" + "tls_cert = \"" +
           folder / "cert.pem\"\n" + "tls_key = \"" + folder / "key.pem\"\noperator_key = \"" +
           folder / "operator.pub.pem\"\ngeo = \"" +
           folder / "geo.mmdb\"\nadvertise = [\"collector.example:7443\"]\n" + "admin_socket = \"" +
           folder / "admin.sock\"\nhttp = \"127.0.0.1:0\"\n";
  }

  const TempFolder folder;
  const SigningKey operator_key = SigningKey::Generate();
};

// What was written to a stream while it lives.
class Captured {
 public:
  explicit Captured(std::ostream& stream) : stream_(stream), before_(stream.rdbuf(text_.rdbuf())) {}
  Captured(const Captured&) = delete;
  Captured& operator=(const Captured&) = delete;
  ~Captured() { stream_.rdbuf(before_); }
  std::string text() const { return text_.str(); }

 private:
  std::ostringstream text_;
  std::ostream& stream_;
  std::streambuf* const before_;
};

}  // namespace sightline

#endif  // SIGHTLINE_TESTS_COLLECTOR_COMMANDS_SERVE_FILES_H_
