// Manual pages made of a command line.
#include "common/flags/man_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sightline::flags {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class ManPageTest : public ::testing::Test {
 protected:
  ManPageTest() : app_("Does one thing.", "some-program") {
    CLI::App* serve = app_.add_subcommand("serve", "Serve until it is told to stop");
    serve->add_option("--listen", listen_, "Where")
        ->type_name("ADDRESS")
        ->envname("SOME_LISTEN")
        ->capture_default_str();
    serve->footer(
        "Example:\n  some-program serve --listen x\n.not a request\n'nor this\nback\\slash");
    CLI::App* plan = app_.add_subcommand("plan", "Plans");
    plan->add_subcommand("show", "Show a plan")->add_option("FILE", file_, "Which")->required();
    AddManPageCommand(app_, [] {});
  }

  std::string listen_ = "here";
  std::string file_;
  CLI::App app_;
};

TEST_F(ManPageTest, HasEveryCommandThatIsNotHidden) {
  const std::string page = ManPage(app_, "1.2.3");
  EXPECT_THAT(page, HasSubstr(".TH SOME\\-PROGRAM 1 \"\" \"Sightline 1.2.3\" \"Sightline\"\n"));
  EXPECT_THAT(page, HasSubstr(".SH NAME\nsome\\-program \\- Does one thing\n"));
  EXPECT_THAT(page, HasSubstr(".SS \"some\\-program serve\"\n"));
  EXPECT_THAT(page, HasSubstr("\\fBsome\\-program plan show\\fR \\fIFILE\\fR"));
  EXPECT_THAT(page, Not(HasSubstr("man\\-page")));
}

TEST_F(ManPageTest, SaysOfAFlagWhatItsDefaultAndItsVariableAre) {
  EXPECT_THAT(ManPage(app_, "1"),
              HasSubstr("\\fB\\-\\-listen\\fR \\fIADDRESS\\fR\nWhere (default: here; also "
                        "\\fBSOME_LISTEN\\fR)\n"));
}

TEST_F(ManPageTest, TakesNoTextForARequest) {
  const std::string page = ManPage(app_, "1");
  EXPECT_THAT(page, HasSubstr("\n\\&.not a request\n\\&'nor this\nback\\eslash\n"));
}

}  // namespace
}  // namespace sightline::flags
