// The dashboard inside the program: whole, and as the Content-Security-Policy wants it.
#include "collector/page/assets.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <map>
#include <set>
#include <string>

namespace sightline {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;
using ::testing::SizeIs;

// Empty when `bytes` is no gzip.
std::string Unpack(absl::string_view bytes) {
  z_stream stream = {};
  if (inflateInit2(&stream, 16 + MAX_WBITS) != Z_OK) return "";
  std::string text(1 << 20, '\0');
  std::string packed(bytes);
  stream.next_in = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_in = static_cast<uInt>(packed.size());
  stream.next_out = reinterpret_cast<Bytef*>(text.data());
  stream.avail_out = static_cast<uInt>(text.size());
  const int result = inflate(&stream, Z_FINISH);
  text.resize(stream.total_out);
  inflateEnd(&stream);
  return result == Z_STREAM_END ? text : "";
}

std::map<std::string, PageAsset> ByPath() {
  std::map<std::string, PageAsset> assets;
  for (const PageAsset& asset : PageAssets()) assets.emplace(asset.path, asset);
  return assets;
}

TEST(PageAssetsTest, EveryFileUnpacksAndHasItsOwnPathAndTag) {
  const auto assets = PageAssets();
  EXPECT_THAT(ByPath(), SizeIs(assets.size()));
  std::set<std::string> tags;
  std::string before;
  for (const PageAsset& asset : assets) {
    EXPECT_LT(before, asset.path) << "ordered by path";
    before = std::string(asset.path);
    EXPECT_NE(Unpack(asset.gzip_bytes), "") << asset.path;
    EXPECT_THAT(std::string(asset.etag), MatchesRegex("\"[0-9a-f]+\""));
    tags.insert(std::string(asset.etag));
  }
  EXPECT_THAT(tags, SizeIs(assets.size()));
}

TEST(PageAssetsTest, OnlyFilesWithAHashInTheirNameAreImmutable) {
  for (const PageAsset& asset : PageAssets()) {
    const std::string path(asset.path);
    if (asset.immutable) {
      EXPECT_THAT(path, MatchesRegex("/assets/[a-z]+-[A-Za-z0-9_-]+\\.[a-z]+"));
    } else {
      EXPECT_THAT(path, Not(HasSubstr("/assets/")));
    }
  }
  EXPECT_FALSE(ByPath().at("/index.html").immutable);
}

TEST(PageAssetsTest, TheFirstPageHasNothingInlineAndAllThatItAsksForIsThere) {
  const auto assets = ByPath();
  const PageAsset& index = assets.at("/index.html");
  EXPECT_EQ(index.content_type, "text/html; charset=utf-8");
  const std::string html = Unpack(index.gzip_bytes);
  EXPECT_THAT(html, Not(HasSubstr("<style")));
  EXPECT_THAT(html, Not(HasSubstr(" style=")));
  EXPECT_THAT(html, Not(HasSubstr("://")));
  int asked = 0;
  for (const std::string attribute : {"src=\"", "href=\""}) {
    for (size_t at = html.find(attribute); at != std::string::npos; at = html.find(attribute, at)) {
      at += attribute.size();
      const std::string path = html.substr(at, html.find('"', at) - at);
      EXPECT_EQ(assets.count(path), 1U) << path;
      ++asked;
    }
  }
  EXPECT_GE(asked, 3) << "script, style, icon";
  size_t scripts = 0;
  for (size_t at = html.find("<script"); at != std::string::npos;
       at = html.find("<script", at + 1)) {
    EXPECT_THAT(html.substr(at, html.find('>', at) - at), HasSubstr(" src="));
    ++scripts;
  }
  EXPECT_EQ(scripts, 1U);
}

TEST(PageAssetsTest, AllOfItIsAtMost100KilobytesPacked) {
  size_t bytes = 0;
  for (const PageAsset& asset : PageAssets()) bytes += asset.gzip_bytes.size();
  EXPECT_LE(bytes, 100U * 1024);
}

}  // namespace
}  // namespace sightline
