#include "common/regions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sightline {
namespace {

TEST(RegionNamesTest, KnowsCountriesAndRegions) {
  const auto names = RegionNames::Load();
  ASSERT_TRUE(names.ok()) << names.status();
  EXPECT_TRUE(names->Knows("CN"));
  EXPECT_TRUE(names->Knows("CN-BJ"));
  EXPECT_FALSE(names->Knows("CN-ZZ"));
  EXPECT_EQ(names->NameOf("CN-BJ"), "Beijing Shi");
  EXPECT_EQ(names->NameOf("ZZ"), "ZZ");
  EXPECT_EQ(CountryOf("CN-BJ"), "CN");
  EXPECT_EQ(CountryOf("NL"), "NL");
}

TEST(RegionNamesTest, AMissingPackageIsNamed) {
  EXPECT_THAT(std::string(RegionNames::Load("/nonexistent").status().message()),
              ::testing::HasSubstr("install the package iso-codes"));
}

}  // namespace
}  // namespace sightline
