#include "collector/atom_feed.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdio>
#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "collector/xml_text.h"
#include "common/files.h"
#include "common/message.h"
#include "tests/common/temp_folder.h"

namespace sightline {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

const absl::Time kOnset = absl::FromUnixSeconds(1'712'534'400);  // 2024-04-08 00:00 UTC

google::protobuf::Timestamp At(int hours) { return ToProto(kOnset + absl::Hours(hours)); }

v1::Event Opening(const std::string& place = "CN-BJ") {
  v1::Event event;
  event.set_event_id(absl::StrCat("whatsapp.", place, ".opening.20240408T000000Z"));
  event.set_target_id("whatsapp");
  event.set_country("CN");
  event.set_region(place);
  event.set_kind(v1::EVENT_KIND_OPENING);
  *event.mutable_onset_time() = At(0);
  *event.mutable_detect_time() = At(2);
  event.set_end(v1::EVENT_END_ONGOING);
  event.set_windows_different(9);
  event.set_rate_mean(0.617);
  return event;
}

FeedSource Source() {
  FeedSource source;
  source.deployment = "the operator's key";
  source.base_url = "https://sightline.example";
  source.place_name = [](const std::string& code) {
    return code == "CN" ? "China" : code == "CN-BJ" ? "Beijing Shi" : code;
  };
  source.target_name = [](const std::string& id) { return id == "whatsapp" ? "WhatsApp" : id; };
  source.page_of = [](const v1::Event& event) {
    return absl::StrCat("/#/", event.country(), "/", event.target_id());
  };
  return source;
}

std::string Feed(const std::vector<v1::Event>& events, const FeedSource& source = Source()) {
  return AtomFeed("CN", events, source, kOnset);
}

struct ReadFeed {
  int status = -1;
  std::vector<std::string> lines;
};

// What another implementation makes of it.
ReadFeed ReadByPython(const std::string& feed) {
  const TempFolder folder;
  EXPECT_TRUE(SystemFiles().WriteAtomically(folder / "feed.atom", feed, 0600).ok());
  const std::string command =
      absl::StrCat("/usr/bin/python3 -B ", CHECK_FEED, " ", folder / "feed.atom", " 2>&1");
  FILE* const pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return {};
  std::string out;
  char chunk[4096];
  for (size_t read = 0; (read = fread(chunk, 1, sizeof(chunk), pipe)) > 0;) out.append(chunk, read);
  ReadFeed result;
  const int status = pclose(pipe);
  result.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  result.lines = absl::StrSplit(out, '\n', absl::SkipEmpty());
  return result;
}

TEST(AtomFeedTest, AnEventIsAnEntry) {
  v1::Event event = Opening();
  event.set_duration(v1::EVENT_DURATION_SUSTAINED);
  *event.mutable_sustained_time() = At(72);
  v1::EventAmendment& amendment = *event.add_amendments();
  *amendment.mutable_amend_time() = At(30);
  amendment.set_text("Its onset had been said to be an hour later.");
  EXPECT_EQ(Feed({event}), R"(<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom">
<id>urn:uuid:71c43255-c9f4-88b2-ac08-248e307fa3f3</id>
<title>Sightline: openings and closings in China</title>
<updated>2024-04-11T00:00:00Z</updated>
<author><name>Sightline</name></author>
<link rel="self" type="application/atom+xml" href="https://sightline.example/feed/CN.atom"/>
<link rel="alternate" type="text/html" href="https://sightline.example/"/>
<entry>
<id>urn:uuid:37fd6130-9e6f-8859-beb6-8e5efae640ff</id>
<title>WhatsApp: opening in Beijing Shi since 2024-04-08 00:00 UTC</title>
<updated>2024-04-11T00:00:00Z</updated>
<published>2024-04-08T02:00:00Z</published>
<link rel="alternate" type="text/html" href="https://sightline.example/#/CN/whatsapp"/>
<category term="whatsapp"/>
<summary>WhatsApp: The opening in Beijing Shi since 2024-04-08 00:00 UTC has lasted for 3 days. About 62% of origins have access. Amended on 2024-04-09 06:00 UTC: Its onset had been said to be an hour later.</summary>
</entry>
</feed>
)");
}

TEST(AtomFeedTest, AFeedWithoutEventsIsAFeed) {
  const std::string feed = Feed({});
  EXPECT_THAT(feed, HasSubstr("<updated>2024-04-08T00:00:00Z</updated>"));
  const ReadFeed read = ReadByPython(feed);
  EXPECT_EQ(read.status, 0) << ::testing::PrintToString(read.lines);
  EXPECT_THAT(read.lines, ElementsAre());
}

TEST(AtomFeedTest, IdsStayWhenAnEventGoesOnAndDifferBetweenPlacesAndDeployments) {
  const auto ids = [](const std::vector<v1::Event>& events, const FeedSource& source) {
    return ReadByPython(Feed(events, source)).lines;
  };
  v1::Event later = Opening();
  later.set_end(v1::EVENT_END_REVERSED);
  *later.mutable_end_time() = At(5);
  const std::vector<std::string> first = ids({Opening()}, Source());
  ASSERT_EQ(first.size(), 1u);
  FeedSource moved = Source();
  moved.base_url = "https://other.example";
  EXPECT_EQ(ids({later}, moved), first);
  EXPECT_NE(ids({Opening("CN-SH")}, Source()), first);
  FeedSource other = Source();
  other.deployment = "another operator's key";
  EXPECT_NE(ids({Opening()}, other), first);
}

TEST(AtomFeedTest, TheFiftyLastUpdatedComeNewestFirst) {
  std::vector<v1::Event> events;
  for (int i = 0; i < 60; ++i) {
    events.push_back(Opening(absl::StrCat("CN-", i)));
    *events.back().mutable_detect_time() = At(i % 30);
  }
  const std::string feed = Feed(events);
  const ReadFeed read = ReadByPython(feed);
  EXPECT_EQ(read.status, 0) << ::testing::PrintToString(read.lines);
  EXPECT_EQ(read.lines.size(), kFeedEntriesMax);
  // Two events an hour: those of the last 25 hours are in it.
  EXPECT_THAT(feed, AllOf(HasSubstr("in CN-5 since"), HasSubstr("in CN-59 since"),
                          Not(HasSubstr("in CN-4 since")), Not(HasSubstr("in CN-34 since"))));
  std::reverse(events.begin(), events.end());
  EXPECT_EQ(Feed(events), feed) << "their order changes nothing";
}

TEST(AtomFeedTest, EveryTimeAtWhichSomethingWasSaidCounts) {
  v1::Event event = Opening();
  EXPECT_EQ(UpdateTime(event), kOnset + absl::Hours(2));
  *event.mutable_end_time() = At(10);
  EXPECT_EQ(UpdateTime(event), kOnset + absl::Hours(10));
  *event.mutable_sustained_time() = At(72);
  EXPECT_EQ(UpdateTime(event), kOnset + absl::Hours(72));
  *event.mutable_long_run_time() = At(336);
  EXPECT_EQ(UpdateTime(event), kOnset + absl::Hours(336));
  *event.add_amendments()->mutable_amend_time() = At(400);
  *event.add_amendments()->mutable_amend_time() = At(350);
  EXPECT_EQ(UpdateTime(event), kOnset + absl::Hours(400));
}

TEST(AtomFeedTest, WhatIsOverOrTakenBackIsSaidToBe) {
  v1::Event over = Opening();
  over.set_end(v1::EVENT_END_REVERSED);
  *over.mutable_end_time() = At(4);
  EXPECT_THAT(Feed({over}), HasSubstr("since 2024-04-08 00:00 UTC ended at 2024-04-08 04:00 UTC. "
                                      "About 62% of origins had access while it lasted."));
  v1::Event closing = Opening();
  closing.set_kind(v1::EVENT_KIND_CLOSING);
  closing.clear_region();
  closing.set_asn(4134);
  closing.set_end(v1::EVENT_END_WITHDRAWN);
  EXPECT_THAT(Feed({closing}),
              AllOf(HasSubstr("<title>WhatsApp: taken back: closing in AS4134 since"),
                    HasSubstr("is taken back: late reports show that it never was.</summary>")));
}

TEST(AtomFeedTest, NamesMayHoldAnything) {
  const std::string odd = "]]></title>&amp;<b>\"'\x01\x0b\xff\xed\xa0\x80\xef\xbf\xbf \xe5\x8c\x97";
  FeedSource source = Source();
  source.place_name = source.target_name = [&](const std::string&) { return odd; };
  source.page_of = [&](const v1::Event&) { return "/" + odd; };
  v1::Event event = Opening();
  event.set_target_id("<x>&\"y\"");
  event.add_amendments()->set_text("<script>");
  const ReadFeed read = ReadByPython(Feed({event}, source));
  EXPECT_EQ(read.status, 0) << ::testing::PrintToString(read.lines);
  EXPECT_EQ(read.lines.size(), 1u);
}

TEST(AtomFeedTest, TheReaderFindsWhatIsWrong) {
  const auto problems = [](const std::string& what, const std::string& with) {
    std::string feed = Feed({Opening()});
    const size_t at = feed.find(what);
    EXPECT_NE(at, std::string::npos) << what;
    feed.replace(at, what.size(), with);
    const ReadFeed read = ReadByPython(feed);
    EXPECT_EQ(read.status, 1);
    return absl::StrJoin(read.lines, "\n");
  };
  EXPECT_THAT(problems("</feed>", ""), HasSubstr("ParseError"));
  EXPECT_THAT(problems("China", "\x01"), HasSubstr("ParseError"));
  EXPECT_THAT(problems("<author>", "<author><name/></author><!--"), HasSubstr("ParseError"));
  EXPECT_THAT(problems("<published>2024-04-08T", "<published>8 April "), HasSubstr("published is"));
  EXPECT_THAT(problems("<updated>2024", "<updated>2023"), HasSubstr("not that of the newest"));
}

TEST(XmlTextTest, WhatIsSpecialIsEscapedAndWhatCannotBeIsReplaced) {
  EXPECT_EQ(XmlText("a<b>&\"c'"), "a&lt;b&gt;&amp;&quot;c&#39;");
  EXPECT_EQ(XmlText("one\ttwo\r\nthree"), "one&#9;two&#13;&#10;three");
  EXPECT_EQ(XmlText("Beijing \xe5\x8c\x97\xe4\xba\xac \xf0\x9f\x93\xa1"),
            "Beijing \xe5\x8c\x97\xe4\xba\xac \xf0\x9f\x93\xa1");
  const std::string gone = "\xef\xbf\xbd";
  EXPECT_EQ(XmlText(absl::string_view("a\0b\x1f", 4)), absl::StrCat("a", gone, "b", gone));
  EXPECT_EQ(XmlText("\xef\xbf\xbe|\xef\xbf\xbf"), absl::StrCat(gone, "|", gone));
  EXPECT_EQ(XmlText("\xe5\x8c"), gone) << "cut off";
  EXPECT_EQ(XmlText(""), "");
}

}  // namespace
}  // namespace sightline
