// Any text as the content of an XML element or attribute.
#ifndef SIGHTLINE_COLLECTOR_XML_TEXT_H_
#define SIGHTLINE_COLLECTOR_XML_TEXT_H_

#include <string>

#include "absl/strings/string_view.h"

namespace sightline {

// `text` with its five special characters escaped. Characters that XML 1.0 cannot hold, and bytes
// that are not UTF-8, become U+FFFD. Pure; thread-safe.
std::string XmlText(absl::string_view text);

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_XML_TEXT_H_
