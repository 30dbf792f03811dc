#include "common/redact.h"

#include <gtest/gtest.h>

#include <chrono>

namespace sightline {
namespace {

TEST(RedactTest, AddressesGo) {
  const struct {
    const char* text;
    const char* redacted;
  } cases[] = {
      {"192.0.2.1", "(address)"},
      {"to 192.0.2.1:443 failed", "to (address) failed"},
      {"to 192.0.2.1: failed", "to (address): failed"},
      {"It was 192.0.2.1.", "It was (address)."},
      {"192.0.2.0/24, 198.51.100.7", "(address), (address)"},
      {"ipv4:192.0.2.1:50123", "ipv4:(address)"},
      {"host192.0.2.1", "host(address)"},
      {"ipv6:%5B2001:db8::1%5D:443", "ipv6:(address)"},
      {"ipv6:[2001:db8::1]:443 closed", "ipv6:(address) closed"},
      {"ipv6:2001:db8::1", "ipv6:(address)"},
      {"(::1), port 5432", "((address)), port 5432"},
      {"fe80::1%eth0 and fe80::2: no", "(address) and (address): no"},
      {"::ffff:192.0.2.1", "(address)"},
      {"2001:db8:0:0:0:0:0:1", "(address)"},
      {"2001:DB8::/48", "(address)"},
      {"from postgresql://me:secret@db.example:5432/x?a=b now", "from (url) now"},
      {"\"https://192.0.2.1/a\"", "\"(url)\""},
  };
  for (const auto& [text, redacted] : cases) EXPECT_EQ(RedactAddresses(text), redacted) << text;
}

TEST(RedactTest, OtherWordsStay) {
  for (const char* text :
       {"", "at 12:03:04", "2026-11-25T12:03:04Z", "version 1.58.0", "sightline::Follower::Poll",
        "std::byte", "dead::beefsteak", "::", "batch 5: the next must begin with 1", "1.2.3",
        "300.1.2.3.4", "00:11:22:33:44:55", "/var/run/postgresql/.s.PGSQL.5432", "CN-BJ", "50%"}) {
    EXPECT_EQ(RedactAddresses(text), text);
  }
}

TEST(RedactTest, LongTextTakesLinearTime) {
  const std::string colons(1 << 17, ':');
  std::string groups;
  while (groups.size() < (1 << 17)) groups += "1:";
  const auto start = std::chrono::steady_clock::now();
  RedactAddresses(colons);
  RedactAddresses(groups);
  // A quadratic scan takes minutes.
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(30));
}

}  // namespace
}  // namespace sightline
