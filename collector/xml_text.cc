#include "collector/xml_text.h"

#include <boost/locale/utf.hpp>
#include <cstdint>

namespace sightline {
namespace {

constexpr absl::string_view kReplacement = "\xef\xbf\xbd";  // U+FFFD

// XML 1.0, production 2. No UTF-8 holds a surrogate.
bool IsXmlCharacter(uint32_t code) {
  if (code < 0x20) return code == '\t' || code == '\n' || code == '\r';
  return code != 0xFFFE && code != 0xFFFF && code <= 0x10FFFF;
}

absl::string_view Escaped(char character) {
  switch (character) {
    case '&':
      return "&amp;";
    case '<':
      return "&lt;";
    case '>':
      return "&gt;";
    case '"':
      return "&quot;";
    case '\'':
      return "&#39;";
    // As they are, a reader would make a blank or a line feed of them.
    case '\t':
      return "&#9;";
    case '\n':
      return "&#10;";
    case '\r':
      return "&#13;";
    default:
      return "";
  }
}

}  // namespace

std::string XmlText(absl::string_view text) {
  using Utf8 = boost::locale::utf::utf_traits<char>;
  std::string xml;
  xml.reserve(text.size());
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at != end) {
    const char* const begin = at;
    const uint32_t code = Utf8::decode(at, end);
    if (code == boost::locale::utf::illegal || code == boost::locale::utf::incomplete ||
        !IsXmlCharacter(code)) {
      xml.append(kReplacement.data(), kReplacement.size());
      continue;
    }
    const absl::string_view escaped = at - begin == 1 ? Escaped(*begin) : "";
    if (escaped.empty()) {
      xml.append(begin, at);
    } else {
      xml.append(escaped.data(), escaped.size());
    }
  }
  return xml;
}

}  // namespace sightline
