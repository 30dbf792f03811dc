#include "collector/page_http.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "collector/gzip.h"
#include "collector/site_http.h"

namespace sightline {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string Header(const HttpResponse& response, const std::string& name) {
  for (const auto& [key, value] : response.headers) {
    if (key == name) return value;
  }
  return "";
}

HttpResponse Get(const std::string& path, const std::map<std::string, std::string>& headers = {}) {
  return PageHttpHandler(PageAssets())({"GET", path, "", headers});
}

TEST(PageHttpTest, TheDashboardIsInTheProgram) {
  const HttpResponse page = Get("/");
  EXPECT_EQ(page.status, 200);
  EXPECT_THAT(page.content_type, HasSubstr("text/html"));
  EXPECT_THAT(page.body, HasSubstr("<!doctype html>"));
  const std::string policy = Header(page, "Content-Security-Policy");
  EXPECT_THAT(policy, HasSubstr("default-src 'none'"));
  EXPECT_THAT(policy, Not(HasSubstr("unsafe")));
  EXPECT_EQ(Header(page, "Cache-Control"), "no-cache");
}

TEST(PageHttpTest, NothingIsAskedOfAnotherHost) {
  for (const PageAsset& asset : PageAssets()) {
    if (!absl::StrContains(asset.content_type, "html") &&
        !absl::StrContains(asset.content_type, "css")) {
      continue;
    }
    const std::string text = *Gunzip(asset.gzip_bytes, 1 << 20);
    EXPECT_THAT(text, Not(HasSubstr("src=\"http"))) << asset.path;
    EXPECT_THAT(text, Not(HasSubstr("url(http"))) << asset.path;
    EXPECT_THAT(text, Not(HasSubstr("@import"))) << asset.path;
    EXPECT_THAT(text, Not(HasSubstr("style=\""))) << asset.path << ": the policy forbids it";
  }
}

TEST(PageHttpTest, EveryFileComesBothWays) {
  ASSERT_GE(PageAssets().size(), 3u);
  size_t first_load = 0;
  for (const PageAsset& asset : PageAssets()) {
    const std::string path(asset.path);
    const HttpResponse packed = Get(path, {{"accept-encoding", "gzip"}});
    EXPECT_EQ(Header(packed, "Content-Encoding"), "gzip");
    EXPECT_EQ(packed.body, asset.gzip_bytes);
    EXPECT_EQ(*Gunzip(packed.body, 1 << 20), Get(path).body);
    EXPECT_EQ(absl::StrContains(Header(packed, "Cache-Control"), "immutable"), asset.immutable);
    const HttpResponse again = Get(path, {{"if-none-match", Header(packed, "ETag")}});
    EXPECT_EQ(again.status, 304);
    EXPECT_EQ(again.body, "");
    first_load += packed.body.size();
  }
  EXPECT_LE(first_load, 100u * 1024) << "bytes of all files, compressed";
}

TEST(PageHttpTest, OtherPathsAreNotThere) {
  EXPECT_EQ(Get("/index.htm").status, 404);
  EXPECT_EQ(Get("/assets").status, 404);
  EXPECT_EQ(Get("").status, 404);
}

TEST(SiteHttpTest, EachPathHasItsHandler) {
  const auto named = [](const std::string& name) {
    return [name](const HttpRequest&) { return HttpResponse{200, "", name, {}}; };
  };
  const HttpHandler site =
      SiteHttpHandler({named("signals"), named("reader"), named("feed"), named("page")});
  const auto who = [&](const std::string& path) { return site({"GET", path, "", {}}).body; };
  EXPECT_EQ(who("/metrics"), "signals");
  EXPECT_EQ(who("/healthz"), "signals");
  EXPECT_EQ(who("/livez"), "signals");
  EXPECT_EQ(who("/api/v1/summary"), "reader");
  EXPECT_EQ(who("/feed/CN.atom"), "feed");
  EXPECT_EQ(who("/"), "page");
  EXPECT_EQ(who("/metrics2"), "page");
}

}  // namespace
}  // namespace sightline
