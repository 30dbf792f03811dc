// What doctor sees of real files, a real store and a real HTTP port.
#include "collector/doctor_look.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "absl/strings/str_cat.h"
#include "collector/http_server.h"
#include "collector/store/store.h"
#include "tests/collector/commands/serve_files.h"

namespace sightline {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class DoctorLookTest : public ::testing::Test {
 protected:
  StoreSight Look() {
    return LookAtStore(flags_, absl::Now(), [this](absl::Duration) { pause_(); });
  }

  const ServeFiles files_;
  ServeFlags flags_ = files_.Flags();
  std::function<void()> pause_ = [] {};
};

TEST_F(DoctorLookTest, CertificateIsReadWithTheNamesThatInvitesUse) {
  flags_.advertise = {"collector.example:7443", "other.example:7443", "[2001:db8::1]:7443"};
  const CertificateSight sight = LookAtCertificate(flags_);
  EXPECT_TRUE(sight.status.ok()) << sight.status;
  EXPECT_THAT(sight.uncovered, ElementsAre("other.example", "2001:db8::1"));
  EXPECT_LT(sight.valid_from, absl::Now());
  EXPECT_GT(sight.valid_until, absl::Now() + absl::Hours(24 * 59));
  files_.Write("key.pem", agent::MakeTestCertificate().key_pem);
  EXPECT_FALSE(LookAtCertificate(flags_).status.ok());
}

TEST_F(DoctorLookTest, RunningCollectorIsAsked) {
  HttpOptions options;
  options.listen = "127.0.0.1:0";
  const auto server = HttpServer::Start(options, [](const HttpRequest& request) -> HttpResponse {
    if (request.path == "/livez") return {200, "text/plain", "alive\n", {}};
    return {503,
            "application/json",
            R"({"status":"FAILING","parts":{"store":{"state":"FAILING","reason":"no answer"},)"
            R"("fold":{"state":"SERVING","reason":"it leads"}}})",
            {}};
  });
  ASSERT_TRUE(server.ok()) << server.status();
  flags_.http = absl::StrCat("127.0.0.1:", (*server)->port());
  const RunningSight sight = LookAtRunning(flags_);
  EXPECT_TRUE(sight.runs());
  EXPECT_EQ(sight.livez, 200);
  EXPECT_EQ(sight.healthz, 503);
  EXPECT_EQ(sight.health, "FAILING: store: no answer");
  EXPECT_FALSE(sight.socket_mode.has_value());
  flags_.http = "127.0.0.1:1";
  EXPECT_FALSE(LookAtRunning(flags_).runs());
}

TEST_F(DoctorLookTest, StoreThatIsNotThereIsNotMade) {
  const StoreSight sight = Look();
  EXPECT_TRUE(sight.status.ok());
  EXPECT_EQ(sight.schema_held, 0);
  EXPECT_EQ(SystemFiles().Read(files_.folder / "store.db").status().code(),
            absl::StatusCode::kNotFound);
}

TEST_F(DoctorLookTest, LeaderThatMovesItsBeatLives) {
  const auto store = OpenStore(flags_.store);
  ASSERT_TRUE(store.ok()) << store.status();
  const LeaseRecord first = {"n1", 1, 1};
  ASSERT_TRUE(*(*store)->MoveLease("fold", {}, first));
  EXPECT_FALSE(Look().lease_beats);
  pause_ = [&] { EXPECT_TRUE(*(*store)->MoveLease("fold", first, {"n1", 1, 2})); };
  const StoreSight sight = Look();
  EXPECT_TRUE(sight.lease_beats);
  EXPECT_TRUE(sight.read.ok()) << sight.read;
  ASSERT_TRUE(sight.sqlite.has_value());
  EXPECT_EQ(sight.sqlite->quick_check, "ok");
  EXPECT_EQ(sight.sqlite->journal_mode, "wal");
  EXPECT_EQ(sight.sqlite->file_mode & 0777, 0600u);
  EXPECT_GT(sight.sqlite->free_bytes, 0);
}

}  // namespace
}  // namespace sightline
