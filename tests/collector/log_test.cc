#include "collector/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <chrono>
#include <random>

#include "collector/log_limiter.h"

namespace sightline {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Optional;

std::string Event(LogFormat format, absl::string_view value) {
  return FormatEvent(format, LogLevel::kWarn, "intake", "refused", {{"detail", value}}, 0);
}

std::string Logfmt(absl::string_view value) { return Event(LogFormat::kLogfmt, value); }

TEST(LogTest, LogfmtQuotesWhatIsNoPlainWord) {
  constexpr char kStart[] = "level=warn part=intake event=refused ";
  const auto line = [&](absl::string_view rest) { return absl::StrCat(kStart, rest); };
  EXPECT_EQ(Logfmt("BAD_SIGNATURE"), line("detail=BAD_SIGNATURE"));
  EXPECT_EQ(Logfmt("two words"), line(R"(detail="two words")"));
  EXPECT_EQ(Logfmt(""), line(R"(detail="")"));
  EXPECT_EQ(Logfmt("a=b"), line(R"(detail="a=b")"));
  EXPECT_EQ(Logfmt("say \"x\" \\"), line(R"(detail="say \"x\" \\")"));
  EXPECT_EQ(Logfmt("a\nlevel=info"), line(R"(detail="a\nlevel=info")"));
  EXPECT_EQ(Logfmt("\x1b[31m\r"), line(R"(detail="\u001b[31m\r")"));
  // A right-to-left override, and a byte that begins no character.
  EXPECT_EQ(Logfmt("\xe2\x80\xae\xff"), line(R"(detail="\\xe2\\x80\\xae\\xff")"));
  EXPECT_EQ(FormatEvent(LogFormat::kLogfmt, LogLevel::kInfo, "p", "e", {{"batch", 5}}, 7),
            "level=info part=p event=e batch=5 suppressed=7");
}

TEST(LogTest, JsonIsOneObject) {
  EXPECT_EQ(Event(LogFormat::kJson, "say \"x\"\n"),
            R"("level":"warn","part":"intake","event":"refused","detail":"say \"x\"\n")");
}

TEST(LogTest, AddressesGoAndTheOperatorsOwnStay) {
  EXPECT_EQ(Logfmt("192.0.2.1:443"), "level=warn part=intake event=refused detail=\"(address)\"");
  EXPECT_EQ(FormatEvent(LogFormat::kLogfmt, LogLevel::kInfo, "collector", "listening",
                        {LogField::OwnAddress("listen", "0.0.0.0:7443")}, 0),
            "level=info part=collector event=listening listen=0.0.0.0:7443");
  // Not even the half of an address that lies where the value is cut.
  const std::string line = Logfmt(std::string(kLogValueMax - 12, 'x') + " 198.51.100.77");
  EXPECT_THAT(line, Not(HasSubstr("198")));
  const std::string much = "http://" + std::string(2 * kLogValueMax - 16, 'x') + " 198.51.100.77";
  EXPECT_THAT(Logfmt(much), Not(HasSubstr("198")));
}

TEST(LogTest, LongValuesAreCut) {
  const std::string line = Logfmt(std::string(1 << 20, 'x'));
  EXPECT_LT(line.size(), kLogValueMax + 100);
  EXPECT_THAT(line, EndsWith("xxx..."));
}

TEST(LogTest, NoBytesBreakOutOfAValue) {
  const unsigned seed = std::random_device()();
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  for (int i = 0; i < 2000; ++i) {
    std::string value;
    for (size_t n = random() % 40; n > 0; --n) {
      value += random() % 3 == 0 ? "\"\\=\n ,:{}"[random() % 9] : static_cast<char>(random());
    }
    boost::system::error_code error;
    const boost::json::value json =
        boost::json::parse("{" + Event(LogFormat::kJson, value) + "}", error);
    ASSERT_FALSE(error) << error.message();
    ASSERT_EQ(json.as_object().size(), 4u);
    const std::string line = Logfmt(value);
    const size_t at = line.find("detail=") + 7;
    if (line[at] == '"') {
      // The rest of the line is one JSON string.
      ASSERT_TRUE(boost::json::parse(line.substr(at), error).is_string()) << line;
      ASSERT_FALSE(error) << line;
    } else {
      ASSERT_EQ(line.find_first_of(" =\"\n", at), std::string::npos) << line;
    }
  }
}

TEST(LogTest, FormatIsChosenByName) {
  EXPECT_EQ(*ParseLogFormat("json"), LogFormat::kJson);
  EXPECT_EQ(*ParseLogFormat("logfmt"), LogFormat::kLogfmt);
  EXPECT_TRUE(absl::IsInvalidArgument(ParseLogFormat("xml").status()));
}

TEST(LogLimiterTest, ManyOfOneKindAreDroppedAndCounted) {
  LogLimiter limiter(3);
  const LogLimiter::Time start = std::chrono::steady_clock::now();
  for (int i = 0; i < 3; ++i) EXPECT_THAT(limiter.Admit("a", "x", start), Optional(0u));
  for (int i = 0; i < 5; ++i) EXPECT_EQ(limiter.Admit("a", "x", start), std::nullopt);
  EXPECT_THAT(limiter.Admit("a", "y", start), Optional(0u));
  EXPECT_THAT(limiter.Admit("a", "x", start + std::chrono::seconds(1)), Optional(5u));
  EXPECT_THAT(limiter.Admit("a", "x", start + std::chrono::seconds(1)), Optional(0u));
}

}  // namespace
}  // namespace sightline
