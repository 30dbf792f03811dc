// Each check of doctor: what is fine, what is not, and that it says what to do.
#include "collector/doctor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <boost/json.hpp>

#include "collector/bucket.h"
#include "collector/lease.h"

namespace sightline {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr Level kOk = Level::kOk;
constexpr Level kWarning = Level::kWarning;
constexpr Level kProblem = Level::kProblem;

const absl::Time kNow =
    absl::FromCivil(absl::CivilMinute(2026, 11, 29, 12, 0), absl::UTCTimeZone());

// Of this level; with these words; a thing to do unless nothing is wrong.
testing::Matcher<const Finding&> Is(Level level, const char* words = "") {
  return AllOf(Field("level", &Finding::level, level),
               Field("text", &Finding::text, HasSubstr(words)),
               level == kOk ? Field("advice", &Finding::advice, IsEmpty())
                            : Field("advice", &Finding::advice, Not(IsEmpty())));
}

StoreSight GoodStore() {
  StoreSight sight;
  sight.schema_held = sight.schema_known = 6;
  sight.sqlite = SqliteSight{"ok", "wal", S_IFREG | 0600, int64_t{1} << 20, int64_t{100} << 30};
  sight.agents = 3;
  NodeSight node;
  node.node = "n1";
  node.records = node.last = 10;
  node.first = 1;
  node.received = {kNow - absl::Minutes(2), kNow - absl::Minutes(3)};
  node.rounds = {kNow - absl::Minutes(3), kNow - absl::Hours(3)};
  sight.nodes = {node};
  sight.oldest = kNow - absl::Hours(24 * 10);
  sight.has_bucket_key = true;
  sight.lease = {"n1", 1, 5};
  sight.lease_beats = true;
  sight.has_plan = true;
  sight.plan_version = 4;
  sight.plan_expires = kNow + absl::Hours(24 * 30);
  sight.verdicts = {{"CN", kNow - absl::Hours(2)}};
  return sight;
}

TEST(DoctorTest, StoreThatIsWellHasNothingToMend) {
  const auto findings = CheckStore(GoodStore(), {}, true, kNow);
  EXPECT_THAT(findings, Each(Is(kOk)));
  EXPECT_EQ(findings.size(), 10u);
  EXPECT_EQ(CountOf(findings, kProblem), 0u);
}

TEST(DoctorTest, ConfigurationThatCannotBeReadIsAProblem) {
  EXPECT_THAT(CheckConfiguration("/etc/x.toml", absl::OkStatus()), Is(kOk, "/etc/x.toml"));
  EXPECT_THAT(CheckConfiguration("", absl::OkStatus()), Is(kOk, "no file"));
  EXPECT_THAT(CheckConfiguration("", absl::InvalidArgumentError("x.toml:3: unknown key")),
              Is(kProblem, "x.toml:3: unknown key"));
}

TEST(DoctorTest, CertificateIsJudgedByItsDaysAndNames) {
  CertificateSight sight;
  sight.valid_from = kNow - absl::Hours(1);
  sight.valid_until = kNow + absl::Hours(24 * 15);
  sight.advertised = {"collector.example"};
  EXPECT_THAT(CheckCertificate(sight, kNow),
              ElementsAre(Is(kOk, "holds until 2026-12-14"), Is(kOk, "collector.example")));
  sight.valid_until = kNow + absl::Hours(24 * 13);
  EXPECT_THAT(CheckCertificate(sight, kNow), Contains(Is(kWarning, "expires on 2026-12-12")));
  sight.valid_until = kNow;
  EXPECT_THAT(CheckCertificate(sight, kNow), Contains(Is(kProblem, "expired on 2026-11-29")));
  sight.valid_until = kNow + absl::Hours(24 * 90);
  sight.valid_from = kNow + absl::Hours(24);
  EXPECT_THAT(CheckCertificate(sight, kNow), Contains(Is(kProblem, "begins on 2026-11-30")));
  sight.uncovered = {"other.example"};
  EXPECT_THAT(CheckCertificate(sight, kNow), Contains(Is(kProblem, "does not have other.example")));
  sight.status = absl::FailedPreconditionError("others can get at it");
  EXPECT_THAT(CheckCertificate(sight, kNow), ElementsAre(Is(kProblem, "others can get at it")));
}

TEST(DoctorTest, MachineHasRegionsAddressesAndFiles) {
  MachineSight sight;
  sight.geo_made = kNow - absl::Hours(24 * 30);
  sight.files_max = 30'000;
  sight.files_needed = 22'048;
  EXPECT_THAT(CheckMachine(sight, kNow), Each(Is(kOk)));
  sight.geo_made = kNow - absl::Hours(24 * 100);
  EXPECT_THAT(CheckMachine(sight, kNow), Contains(Is(kWarning, "it was made on 2026-08-21")));
  sight.geo_made = absl::FailedPreconditionError("cannot open the address database");
  EXPECT_THAT(CheckMachine(sight, kNow), Contains(Is(kProblem, "cannot open")));
  sight.regions = absl::NotFoundError("no iso-codes");
  EXPECT_THAT(CheckMachine(sight, kNow), Contains(Is(kProblem, "no iso-codes")));
  sight.files_max = 1024;
  EXPECT_THAT(CheckMachine(sight, kNow), Contains(Is(kWarning, "needs 22048")));
}

TEST(DoctorTest, RunningCollectorIsAskedHowItIs) {
  RunningSight sight;
  sight.http = "127.0.0.1:9464";
  sight.livez = sight.healthz = 200;
  sight.health = "SERVING";
  sight.admin_socket = "admin.sock";
  sight.socket_mode = S_IFSOCK | 0600;
  EXPECT_THAT(CheckRunning(sight), ElementsAre(Is(kOk, "serve"), Is(kOk, "owner's alone")));
  sight.socket_mode = S_IFSOCK | 0660;
  EXPECT_THAT(CheckRunning(sight), Contains(Is(kProblem, "open to others")));
  sight.socket_mode = S_IFREG | 0600;
  EXPECT_THAT(CheckRunning(sight), Contains(Is(kProblem, "no socket")));
  sight.socket_mode.reset();
  EXPECT_THAT(CheckRunning(sight), Contains(Is(kProblem, "there is no admin.sock")));
  sight.health = "DEGRADED: plan: none is published";
  EXPECT_THAT(CheckRunning(sight), Contains(Is(kWarning, "none is published")));
  sight.healthz = 503;
  EXPECT_THAT(CheckRunning(sight), Contains(Is(kProblem, "a part of it fails")));
  sight.livez = 503;
  EXPECT_THAT(CheckRunning(sight), Contains(Is(kProblem, "stuck")));
  sight.answered = absl::UnavailableError("refused");
  EXPECT_THAT(CheckRunning(sight), ElementsAre(Is(kWarning, "nobody answers"), Is(kOk, "none")));
  sight.http.clear();
  EXPECT_THAT(CheckRunning(sight), ElementsAre(Is(kOk, "switched off"), Is(kOk, "none")));
}

TEST(DoctorTest, SchemaAndReadingOfTheStore) {
  StoreSight sight = GoodStore();
  sight.schema_held = 5;
  EXPECT_THAT(CheckSchema(sight), ElementsAre(Is(kWarning, "version 5")));
  sight.schema_held = 0;
  EXPECT_THAT(CheckSchema(sight), ElementsAre(Is(kWarning, "empty")));
  // Nothing else can be said of it then.
  EXPECT_EQ(CheckStore(sight, {}, true, kNow).size(), 3u);
  sight.schema_held = 6;
  sight.read = absl::DataLossError("disk image is malformed");
  EXPECT_THAT(CheckSchema(sight), ElementsAre(Is(kProblem, "malformed")));
  sight.status = absl::UnavailableError("no server");
  EXPECT_THAT(CheckStore(sight, {}, true, kNow), ElementsAre(Is(kProblem, "no server")));
}

TEST(DoctorTest, SqliteFileAndItsDisk) {
  const absl::Duration age = absl::Hours(24 * 10);
  const SqliteSight good = *GoodStore().sqlite;
  EXPECT_THAT(CheckSqlite(good, age), Each(Is(kOk)));
  SqliteSight sight = good;
  sight.quick_check = "row 3 missing from index";
  EXPECT_THAT(CheckSqlite(sight, age), Contains(Is(kProblem, "row 3 missing")));
  sight = good;
  sight.file_mode = S_IFREG | 0640;
  EXPECT_THAT(CheckSqlite(sight, age), Contains(Is(kProblem, "others on this machine")));
  sight = good;
  sight.journal_mode = "delete";
  EXPECT_THAT(CheckSqlite(sight, age), Contains(Is(kWarning, "\"delete\"")));
  sight = good;
  sight.free_bytes = int64_t{100} << 20;
  EXPECT_THAT(CheckSqlite(sight, age), Contains(Is(kProblem, "100 MiB are free")));
  sight.free_bytes = int64_t{900} << 20;
  EXPECT_THAT(CheckSqlite(sight, absl::Hours(1)), Contains(Is(kWarning, "900 MiB are free")));
  sight.free_bytes = int64_t{20} << 30;
  sight.bytes = int64_t{10} << 30;  // 1 GiB a day: full in 20 days
  EXPECT_THAT(CheckSqlite(sight, age), Contains(Is(kWarning, "full in 20 days")));
  EXPECT_THAT(CheckSqlite(sight, -absl::InfiniteDuration()), Each(Is(kOk)));
}

TEST(DoctorTest, NumbersOfNodesHaveNoGaps) {
  StoreSight sight = GoodStore();
  sight.nodes[0].records = 9;
  EXPECT_THAT(CheckNumbers(sight), Is(kProblem, "1 of 10"));
  sight.nodes[0].first = 2;
  EXPECT_THAT(CheckNumbers(sight), Is(kProblem, "node n1"));
  sight.days_dropped = true;
  EXPECT_THAT(CheckNumbers(sight), Is(kOk, "days were dropped"));
}

TEST(DoctorTest, BatchesComeAndTheClockIsRight) {
  StoreSight sight = GoodStore();
  EXPECT_THAT(CheckArrivals(sight, kNow), Is(kOk, "2 minutes ago"));
  EXPECT_THAT(CheckArrivals(sight, kNow + absl::Hours(3)), Is(kWarning, "3 hours ago"));
  EXPECT_THAT(CheckClock(sight, kNow), Is(kOk, "agrees"));
  EXPECT_THAT(CheckClock(sight, kNow - absl::Hours(3)), Is(kProblem, "2 hours ahead"));
  sight.nodes[0].rounds[0] = kNow + absl::Minutes(5);
  EXPECT_THAT(CheckClock(sight, kNow), Is(kWarning, "behind theirs"));
  sight.nodes[0].rounds = {kNow - absl::Hours(9), kNow - absl::Hours(8)};
  EXPECT_THAT(CheckClock(sight, kNow), Is(kWarning, "7 hours old"));
  sight.nodes.clear();
  EXPECT_THAT(CheckClock(sight, kNow), Is(kOk, "no batch"));
  EXPECT_THAT(CheckArrivals(sight, kNow), Is(kWarning, "none came yet of 3 agents"));
  sight.agents = 0;
  EXPECT_THAT(CheckArrivals(sight, kNow), Is(kOk, "no agent is enrolled"));
}

TEST(DoctorTest, BucketKeyOfTodayIsThereOnceBatchesOfTodayAre) {
  StoreSight sight = GoodStore();
  EXPECT_THAT(CheckBucketKey(sight, kNow), Is(kOk, "is there"));
  sight.has_bucket_key = false;
  EXPECT_THAT(CheckBucketKey(sight, kNow), Is(kProblem, "missing"));
  EXPECT_THAT(CheckBucketKey(sight, kNow + absl::Hours(24)), Is(kOk, "first batch"));
}

TEST(DoctorTest, SomebodyLeadsWhereACollectorRuns) {
  StoreSight sight = GoodStore();
  EXPECT_THAT(CheckLease(sight, true), Is(kOk, "n1 leads"));
  sight.lease_beats = false;
  EXPECT_THAT(CheckLease(sight, true), Is(kProblem, "n1 led and is silent"));
  EXPECT_THAT(CheckLease(sight, false), Is(kOk, "no collector runs"));
  sight.lease.beat = Lease::kReleased;
  EXPECT_THAT(CheckLease(sight, false), Is(kOk, "gave it back"));
  EXPECT_THAT(CheckLease(sight, true), Is(kProblem, "gave it back"));
  sight.lease = {};
  EXPECT_THAT(CheckLease(sight, true), Is(kWarning, "ever made verdicts"));
  EXPECT_THAT(CheckLease(sight, false), Is(kOk));
}

TEST(DoctorTest, PlanIsSignedAndHolds) {
  StoreSight sight = GoodStore();
  EXPECT_THAT(CheckPlan(sight, kNow), Is(kOk, "version 4 is in force"));
  sight.plan_expires = kNow + absl::Hours(24 * 3);
  EXPECT_THAT(CheckPlan(sight, kNow), Is(kWarning, "expires on 2026-12-02"));
  sight.plan_expires = kNow;
  EXPECT_THAT(CheckPlan(sight, kNow), Is(kProblem, "do not probe any more"));
  sight.has_plan = false;
  EXPECT_THAT(CheckPlan(sight, kNow), Is(kWarning, "none is published"));
  sight.plans = absl::FailedPreconditionError("plan 1 is not signed with it");
  EXPECT_THAT(CheckPlan(sight, kNow), Is(kProblem, "not signed"));
}

TEST(DoctorTest, VerdictsAreAsNewAsTheyCanBe) {
  StoreSight sight = GoodStore();
  EXPECT_THAT(CheckVerdicts(sight, {}, kNow), Is(kOk));
  sight.verdicts["CN"] = kNow - absl::Hours(5);
  EXPECT_THAT(CheckVerdicts(sight, {}, kNow), Is(kProblem, "CN (5 hours), although"));
  sight.verdicts["CN"].reset();
  EXPECT_THAT(CheckVerdicts(sight, {}, kNow), Is(kProblem, "CN (none)"));
  EXPECT_THAT(CheckVerdicts(sight, {}, kNow + absl::Hours(5)), Is(kWarning, "no batches come"));
  sight.oldest = kNow - absl::Minutes(20);  // nothing is due yet
  EXPECT_THAT(CheckVerdicts(sight, {}, kNow), Is(kOk));
}

}  // namespace
}  // namespace sightline
