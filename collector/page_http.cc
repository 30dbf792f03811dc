#include "collector/page_http.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "collector/gzip.h"

namespace sightline {
namespace {

constexpr absl::string_view kPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'";
// Of one file, for callers that do not take gzip.
constexpr size_t kPlainBytesMax = size_t{1} << 20;

HttpResponse Answer(const HttpRequest& request, const PageAsset& asset) {
  HttpResponse response;
  response.content_type = std::string(asset.content_type);
  response.headers = {
      {"Cache-Control", asset.immutable ? "public, max-age=31536000, immutable" : "no-cache"},
      {"ETag", std::string(asset.etag)},
      {"Vary", "Accept-Encoding"},
      {"Content-Security-Policy", std::string(kPolicy)},
      {"Referrer-Policy", "no-referrer"},
      {"Cross-Origin-Opener-Policy", "same-origin"}};
  if (HasTag(request, absl::StripSuffix(absl::StripPrefix(asset.etag, "\""), "\""))) {
    response.status = 304;
    response.content_type.clear();
    return response;
  }
  if (TakesGzip(request)) {
    response.headers.emplace_back("Content-Encoding", "gzip");
    response.body = std::string(asset.gzip_bytes);
    return response;
  }
  absl::StatusOr<std::string> plain = Gunzip(asset.gzip_bytes, kPlainBytesMax);
  if (!plain.ok()) return {500, "text/plain; charset=utf-8", "the page is damaged\n", {}};
  response.body = *std::move(plain);
  return response;
}

}  // namespace

HttpHandler PageHttpHandler(absl::Span<const PageAsset> assets) {
  return [assets](const HttpRequest& request) -> HttpResponse {
    const absl::string_view path =
        request.path == "/" ? absl::string_view("/index.html") : absl::string_view(request.path);
    const auto found = std::find_if(assets.begin(), assets.end(),
                                    [&](const PageAsset& asset) { return asset.path == path; });
    if (found != assets.end()) return Answer(request, *found);
    return {404, "text/plain; charset=utf-8", "there is no such page; the dashboard is at /\n", {}};
  };
}

}  // namespace sightline
