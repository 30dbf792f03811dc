#include "agent/probe/redirect.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace sightline::probe {
namespace {

const RedirectBase kBase = [] {
  RedirectBase base;
  base.tls = true;
  base.host = "web.whatsapp.com";
  base.port = 443;
  base.path = "/a/b?q=1";
  return base;
}();

std::string UrlOf(absl::string_view location, const RedirectBase& base = kBase) {
  const auto target = FollowLocation(base, location);
  return target.has_value() ? target->absolute_url : "nowhere";
}

TEST(RedirectTest, ResolvesAgainstTheUrlThatWasAskedFor) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"https://www.example.com/x?y=z", "https://www.example.com/x?y=z"},
      {"HTTP://WWW.Example.COM", "http://www.example.com/"},
      {"http://www.example.com?q", "http://www.example.com/?q"},
      {"//www.example.com/path", "https://www.example.com/path"},
      {"/root", "https://web.whatsapp.com/root"},
      {"c", "https://web.whatsapp.com/a/c"},
      {"../up", "https://web.whatsapp.com/up"},
      {"../../../up", "https://web.whatsapp.com/up"},
      {"./", "https://web.whatsapp.com/a/"},
      {".", "https://web.whatsapp.com/a/"},
      {"..", "https://web.whatsapp.com/"},
      {"x/./y/../z//w?../v", "https://web.whatsapp.com/a/x/z//w?../v"},
      {"/..", "https://web.whatsapp.com/"},
      {"...", "https://web.whatsapp.com/a/..."},
      {"http://www.example.com/a/../b", "http://www.example.com/b"},
      {"?q", "https://web.whatsapp.com/a/b?q"},
      {"#frag", "https://web.whatsapp.com/a/b?q=1"},
      {"/x#frag?no", "https://web.whatsapp.com/x"},
      {"https://www.example.com:8443/", "https://www.example.com:8443/"},
      {"https://www.example.com:443/", "https://www.example.com/"},
      {"http://www.example.com:443/", "http://www.example.com:443/"},
      {"http://www.example.com:/", "http://www.example.com/"},
      {"http://192.0.2.1/", "http://192.0.2.1/"},
      {"http://[2001:DB8::1]:8080/", "http://[2001:db8::1]:8080/"},
      {"/\xc3\xbc|\"<>", "https://web.whatsapp.com/%C3%BC%7C%22%3C%3E"},
      {"/a%20b?c%2Fd", "https://web.whatsapp.com/a%20b?c%2Fd"},
      {"http://xn--bcher-kva.example/", "http://xn--bcher-kva.example/"},
      {"/redirect?to=http://user@other.example/",
       "https://web.whatsapp.com/redirect?to=http://"
       "user@other.example/"},
  };
  for (const auto& [location, url] : cases) EXPECT_EQ(UrlOf(location), url) << location;
}

TEST(RedirectTest, BrokenLocations) {
  std::vector<std::string> broken = {"",
                                     "//",
                                     "///",
                                     "////x",
                                     "http://",
                                     "https://",
                                     "http:///x",
                                     "https:///",
                                     "http:",
                                     "https:x",
                                     "http:/x",
                                     ":",
                                     "://",
                                     "//:80/",
                                     "http://?q",
                                     "mailto:a@example.com",
                                     "javascript:alert(1)",
                                     "data:text/html,x",
                                     "ftp://www.example.com/",
                                     "file:///etc/passwd",
                                     "ws://www.example.com/",
                                     "http://b\xc3\xbc"
                                     "cher.example/",
                                     "http://b%C3%BCcher.example/",
                                     "http://a%2eb/",
                                     "\\\\www.example.com\\",
                                     "/\\www.example.com",
                                     "http:\\\\www.example.com",
                                     "/a\\b",
                                     "/a b",
                                     " /a",
                                     "/a ",
                                     "http://www.example .com/",
                                     "/a\r\nHost: other",
                                     "/a\nb",
                                     "/a\tb",
                                     std::string("/a\0b", 4),
                                     "/a\x7f",
                                     "/%zz",
                                     "g:]",
                                     "?%",
                                     "http://[192.0.2.1]/",
                                     "http://www.example.com:+80/",
                                     "1:2",
                                     "a:b/c",
                                     "http://[/",
                                     "http://]/",
                                     "http://[2001:db8::1",
                                     "http://2001:db8::1]:80/",
                                     "http://:80@a.b/",
                                     "http://a%00.b/",
                                     "http://a[.b/",
                                     "http://www.example.com:000000000000000000080/x y",
                                     "/%",
                                     "http://[::1",
                                     "http://::1/",
                                     "http://[]/",
                                     "http://[fe80::1%25eth0]/",
                                     "http://[v1.x]/",
                                     "http://[2001:db8::1]x/",
                                     "http://www.example.com:0/",
                                     "http://www.example.com:99999/",
                                     "http://www.example.com:65536/",
                                     "http://www.example.com:-1/",
                                     "http://www.example.com:http/",
                                     "http://www.example.com:80:80/",
                                     "http://user@www.example.com/",
                                     "http://user:pw@www.example.com/",
                                     "http://@www.example.com/",
                                     "http://www.whatsapp.com@www.example.com/",
                                     "//user@www.example.com/",
                                     "http://a..b/",
                                     "http://.a/",
                                     "http://a./",
                                     "http://-a.b/",
                                     "http://a-.b/",
                                     "http://a!b/",
                                     "http://a$b/",
                                     "http://127.1/",
                                     "http://0x7f000001/",
                                     "http://2130706433/",
                                     "http://0x7f.1/",
                                     "http://256.1.1.1/",
                                     "http://1.2.3.4.5/",
                                     "http://" + std::string(64, 'a') + ".b/"};
  std::string name;
  for (int i = 0; i < 70; ++i) name += "abc.";
  broken.push_back("http://" + name + "example/");
  broken.push_back("/" + std::string(600, 'x'));
  broken.push_back("/" + std::string(100'000, '\xff'));
  for (const std::string& location : broken) {
    EXPECT_EQ(UrlOf(location), "nowhere") << location.substr(0, 80);
  }
}

TEST(RedirectTest, LengthOfTheAbsoluteUrlIsLimited) {
  const std::string origin = "https://web.whatsapp.com/";
  EXPECT_EQ(UrlOf("/" + std::string(512 - origin.size(), 'x')).size(), 512U);
  EXPECT_EQ(UrlOf("/" + std::string(513 - origin.size(), 'x')), "nowhere");
}

TEST(RedirectTest, PartsOfTheTarget) {
  const auto target = FollowLocation(kBase, "http://[2001:db8::1]/x?y#z");
  ASSERT_TRUE(target.has_value());
  EXPECT_FALSE(target->tls);
  EXPECT_EQ(target->host, "2001:db8::1");
  EXPECT_EQ(target->port, 80);
  EXPECT_EQ(target->path, "/x?y");
}

TEST(RedirectTest, ATargetIsTheBaseOfTheNextHop) {
  const auto first = FollowLocation(kBase, "http://[2001:db8::1]:8080/x/?y");
  ASSERT_TRUE(first.has_value());
  EXPECT_EQ(UrlOf("z", *first), "http://[2001:db8::1]:8080/x/z");
  EXPECT_EQ(UrlOf("//other.example", *first), "http://other.example/");
}

TEST(RedirectTest, APlanWithAnOddPathIsNotTheServersFault) {
  RedirectBase base = kBase;
  base.path = "/%zz";
  EXPECT_EQ(UrlOf("https://www.example.com/", base), "https://www.example.com/");
  EXPECT_EQ(UrlOf("x", base), "https://web.whatsapp.com/x");
  base.path = "";
  EXPECT_EQ(UrlOf("x", base), "https://web.whatsapp.com/x");
}

TEST(RedirectTest, Statuses) {
  for (const uint32_t status : {301, 302, 303, 307, 308}) EXPECT_TRUE(IsRedirect(status));
  for (const uint32_t status : {0, 200, 300, 304, 305, 306, 309, 400}) {
    EXPECT_FALSE(IsRedirect(status));
  }
}

}  // namespace
}  // namespace sightline::probe
