// The lines of OONI's format, byte for byte. A failing test writes what it got to lines.jsonl in
// the folder for temporary files.
#include "collector/export/ooni_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "collector/export/ooni_names.h"
#include "common/files.h"
#include "common/message.h"
#include "tests/collector/export/ooni_schema.h"

namespace sightline {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class OoniLineTest : public ::testing::Test {
 protected:
  OoniLineTest() {
    Read("plan.txtpb", plan_);
    Read("round.txtpb", batch_);
    record_.agent_id = std::string(32, '\xa9');
    record_.country = "CN";
    record_.asn = 4134;
    record_.batch = "the bytes that were signed";
  }

  static std::string ReadFile(const std::string& name) {
    const auto bytes = SystemFiles().Read(std::string(OONI_FOLDER) + "/" + name);
    EXPECT_TRUE(bytes.ok()) << bytes.status();
    return bytes.ok() ? *bytes : "";
  }
  static void Read(const std::string& name, google::protobuf::Message& message) {
    const absl::Status parsed = ParseText(ReadFile(name), &message);
    EXPECT_TRUE(parsed.ok()) << parsed;
  }

  std::vector<std::string> Lines() {
    if (origins_.empty()) {
      origins_.assign(static_cast<size_t>(batch_.observations_size()), DetailOrigin::kOwn);
    }
    const PlanIndex index(plan_);
    return OoniLines({record_, batch_, origins_, index, agents_});
  }
  // The one line of a round that has only this check.
  std::string LineOf(const std::string& check_id) {
    google::protobuf::RepeatedPtrField<v1::Observation> all;
    all.Swap(batch_.mutable_observations());
    for (const v1::Observation& each : all) {
      if (each.check_id() == check_id) *batch_.add_observations() = each;
    }
    const std::vector<std::string> lines = Lines();
    EXPECT_EQ(lines.size(), 1u) << check_id;
    return lines.empty() ? "" : lines[0];
  }

  v1::Plan plan_;
  v1::Batch batch_;
  LogRecord record_;
  std::vector<DetailOrigin> origins_;
  bool agents_ = false;
};

TEST_F(OoniLineTest, EveryKindOfCheckHasTheLineThatIsWrittenDown) {
  const std::vector<std::string> lines = Lines();
  const std::string text = absl::StrJoin(lines, "\n") + "\n";
  const std::string golden = ReadFile("lines.jsonl");
  if (text != golden) {
    ASSERT_TRUE(SystemFiles().WriteAtomically(testing::TempDir() + "lines.jsonl", text, 0600).ok());
  }
  const std::vector<std::string> expected = absl::StrSplit(golden, '\n');
  ASSERT_EQ(lines.size() + 1, expected.size());
  for (size_t i = 0; i < lines.size(); ++i) EXPECT_EQ(lines[i], expected[i]) << "line " << i + 1;
}

TEST_F(OoniLineTest, EveryLineHasWhatTheFormatRequires) {
  for (const std::string& line : Lines()) EXPECT_EQ(OoniComplaints(line), "") << line;
}

TEST_F(OoniLineTest, TheSchemaFindsWhatIsMissing) {
  EXPECT_THAT(OoniComplaints("{"), HasSubstr("is no JSON"));
  EXPECT_THAT(OoniComplaints("[]"), HasSubstr("line is no object"));
  const std::string line = LineOf("tls");
  const auto without = [&](const std::string& what, const std::string& with) {
    std::string changed = line;
    const size_t at = changed.find(what);
    EXPECT_NE(at, std::string::npos) << what;
    changed.replace(at, what.size(), with);
    return OoniComplaints(changed);
  };
  EXPECT_THAT(without("\"test_name\"", "\"name\""), HasSubstr("line.test_name is missing"));
  EXPECT_THAT(without("\"AS4134\"", "\"4134\""), HasSubstr("probe_asn is \"4134\""));
  EXPECT_THAT(without("\"port\":443", "\"port\":\"443\""),
              HasSubstr("tcp_connect.port has another type"));
}

TEST_F(OoniLineTest, NoLineNamesItsAgentUnlessAsked) {
  for (const std::string& line : Lines()) {
    EXPECT_THAT(line, Not(HasSubstr("a9a9a9"))) << line;
    EXPECT_THAT(line, Not(HasSubstr("batch_seq"))) << line;
  }
  agents_ = true;
  for (const std::string& line : Lines()) {
    EXPECT_THAT(line, HasSubstr("\"sightline_agent\":\"a9a9a9a9"));
    EXPECT_THAT(line, HasSubstr("\"sightline_batch_seq\":\"12\""));
  }
}

TEST_F(OoniLineTest, DetailOfAnEarlierRoundHasNoTimes) {
  origins_.assign(static_cast<size_t>(batch_.observations_size()), DetailOrigin::kRepeated);
  for (const std::string& line : Lines()) {
    EXPECT_EQ(OoniComplaints(line), "") << line;
    EXPECT_THAT(line, HasSubstr("\"sightline_detail\":\"repeated\""));
    EXPECT_THAT(line, Not(HasSubstr("\"t0\":")));
    EXPECT_THAT(line, Not(HasSubstr("\"t\":")));
    EXPECT_THAT(line, Not(HasSubstr("body_sha256")));
    EXPECT_THAT(line, Not(HasSubstr("\"ttl\":1")));
  }
}

TEST_F(OoniLineTest, AnUnknownPlaceIsSaidToBeUnknown) {
  record_.country.clear();
  record_.asn = 0;
  const std::string line = LineOf("tcp");
  EXPECT_EQ(OoniComplaints(line), "");
  EXPECT_THAT(line, HasSubstr("\"probe_asn\":\"AS0\",\"probe_cc\":\"ZZ\""));
}

TEST_F(OoniLineTest, SignalsTestNeedsAllFourOfItsChecks) {
  const std::string line = LineOf("chat");
  EXPECT_THAT(line, HasSubstr("\"test_name\":\"urlgetter\""));
  EXPECT_THAT(line, HasSubstr("\"input\":\"https://chat.signal.org/\""));
}

TEST_F(OoniLineTest, SignalIsOkWhenAllFourAnswerAndNothingWhenThatIsNotCertain) {
  const auto status_with = [&](v1::LayerState tls) {
    for (v1::Observation& each : *batch_.mutable_observations()) {
      if (each.check_id() != "sfu") continue;
      each.mutable_layers()->set_tls(tls);
      if (tls == v1::LAYER_STATE_OK) each.clear_failure();
    }
    const std::string line = Lines().back();
    return boost::json::serialize(
        boost::json::parse(line).at("test_keys").at("signal_backend_status"));
  };
  EXPECT_EQ(status_with(v1::LAYER_STATE_BLOCKED), "\"blocked\"");
  EXPECT_EQ(status_with(v1::LAYER_STATE_TAINTED), "null");
  EXPECT_EQ(status_with(v1::LAYER_STATE_OK), "\"ok\"") << "503 of another one is an answer";
}

TEST(OoniNamesTest, HostsOfUrls) {
  EXPECT_EQ(HostOfUrl("https://www.whatsapp.com/a:b"), "www.whatsapp.com");
  EXPECT_EQ(HostOfUrl("http://example.org:8080?x"), "example.org");
  EXPECT_EQ(HostOfUrl("https://[2001:db8::7]:443/"), "2001:db8::7");
  EXPECT_EQ(EndpointText("2001:db8::7", 443), "[2001:db8::7]:443");
}

}  // namespace
}  // namespace sightline
