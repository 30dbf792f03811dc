// export and verify through their flags.
#include "collector/cli/export_command.h"

#include <gmock/gmock.h>
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "absl/strings/str_cat.h"
#include "collector/cli/progress.h"
#include "collector/store/store.h"
#include "common/files.h"
#include "sightline/internal/v1/export.pb.h"
#include "tests/collector/cli/run_app.h"
#include "tests/collector/export/signed_world.h"
#include "tests/common/temp_folder.h"

namespace sightline::cli {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class ExportCommandTest : public ::testing::Test {
 protected:
  ExportCommandTest() : world_({.agents_each = 4, .windows = 4}), app_(world_.end()) {
    const auto store = OpenStore(url_);
    EXPECT_TRUE(store.ok()) << store.status();
    world_.Fill(**store);
  }

  Ran Export() { return app_.Run({"export", "--store", url_, file_}); }
  Ran Verify(std::vector<std::string> more = {}) {
    std::vector<std::string> arguments = {"verify", file_};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return app_.Run(arguments);
  }
  Ran VerifyWithKey() {
    return Verify({"--operator-key", WriteKey(world_.operator_key().public_key())});
  }
  std::string WriteKey(const VerifyKey& key) {
    EXPECT_TRUE(SystemFiles().WriteAtomically(folder_ / "key.pem", key.ToPem(), 0600).ok());
    return folder_ / "key.pem";
  }
  // Flips a bit of the file.
  void Damage() {
    std::string bytes = *SystemFiles().Read(file_);
    bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 4);
    ASSERT_TRUE(SystemFiles().WriteAtomically(file_, bytes, 0600).ok());
  }

  TempFolder folder_;
  const std::string url_ = "sqlite:" + folder_ / "store.db";
  const std::string file_ = folder_ / "log.export";
  SignedWorld world_;
  AppUnderTest app_;
};

TEST_F(ExportCommandTest, WhatIsExportedCanBeVerified) {
  const Ran exported = Export();
  EXPECT_EQ(exported.exit_code, kExitOk) << exported.err;
  EXPECT_THAT(exported.out, AllOf(HasSubstr("44 records of 11 agents, 1 plans, 20 verdicts"),
                                  HasSubstr("Fingerprint "), HasSubstr("give it only to those")));
  EXPECT_THAT(exported.err, IsEmpty());
  struct stat info = {};
  ASSERT_EQ(stat(file_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);

  const Ran verified = VerifyWithKey();
  EXPECT_EQ(verified.exit_code, kExitOk) << verified.err << verified.out;
  EXPECT_THAT(verified.out,
              AllOf(HasSubstr("20 verdicts of 4 windows"), EndsWith("\neverything fits\n")));
  EXPECT_THAT(verified.err, IsEmpty());
  // The same fingerprint on both sides.
  const size_t at = exported.out.find("Fingerprint ") + 12;
  EXPECT_THAT(verified.out, HasSubstr("fingerprint " + exported.out.substr(at, 64)));
}

TEST_F(ExportCommandTest, TheOperatorsKeyIsCheckedWhenItIsGiven) {
  ASSERT_EQ(Export().exit_code, kExitOk);
  const Ran good = VerifyWithKey();
  EXPECT_EQ(good.exit_code, kExitOk) << good.err;
  EXPECT_THAT(good.out, AllOf(HasSubstr("plans: 1, checked with the operator's key "),
                              Not(HasSubstr("not checked"))));
  const Ran other = Verify({"--operator-key", WriteKey(SigningKey::Generate().public_key())});
  EXPECT_EQ(other.exit_code, kExitFailure);
  EXPECT_THAT(other.out,
              AllOf(HasSubstr("PLAN: plan 1 of 1: version 1"), HasSubstr("SOMETHING IS WRONG")));
  EXPECT_THAT(other.err, HasSubstr("1 thing does not fit"));
}

TEST_F(ExportCommandTest, WhatCouldNotBeComparedHasItsOwnExitCodeAndIsInTheLastLine) {
  ASSERT_EQ(Export().exit_code, kExitOk);
  const Ran ran = Verify();
  EXPECT_EQ(ran.exit_code, kExitPartial);
  EXPECT_THAT(ran.err, IsEmpty());
  EXPECT_THAT(ran.out,
              EndsWith("\nwhat was compared fits, but NOT EVERYTHING WAS COMPARED: 1 signatures of "
                       "plans, for want of the operator's key\n"));
  EXPECT_THAT(app_.Run({"verify", "--help"}).out, HasSubstr("  3  what was compared fits, but"));
  EXPECT_THAT(app_.Run({"--help"}).out, HasSubstr("3 (of verify)"));
}

TEST_F(ExportCommandTest, JsonIsTheReport) {
  ASSERT_EQ(Export().exit_code, kExitOk);
  const Ran ran = Verify({"--format", "json"});
  EXPECT_EQ(ran.exit_code, kExitPartial) << ran.err;
  internal::v1::ExportReport report;
  ASSERT_TRUE(google::protobuf::util::JsonStringToMessage(ran.out, &report).ok()) << ran.out;
  EXPECT_EQ(report.audit().result(), internal::v1::AUDIT_RESULT_PARTIAL);
  EXPECT_EQ(report.audit().verdicts_compared(), 20u);
  EXPECT_EQ(report.end().records(), 44u);
}

TEST_F(ExportCommandTest, AFileThatIsThereIsLeftAlone) {
  ASSERT_TRUE(SystemFiles().WriteAtomically(file_, "precious", 0600).ok());
  const Ran ran = Export();
  EXPECT_EQ(ran.exit_code, kExitFailure);
  EXPECT_THAT(ran.err, HasSubstr("log.export exists already"));
  EXPECT_EQ(*SystemFiles().Read(file_), "precious");
}

TEST_F(ExportCommandTest, ADamagedFileIsNamedWithItsPlace) {
  ASSERT_EQ(Export().exit_code, kExitOk);
  Damage();
  const Ran ran = Verify();
  EXPECT_EQ(ran.exit_code, kExitFailure);
  EXPECT_THAT(ran.out, IsEmpty());
  EXPECT_THAT(ran.err, AllOf(HasSubstr("log.export: the block at byte "),
                             HasSubstr("the checksum does not fit")));
}

TEST_F(ExportCommandTest, WrongUsageHasItsOwnExitCode) {
  EXPECT_EQ(app_.Run({"export"}).exit_code, kExitUsage);
  EXPECT_EQ(app_.Run({"export", "--store", url_}).exit_code, kExitUsage);
  EXPECT_EQ(app_.Run({"verify"}).exit_code, kExitUsage);
  EXPECT_EQ(Verify({"--format", "xml"}).exit_code, kExitUsage);
  const Ran ran = app_.Run({"export", "--store", url_, file_, "--retain", "72"});
  EXPECT_EQ(ran.exit_code, kExitUsage);
  EXPECT_THAT(ran.err, HasSubstr("\"72\" is no duration"));
  EXPECT_FALSE(std::filesystem::exists(file_));
}

TEST_F(ExportCommandTest, AStoreThatIsNotThereIsNotMade) {
  const Ran ran = app_.Run({"export", "--store", "sqlite:" + folder_ / "none.db", file_});
  EXPECT_EQ(ran.exit_code, kExitFailure);
  EXPECT_THAT(ran.err, HasSubstr("there is no file"));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "none.db"));
  EXPECT_FALSE(std::filesystem::exists(file_));
}

TEST_F(ExportCommandTest, OoniLinesOfAStoreAndOfItsExportAreTheSame) {
  const std::string lines = folder_ / "log.jsonl";
  const Ran ran = app_.Run({"export", "--as", "ooni", "--store", url_, lines, "--country", "CN"});
  EXPECT_EQ(ran.exit_code, kExitOk) << ran.err;
  EXPECT_THAT(ran.out, AllOf(HasSubstr("log.jsonl: 160 lines of 32 rounds\n"),
                             HasSubstr("give it only to those"), Not(HasSubstr("names them"))));
  struct stat info = {};
  ASSERT_EQ(stat(lines.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  ASSERT_EQ(Export().exit_code, kExitOk);
  const std::string again = folder_ / "again.jsonl";
  ASSERT_EQ(app_.Run({"export", "--as", "ooni", "--in", file_, again, "--country", "CN"}).exit_code,
            kExitOk);
  EXPECT_EQ(*SystemFiles().Read(again), *SystemFiles().Read(lines));
  const std::string named = folder_ / "named.jsonl";
  const Ran agents = app_.Run({"export", "--as", "ooni", "--in", file_, named, "--agents"});
  EXPECT_THAT(agents.out, AllOf(HasSubstr("220 lines of 44 rounds"), HasSubstr("and names them")));
}

TEST_F(ExportCommandTest, CellsOfAStoreAndOfItsExportAreTheSame) {
  const std::string cells = folder_ / "cells.csv";
  const Ran ran = app_.Run({"export", "--as", "cells-csv", "--store", url_, cells});
  EXPECT_EQ(ran.exit_code, kExitOk) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("rows of 20 verdicts\n"));
  ASSERT_EQ(Export().exit_code, kExitOk);
  const std::string again = folder_ / "again.csv";
  ASSERT_EQ(app_.Run({"export", "--as", "cells-csv", "--in", file_, again}).exit_code, kExitOk);
  EXPECT_EQ(*SystemFiles().Read(again), *SystemFiles().Read(cells));
  EXPECT_THAT(*SystemFiles().Read(cells),
              HasSubstr("\r\nCN,CN-BJ,,whatsapp,2024-04-06T00:00:00+00:00,3600,BLOCKED,0,4,"));
}

TEST_F(ExportCommandTest, FlagsThatDoNotBelongTogetherAreRefused) {
  const auto refused = [&](std::vector<std::string> more, const std::string& why) {
    std::vector<std::string> arguments = {"export", file_};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const Ran ran = app_.Run(arguments);
    EXPECT_EQ(ran.exit_code, kExitUsage) << why;
    EXPECT_THAT(ran.err, HasSubstr(why));
    EXPECT_FALSE(std::filesystem::exists(file_));
  };
  refused({}, "--store or --in");
  refused({"--in", "log.export"}, "--in: only with --as ooni or cells-csv");
  refused({"--as", "ooni", "--store", url_, "--in", "log.export"}, "--store excludes --in");
  refused({"--as", "xml", "--store", url_}, "--as: xml not in");
  refused({"--store", url_, "--since", "2024-04-06"}, "only with --as ooni or cells-csv");
  refused({"--as", "cells-csv", "--store", url_, "--agents"}, "--agents: only with --as ooni");
}

TEST_F(ExportCommandTest, WrongTimesAndCountriesLeaveNoFile) {
  const auto failed = [&](std::vector<std::string> more, const std::string& why) {
    std::vector<std::string> arguments = {"export", "--store", url_, file_};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const Ran ran = app_.Run(arguments);
    EXPECT_EQ(ran.exit_code, kExitFailure) << why;
    EXPECT_THAT(ran.err, HasSubstr(why));
    EXPECT_FALSE(std::filesystem::exists(file_));
  };
  failed({"--as", "ooni", "--since", "soon"}, "--since: \"soon\" is no time");
  failed({"--as", "ooni", "--until", "2024-04-06", "--since", "2024-04-06"},
         "--until: must be after --since");
  failed({"--as", "cells-csv", "--country", "US"}, "country: no plan has \"US\"");
}

class ProgressTest : public ::testing::Test {
 protected:
  // What is written while half of 1000 records take `steps` steps of 100 ms.
  std::string Shown(bool live, int steps) {
    std::ostringstream err;
    FakeClock clock(kTestNow);
    Terminal terminal;
    terminal.err = &err;
    terminal.clock = &clock;
    terminal.live = live;
    {
      Progress progress(terminal);
      for (int i = 0; i <= steps; ++i) {
        progress.Show("judging", "records", static_cast<uint64_t>(500 * i / steps), 1000);
        clock.Advance(absl::Milliseconds(100));
      }
    }
    return err.str();
  }
};

TEST_F(ProgressTest, OnATerminalOneLineIsDrawnAgainAndTakenAway) {
  EXPECT_EQ(Shown(true, 4),
            "\rjudging: 25 %, 1250 records/s\x1b[K\rjudging: 50 %, 1250 records/s\x1b[K\r\x1b[K");
}

TEST_F(ProgressTest, ElsewhereALineIsWrittenEveryFewSeconds) {
  EXPECT_EQ(Shown(false, 40), "");
  EXPECT_EQ(Shown(false, 100), "judging: 25 %, 50 records/s\njudging: 50 %, 50 records/s\n");
}

}  // namespace
}  // namespace sightline::cli
