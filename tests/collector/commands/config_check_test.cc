#include "collector/config_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "collector/geo_file.h"
#include "tests/collector/commands/serve_files.h"

namespace sightline {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(RedactStoreUrlTest, NoSecretIsShown) {
  EXPECT_EQ(RedactStoreUrl("sqlite:/var/lib/x.db"), "sqlite:/var/lib/x.db");
  EXPECT_EQ(RedactStoreUrl("postgresql:///sightline"), "postgresql:///sightline");
  EXPECT_EQ(RedactStoreUrl("postgresql://u@h:5432/d?sslmode=require"),
            "postgresql://u@h:5432/d?sslmode=require");
  EXPECT_EQ(RedactStoreUrl("postgres://u:s3cret@h/d"), "postgres://u:(hidden)@h/d");
  EXPECT_EQ(RedactStoreUrl("postgresql://u:s3@cr/et@h/d"), "postgresql://u:(hidden)@h/d");
  EXPECT_EQ(RedactStoreUrl("postgresql://h/d?password=s3cret&user=u"),
            "postgresql://h/d?password=(hidden)&user=u");
  EXPECT_EQ(RedactStoreUrl("postgresql://h/d?pass%77ord=s3cret"),
            "postgresql://h/d?pass%77ord=(hidden)");
  EXPECT_THAT(RedactStoreUrl("postgresql://u:s3cr?et@h/d"), Not(HasSubstr("s3cr")));
}

TEST(SettingsTextTest, HasALineForEachWithoutThePassword) {
  EXPECT_EQ(SettingsText({{"store", "postgresql://u:geheim@h/d", "x.toml:3"},
                          {"node", "n1", "default"},
                          {"http", "", "command line"}}),
            "store = postgresql://u:(hidden)@h/d  (x.toml:3)\n"
            "node  = n1  (default)\n"
            "http  = ''  (command line)\n");
}

TEST(CheckListenAddressTest, TakesHostAndPort) {
  for (const char* good : {"0.0.0.0:7443", "[::]:7443", "[::1]:0", "localhost:65535"}) {
    EXPECT_TRUE(CheckListenAddress("--listen", good).ok()) << good;
  }
  for (const char* bad : {"", "7443", ":7443", "::1:7443", "[]:7443", "0.0.0.0:", "0.0.0.0:x",
                          "0.0.0.0:65536", "0.0.0.0:-1"}) {
    const absl::Status status = CheckListenAddress("--listen", bad);
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << bad;
    EXPECT_THAT(std::string(status.message()), HasSubstr("--listen: "));
  }
}

TEST(GeoFileTest, ReloadTakesWhatCanBeUsedAndKeepsTheRest) {
  const TempFolder folder;
  const std::string path = folder / "geo.mmdb";
  EXPECT_FALSE(GeoFile::Open(path).ok());
  EXPECT_FALSE(GeoBuildTime(path).ok());
  WriteGeo(path);
  const auto geo = GeoFile::Open(path);
  ASSERT_TRUE(geo.ok()) << geo.status();
  EXPECT_LT(absl::AbsDuration(absl::Now() - *GeoBuildTime(path)), absl::Hours(1));
  EXPECT_EQ((*geo)->Locate("ipv4:192.0.2.1:443").country, "CN");
  // Another file of that name, as mv puts it there.
  ASSERT_TRUE(SystemFiles().WriteAtomically(path, "no database", 0600).ok());
  (*geo)->Reload();
  EXPECT_EQ((*geo)->Locate("ipv4:192.0.2.1:443").country, "CN");
  ASSERT_TRUE(SystemFiles().Remove(path).ok());
  WriteGeo(path, "198.51.100.0/24 DE 64501 Other");
  (*geo)->Reload();
  EXPECT_EQ((*geo)->Locate("ipv4:192.0.2.1:443").country, "");
  EXPECT_EQ((*geo)->Locate("ipv4:198.51.100.1:443").country, "DE");
}

}  // namespace
}  // namespace sightline
