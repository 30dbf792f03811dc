// The operator's private key, and how another one takes its place.
#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "collector/cli/app.h"
#include "common/crypto.h"
#include "common/files.h"
#include "tests/collector/cli/run_app.h"
#include "tests/common/temp_folder.h"
#include "tests/common/test_plan.h"

namespace sightline::cli {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class OperatorKeyTest : public ::testing::Test {
 protected:
  std::string WritePlan(const v1::Plan& plan) {
    std::string text;
    google::protobuf::TextFormat::PrintToString(plan, &text);
    EXPECT_TRUE(SystemFiles().WriteAtomically(folder_ / "plan.txtpb", text, 0600).ok());
    return folder_ / "plan.txtpb";
  }
  std::string NewKey() {
    const std::string path = folder_ / "operator.pem";
    EXPECT_EQ(app_.Run({"keys", "new", "--out", path}).exit_code, kExitOk);
    return path;
  }

  TempFolder folder_;
  AppUnderTest app_{kTestNow + absl::Hours(1)};
};

TEST_F(OperatorKeyTest, KeyThatOthersMayReadSignsNothing) {
  const std::string key = NewKey();
  const std::string out = folder_ / "plan.signed";
  const std::vector<std::string> sign = {
      "plan", "sign", "--key", key, "--in", WritePlan(TestPlan()), "--out", out};
  for (const mode_t mode : {0640, 0604}) {
    ASSERT_EQ(chmod(key.c_str(), mode), 0);
    const Ran ran = app_.Run(sign);
    EXPECT_EQ(ran.exit_code, kExitFailure);
    EXPECT_THAT(ran.err, AllOf(HasSubstr(key), HasSubstr("chmod 600")));
    EXPECT_FALSE(SystemFiles().Read(out).ok());
  }
  ASSERT_EQ(chmod(key.c_str(), 0600), 0);
  EXPECT_EQ(app_.Run(sign).exit_code, kExitOk);
}

TEST_F(OperatorKeyTest, AlsoAcceptListsKeysForTheNextPlan) {
  const std::string key = NewKey();
  const std::string next = folder_ / "next.pem";
  ASSERT_EQ(app_.Run({"keys", "new", "--out", next}).exit_code, kExitOk);
  const std::string next_public = folder_ / "next.pub.pem";
  const std::string out = folder_ / "plan.signed";
  Ran ran = app_.Run({"plan", "sign", "--key", key, "--also-accept", next_public, "--in",
                      WritePlan(TestPlan(3)), "--out", out});
  ASSERT_EQ(ran.exit_code, kExitOk) << ran.err;
  v1::SignedPlan signed_plan;
  ASSERT_TRUE(signed_plan.ParseFromString(*SystemFiles().Read(out)));
  const VerifyKey old_key = *VerifyKey::FromPem(*SystemFiles().Read(folder_ / "operator.pub.pem"));
  const VerifyKey new_key = *VerifyKey::FromPem(*SystemFiles().Read(next_public));
  v1::Plan plan;
  ASSERT_TRUE(plan.ParseFromString(signed_plan.plan()));
  EXPECT_THAT(plan.operator_keys(), ElementsAre(old_key.raw(), new_key.raw()));

  const auto short_id = [](const VerifyKey& of) {
    return absl::BytesToHexString(of.Id()).substr(0, 16);
  };
  ran = app_.Run({"plan", "show", out, "--operator-key", folder_ / "operator.pub.pem"});
  EXPECT_EQ(ran.exit_code, kExitOk) << ran.err;
  EXPECT_THAT(ran.out,
              HasSubstr(absl::StrCat("by key ", short_id(old_key), " or ", short_id(new_key))));
  // A file that is no public key, and one too many.
  ran = app_.Run({"plan", "sign", "--key", key, "--also-accept", next, "--in",
                  WritePlan(TestPlan(3)), "--out", out});
  EXPECT_EQ(ran.exit_code, kExitFailure);
  EXPECT_THAT(ran.err, HasSubstr("holds no Ed25519 public key"));
}

}  // namespace
}  // namespace sightline::cli
