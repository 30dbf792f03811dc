// The files of the dashboard, as they were built, inside the program.
#ifndef SIGHTLINE_COLLECTOR_PAGE_ASSETS_H_
#define SIGHTLINE_COLLECTOR_PAGE_ASSETS_H_

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace sightline {

// One file. Everything lives as long as the program.
struct PageAsset {
  absl::string_view path;  // begins with '/', such as "/assets/index-Cq0b1Zx2.js"
  absl::string_view content_type;
  absl::string_view gzip_bytes;  // to be sent with Content-Encoding: gzip
  absl::string_view etag;        // with its quotes; another one whenever the bytes are others
  bool immutable;                // the name holds a hash of the content: may be kept for ever
};

// Every file, ordered by path. "/index.html" is the one to serve for "/". Thread-safe, cannot fail.
absl::Span<const PageAsset> PageAssets();

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_PAGE_ASSETS_H_
