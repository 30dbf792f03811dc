#include "agent/probe/response.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace sightline::probe {
namespace {

using State = ResponseReader::State;

struct Outcome {
  State state;
  bool complete;
  uint32_t status;
  uint32_t body_bytes;
  bool found;
};

bool operator==(const Outcome& a, const Outcome& b) {
  return a.state == b.state && a.complete == b.complete && a.status == b.status &&
         a.body_bytes == b.body_bytes && a.found == b.found;
}

Outcome Read(const std::vector<std::string>& pieces) {
  PageReader page("needle");
  ResponseReader reader(&page);
  State state = State::kMore;
  for (const std::string& piece : pieces) state = reader.Feed(piece);
  const bool complete = reader.End();
  return {state, complete, reader.status(), page.body_bytes(), page.text_found()};
}

TEST(ResponseReaderTest, HoweverThePiecesFall) {
  const std::vector<std::pair<std::string, Outcome>> cases = {
      {"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nneedle", {State::kDone, true, 200, 6, true}},
      {"HTTP/1.1 200 OK\r\n\r\nneedle", {State::kMore, true, 200, 6, true}},
      {"HTTP/1.1 204 No\r\n\r\n", {State::kDone, true, 204, 0, false}},
      {"HTTP/1.0 404 No\r\nContent-Length: 9\r\n\r\nneedle", {State::kMore, false, 404, 6, true}},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x=y\r\nne\r\n4\r\nedle\r\n0\r\n"
       "Location: /trailer\r\n\r\n",
       {State::kDone, true, 200, 6, true}},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nneedle\r\n",
       {State::kMore, false, 200, 6, true}},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
       {State::kDone, true, 200, 0, false}},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nneedl",
       {State::kMore, false, 200, 5, false}},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n1\r\n",
       {State::kBroken, false, 200, 0, false}},
      {"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: "
       "6\r\n\r\nneedle",
       {State::kDone, true, 200, 6, true}},
      {"HTTP/1.1 103 Early Hints\r\n\r\n", {State::kMore, false, 0, 0, false}},
      {"HTTP/1.1 101 Switching\r\n\r\n", {State::kDone, true, 101, 0, false}},
      {"HTTP/1.1 200 OK\r\nContent-Le", {State::kMore, false, 0, 0, false}},
      {"SSH-2.0-OpenSSH_9.2\r\n\r\n", {State::kBroken, false, 0, 0, false}},
  };
  for (const auto& [bytes, outcome] : cases) {
    EXPECT_TRUE(Read({bytes}) == outcome) << bytes;
    for (size_t cut = 0; cut <= bytes.size(); ++cut) {
      EXPECT_TRUE(Read({bytes.substr(0, cut), bytes.substr(cut)}) == outcome) << bytes << cut;
    }
    std::vector<std::string> singly;
    for (const char c : bytes) singly.emplace_back(1, c);
    EXPECT_TRUE(Read(singly) == outcome) << bytes;
  }
}

TEST(ResponseReaderTest, NothingAtAll) {
  EXPECT_TRUE(Read({}) == (Outcome{State::kMore, false, 0, 0, false}));
  EXPECT_TRUE(Read({""}) == (Outcome{State::kMore, false, 0, 0, false}));
}

TEST(ResponseReaderTest, FieldsOfTheHeader) {
  PageReader page("");
  ResponseReader reader(&page);
  reader.Feed(
      "HTTP/1.1 103 Hints\r\nLocation: /early\r\nDate: Mon, 07 Nov 1994 08:49:37 GMT\r\n\r\n"
      "HTTP/1.1 302 Found\r\nLOCATION:  https://www.example.com/\xc3\xbc \r\nLocation: /second\r\n"
      "date: Sun, 06 Nov 1994 08:49:37 GMT\r\n");
  EXPECT_EQ(reader.location(), "") << "the header is not complete";
  reader.Feed("\r\n");
  EXPECT_EQ(reader.location(), "https://www.example.com/\xc3\xbc");
  EXPECT_EQ(PrintableLocation(reader.location()), "https://www.example.com/");
  EXPECT_EQ(reader.date_s(), 784111777);
}

TEST(ResponseReaderTest, NoServerMakesItKeepMuch) {
  const std::string filler(1024, 'x');
  for (const std::string begin :
       {"HTTP/1.1 200 OK\r\nX-Long: ", "HTTP/1.1 200 ",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: "}) {
    PageReader page("");
    ResponseReader reader(&page);
    State state = reader.Feed(begin);
    int pieces = 0;
    while (state == State::kMore && pieces < 100) {
      state = reader.Feed(filler);
      ++pieces;
    }
    EXPECT_EQ(state, State::kBroken) << begin;
    EXPECT_LE(pieces, 34) << begin;
  }
  std::string hints;
  for (int i = 0; i < 10; ++i) hints += "HTTP/1.1 103 Hints\r\n\r\n";
  EXPECT_EQ(Read({hints}).state, State::kBroken);
}

TEST(ResponseReaderTest, AFullPageIsEnough) {
  PageReader page("");
  ResponseReader reader(&page);
  EXPECT_EQ(reader.Feed("HTTP/1.1 200 OK\r\n\r\n"), State::kMore);
  EXPECT_EQ(reader.Feed(std::string(kBodyBytesMax - 1, 'x')), State::kMore);
  EXPECT_EQ(reader.Feed("xx"), State::kDone);
  EXPECT_TRUE(reader.End());
  EXPECT_EQ(page.body_bytes(), kBodyBytesMax);
}

TEST(ParseHttpDateTest, OnlyTheFormThatServersMustSend) {
  EXPECT_EQ(ParseHttpDate("Sun, 06 Nov 1994 08:49:37 GMT"), 784111777);
  EXPECT_EQ(ParseHttpDate("Wed, 25 Nov 2026 14:12:00 GMT"), 1795615920);
  for (const char* date : {"", "0", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994",
                           "Sun, 06 Nov 1994 08:49:37 UTC", "Sun, 06 Nov 1994 08:49:37 +00",
                           "Sun, 32 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 25:49:37 GMT",
                           "Wed, 25 Nov 1926 14:12:00 GMT"}) {
    EXPECT_EQ(ParseHttpDate(date), 0) << date;
  }
}

TEST(PrintableLocationTest, KeepsWhatAPersonCanRead) {
  EXPECT_EQ(PrintableLocation("/a b\r\n\x1b[0m\xc3\xbc"), "/a b[0m");
  EXPECT_EQ(PrintableLocation(std::string(600, 'x')).size(), 512U);
}

}  // namespace
}  // namespace sightline::probe
