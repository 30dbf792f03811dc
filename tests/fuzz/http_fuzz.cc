// A server's bytes through what HttpStep reads them with, in one piece and byte by byte, and its
// Location through the redirect rules.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "agent/probe/page.h"
#include "agent/probe/redirect.h"
#include "agent/probe/response.h"

namespace {

using sightline::probe::FollowLocation;
using sightline::probe::PageReader;
using sightline::probe::RedirectBase;
using sightline::probe::ResponseReader;
using State = ResponseReader::State;

void Require(bool ok) {
  if (!ok) std::abort();
}

void CheckPage(const PageReader& page) {
  const std::string title = page.Title();
  Require(title.size() <= sightline::probe::kTitleBytesMax);
  Require(sightline::probe::ToValidUtf8(title, title.size()) == title);
  Require(page.Sha256Prefix().empty() == (page.body_bytes() == 0));
}

void CheckLocation(absl::string_view location) {
  RedirectBase base;
  base.tls = true;
  base.host = "web.whatsapp.com";
  base.port = 443;
  base.path = "/a/b?c";
  for (int hop = 0; hop < 3; ++hop) {
    const auto target = FollowLocation(base, location);
    if (!target.has_value()) return;
    Require(!target->host.empty() && target->port != 0);
    Require(absl::StartsWith(target->path, "/"));
    Require(target->absolute_url.size() <= sightline::probe::kRedirectUrlBytesMax);
    for (const char c : target->absolute_url) Require(absl::ascii_isgraph(c) && c != '#');
    // What was resolved leads to itself.
    const auto again = FollowLocation(base, target->absolute_url);
    Require(again.has_value() && again->absolute_url == target->absolute_url);
    base = *target;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view bytes(reinterpret_cast<const char*>(data), size);
  PageReader whole_page("needle", "resultCount");
  ResponseReader whole(&whole_page);
  const State whole_state = whole.Feed(bytes);
  PageReader page("needle", "resultCount");
  ResponseReader reader(&page);
  State state = State::kMore;
  for (size_t i = 0; i < size && state == State::kMore; ++i)
    state = reader.Feed(bytes.substr(i, 1));

  // Nonsense that comes slowly is recognised later, perhaps not before the end.
  Require((state == State::kDone) == (whole_state == State::kDone));
  const bool complete = reader.End();
  Require(complete == whole.End());
  Require(reader.status() == whole.status() && reader.location() == whole.location());
  // The beginning of a chunk is held until it could be the last one.
  Require(page.body_bytes() <= whole_page.body_bytes());
  if (complete) {
    Require(page.body_bytes() == whole_page.body_bytes() && page.Title() == whole_page.Title());
    Require(page.Sha256Prefix() == whole_page.Sha256Prefix());
    Require(page.text_found() == whole_page.text_found());
    Require(page.Listed() == whole_page.Listed());
  }
  CheckPage(page);
  CheckLocation(reader.location());
  CheckLocation(bytes);
  PageReader raw_page("needle", "resultCount");
  raw_page.Feed(bytes);
  CheckPage(raw_page);
  return 0;
}
