#include "collector/feed_http.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "collector/atom_feed.h"
#include "collector/directory.h"
#include "common/crypto.h"

namespace sightline {
namespace {

constexpr size_t kTagBytes = 12;  // of a hash
constexpr size_t kHostBytesMax = 255;

HttpResponse Refused(int status, absl::string_view text) {
  return {status, "text/plain; charset=utf-8", absl::StrCat(text, "\n"), {}};
}

// The host as the caller names it; of anything but a plain name nothing is taken.
std::string HostOf(const HttpRequest& request) {
  const auto found = request.headers.find("host");
  const std::string host = found == request.headers.end() ? "" : found->second;
  const bool plain = std::all_of(host.begin(), host.end(), [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '.' || c == '-' || c == ':' ||
           c == '[' || c == ']';
  });
  return plain && !host.empty() && host.size() <= kHostBytesMax ? host : "localhost";
}

std::string TargetName(const v1::Plan& plan, const std::string& target_id) {
  for (const v1::Target& target : plan.targets()) {
    if (target.target_id() == target_id) return target.display_name();
  }
  return target_id;
}

HttpResponse Answer(const FeedHttpParts& parts, const HttpRequest& request) {
  absl::string_view country = request.path;
  const bool is_feed =
      absl::ConsumePrefix(&country, "/feed/") && absl::ConsumeSuffix(&country, ".atom");
  if (!is_feed) return Refused(404, "there are feeds such as /feed/CN.atom");
  const std::shared_ptr<const PlanVersion> plan = parts.plans.Current();
  if (plan == nullptr) return Refused(503, "the operator has published no plan yet");
  const std::string code(country);
  const auto entry = FindCountry(plan->plan, code);
  if (!entry.ok()) return Refused(404, entry.status().message());
  const absl::StatusOr<Chronicle::Events> events = parts.chronicle.EventsOf(code);
  if (!events.ok()) return Refused(503, events.status().message());
  FeedSource source;
  source.deployment = parts.deployment;
  source.base_url =
      parts.public_url.empty() ? absl::StrCat("http://", HostOf(request)) : parts.public_url;
  source.place_name = [&](const std::string& place) { return parts.regions.NameOf(place); };
  source.target_name = [&](const std::string& id) { return TargetName(plan->plan, id); };
  source.page_of = [&](const v1::Event& event) {
    return absl::StrCat("/#/", code, "/", event.target_id());
  };
  HttpResponse response;
  response.content_type = kAtomContentType;
  response.body = AtomFeed(code, **events, source, parts.clock.Now());
  const std::string tag = absl::BytesToHexString(Sha256(response.body).substr(0, kTagBytes));
  response.headers = {{"Cache-Control", "no-cache"}, {"ETag", absl::StrCat("\"", tag, "\"")}};
  if (!HasTag(request, tag)) return response;
  response.status = 304;
  response.body.clear();
  response.content_type.clear();
  return response;
}

}  // namespace

HttpHandler FeedHttpHandler(FeedHttpParts parts) {
  return [shared = std::make_shared<const FeedHttpParts>(std::move(parts))](
             const HttpRequest& request) { return Answer(*shared, request); };
}

}  // namespace sightline
